/** Handing posted events to the intake, and the bounds of one call that all doors share. */
import type { Context } from 'hono';
import { BOOKMARK_HEADER } from '../edge/bookmark.ts';
import type { GateEnv } from '../edge/env.ts';
import { Problem } from '../edge/problem.ts';
import type { Posted, Receipt } from '../event/intake.ts';
import { hashSecret } from '../edge/secret.ts';
import { seriesOf } from '../query/counts.ts';
import { EVENT_BYTES_MAX, EVENTS_MAX, oversizedEvent } from './posted.ts';

/** The longest `Idempotency-Key`, in characters. */
const IDEMPOTENCY_KEY_CHARACTERS_MAX = 255;

/**
 * Keeps what was posted, for the caller's credential and within its bounds.
 * @param bodyBytes the size of the body after unpacking
 * @throws Problem `payload_too_large`, `invalid_request`, or `unavailable` with `Retry-After`; nothing was kept then
 */
export async function keep(
  context: Context<GateEnv>,
  posted: readonly Posted[],
  bodyBytes: number,
): Promise<Receipt> {
  if (posted.length > EVENTS_MAX)
    throw tooLarge(context, posted, `events: ${posted.length} in one call; the limit is ${EVENTS_MAX}`);
  const oversized = oversizedEvent(posted, bodyBytes);
  if (oversized !== null)
    throw tooLarge(
      context,
      posted,
      `event ${oversized}: over ${EVENT_BYTES_MAX} bytes, the limit of one event`,
    );
  const idempotencyKey = context.req.header('idempotency-key') || null;
  if ((idempotencyKey?.length ?? 0) > IDEMPOTENCY_KEY_CHARACTERS_MAX)
    throw new Problem(
      'invalid_request',
      `idempotency-key: over ${IDEMPOTENCY_KEY_CHARACTERS_MAX} characters`,
    );
  const { id: credentialId, bounds, isMetadataOnly } = context.var.credential;
  const wait = ['true', '1'].includes(context.req.query('wait') ?? '');
  const result = await context.var.intake.take({
    posted,
    credentialId,
    bounds,
    isMetadataOnly,
    // Keys are compared and never shown, and nothing keeps a caller from making one of a credential. The bounds are
    // part of it, since tokens of one issuer and subject, or of none, may be bound to different projects.
    idempotencyKey:
      idempotencyKey === null ? null : await hashSecret(JSON.stringify([bounds, idempotencyKey])),
    wait,
  });
  switch (result.outcome) {
    case 'kept':
      context.set('judged', {
        accepted: result.receipt.accepted,
        rejected: result.receipt.rejected.length,
      });
      if (result.bookmark !== null) context.header(BOOKMARK_HEADER, result.bookmark);
      return result.receipt;
    case 'too_large':
      throw tooLarge(context, posted, result.detail);
    case 'behind': {
      const headers = { 'retry-after': String(result.retryAfterSeconds) };
      throw new Problem('unavailable', 'the writer is behind; nothing was kept, try again', { headers });
    }
  }
}

/** A call that is refused as a whole for its size, and counted as that. */
function tooLarge(context: Context<GateEnv>, posted: readonly Posted[], detail: string): Problem {
  context.var.writer.count({ [seriesOf('events_rejected', 'too_large')]: posted.length });
  return new Problem('payload_too_large', detail);
}
