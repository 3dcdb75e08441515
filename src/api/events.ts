/** The ways in: `POST /v1/events`, and raw lines for one server. */
import { Hono, type Context } from 'hono';
import { isUuid, normalizeServerId } from '../event/draft-schema.ts';
import type { Posted } from '../event/intake.ts';
import { authenticate, type Carrier } from '../edge/authenticate.ts';
import { BOOKMARK_HEADER } from '../edge/bookmark.ts';
import { readText } from '../edge/body.ts';
import type { GateEnv } from '../edge/env.ts';
import { Problem } from '../edge/problem.ts';
import { BODY_BYTES_MAX, EVENT_BYTES_MAX, EVENTS_MAX, oversizedEvent, postedEvents } from './posted.ts';

/** The longest `Idempotency-Key`, in characters. */
const IDEMPOTENCY_KEY_CHARACTERS_MAX = 255;

/** Where gatelog's own surface takes a credential from. */
export const OWN_CARRIERS: readonly Carrier[] = ['bearer', 'x-api-key', 'cookie'];

/** The routes of both. */
export const eventRoutes = new Hono<GateEnv>()
  .post('/v1/events', authenticate(OWN_CARRIERS, 'ingest'), async (context) => {
    const text = await readText(context.req.raw, BODY_BYTES_MAX);
    const isLines = /ndjson|jsonl|json-seq/i.test(context.req.header('content-type') ?? '');
    const posted = postedEvents(text, isLines);
    if (posted === null)
      throw new Problem('invalid_request', 'body: neither JSON nor one JSON object a line');
    return take(context, posted, text.length);
  })
  .post(
    '/v1/workspaces/:workspace_id/servers/:server_id{.+}/logs',
    authenticate(OWN_CARRIERS, 'ingest'),
    async (context) => {
      const { workspace_id, server_id } = context.req.param();
      if (!isUuid(workspace_id)) throw new Problem('not_found', `Workspace ${workspace_id} not found`);
      const source = {
        type: 'server_log',
        workspace_id,
        server_id: normalizeServerId(server_id),
        pod_name: context.req.query('pod_name') || null,
        container_name: context.req.query('container_name') || null,
      };
      const text = await readText(context.req.raw, BODY_BYTES_MAX);
      const lines = text.split('\n').filter((line) => line.trim() !== '');
      return take(
        context,
        lines.map((line) => ({ body: { ...source, line } })),
        text.length,
      );
    },
  );

async function take(
  context: Context<GateEnv>,
  posted: readonly Posted[],
  bodyBytes: number,
): Promise<Response> {
  if (posted.length > EVENTS_MAX)
    throw new Problem(
      'payload_too_large',
      `events: ${posted.length} in one call; the limit is ${EVENTS_MAX}`,
    );
  const oversized = oversizedEvent(posted, bodyBytes);
  if (oversized !== null)
    throw new Problem(
      'payload_too_large',
      `event ${oversized}: over ${EVENT_BYTES_MAX} bytes, the limit of one event`,
    );
  const idempotencyKey = context.req.header('idempotency-key') || null;
  if ((idempotencyKey?.length ?? 0) > IDEMPOTENCY_KEY_CHARACTERS_MAX)
    throw new Problem(
      'invalid_request',
      `idempotency-key: over ${IDEMPOTENCY_KEY_CHARACTERS_MAX} characters`,
    );
  const { id, bounds } = context.var.credential;
  const wait = ['true', '1'].includes(context.req.query('wait') ?? '');
  const result = await context.var.intake.take({ posted, credentialId: id, bounds, idempotencyKey, wait });
  switch (result.outcome) {
    case 'kept':
      if (result.bookmark !== null) context.header(BOOKMARK_HEADER, result.bookmark);
      return context.json(result.receipt, result.receipt.accepted === 0 && posted.length > 0 ? 400 : 202);
    case 'too_large':
      throw new Problem('payload_too_large', result.detail);
    case 'behind': {
      const headers = { 'retry-after': String(result.retryAfterSeconds) };
      throw new Problem('unavailable', 'the writer is behind; nothing was kept, try again', { headers });
    }
  }
}
