/** The ways in: `POST /v1/events`, and raw lines for one server. */
import { Hono, type Context } from 'hono';
import { isUuid, normalizeServerId } from '../event/draft-schema.ts';
import type { Posted } from '../event/intake.ts';
import { parseLines } from '../event/lines.ts';
import { authenticate, type Carrier } from '../edge/authenticate.ts';
import { readBytes } from '../edge/body.ts';
import type { GateEnv } from '../edge/env.ts';
import { Problem } from '../edge/problem.ts';
import { deliveryOf, recognised } from './delivery.ts';
import { keep } from './keep.ts';
import { BODY_BYTES_MAX, postedEvents } from './posted.ts';

/** Where gatelog's own surface takes a credential from. */
export const OWN_CARRIERS: readonly Carrier[] = ['bearer', 'x-api-key', 'cookie'];

/** The routes of both. */
export const eventRoutes = new Hono<GateEnv>()
  .post('/v1/events', authenticate(OWN_CARRIERS, 'ingest'), async (context) => {
    const bytes = await readBytes(context.req.raw, BODY_BYTES_MAX);
    const delivery = deliveryOf(context, bytes);
    const isLines = /ndjson|jsonl|json-seq/i.test(context.req.header('content-type') ?? '');
    const posted = postedEvents(delivery.text, isLines, (body) => recognised(body, delivery));
    if (posted === null)
      throw new Problem('invalid_request', 'body: neither JSON nor one JSON object a line');
    return take(context, posted, bytes.byteLength);
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
      const bytes = await readBytes(context.req.raw, BODY_BYTES_MAX);
      const { text } = deliveryOf(context, bytes);
      const { isMetadataOnly } = context.var.credential;
      const fold = !['false', '0'].includes(context.req.query('fold') ?? '');
      const entries = parseLines(text.split('\n'), { receivedAt: Date.now(), fold });
      return take(
        context,
        entries.map(({ metadata, ...entry }) => ({
          // Fields that a line carries are its content, which some keys may not leave behind.
          body: {
            ...source,
            ...entry,
            ...(isMetadataOnly ? {} : { metadata }),
            level: entry.level ?? 'info',
          },
        })),
        bytes.byteLength,
      );
    },
  );

async function take(
  context: Context<GateEnv>,
  posted: readonly Posted[],
  bodyBytes: number,
): Promise<Response> {
  const receipt = await keep(context, posted, bodyBytes);
  return context.json(receipt, receipt.accepted === 0 && posted.length > 0 ? 400 : 202);
}
