/** Dead letters: listing, re-sending and dropping what D1 refused. All need `admin`. */
import { Hono, type Context } from 'hono';
import { authenticate } from '../edge/authenticate.ts';
import type { GateEnv } from '../edge/env.ts';
import { Problem } from '../edge/problem.ts';
import { formatTime } from '../event/time.ts';
import type { AuditRecord } from '../query/audit-log.ts';
import type { DeadLetter } from '../query/dead-letters.ts';
import { encodeNumberCursor } from '../query/number-cursor.ts';
import { OWN_CARRIERS } from './events.ts';
import { numberedPage, placeOf } from './numbered-pages.ts';

/** Letters of a page, where too many are asked for: each may be nearly two megabytes. */
const LIMIT_MAX = 200;

/** What the cursors of this list are called. */
const LIST = 'dead-letters';

/** `GET`, `POST …/resend` and `DELETE` of /v1/dead-letters. */
export const deadLetterRoutes = new Hono<GateEnv>()
  .get('/v1/dead-letters', authenticate(OWN_CARRIERS, 'admin'), numberedPage(LIMIT_MAX), async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const before = placeOf(LIST, cursor);
    const { deadLetters, credential } = context.var;
    const { letters, next } = await deadLetters.page(limit, before, credential.bounds);
    const reasons = await context.var.redact(letters.map(({ reason }) => reason));
    return context.json({
      dead_letters: letters.map((letter, place) => publicLetter(letter, reasons[place] ?? '')),
      next_cursor: next === null ? null : encodeNumberCursor(LIST, next),
    });
  })
  .post('/v1/dead-letters/:id/resend', authenticate(OWN_CARRIERS, 'admin'), async (context) => {
    const letter = await recorded(context, 'dead_letter.resent');
    const wait = ['true', '1'].includes(context.req.query('wait') ?? '');
    const { deadLetters, credential } = context.var;
    const resent = await deadLetters.resend(letter.number, credential.bounds, wait);
    if (resent.outcome === 'unknown') throw unknown();
    if (resent.outcome === 'behind') {
      const headers = { 'retry-after': String(resent.retryAfterSeconds) };
      throw new Problem('unavailable', 'the writer is behind; nothing was moved, try again', { headers });
    }
    return context.json({ id: String(letter.number), ...(wait ? { readable: resent.readable } : {}) }, 202);
  })
  .delete('/v1/dead-letters/:id', authenticate(OWN_CARRIERS, 'admin'), async (context) => {
    const letter = await recorded(context, 'dead_letter.dropped');
    const { deadLetters, credential } = context.var;
    if (!(await deadLetters.drop(letter.number, credential.bounds))) throw unknown();
    return context.body(null, 204);
  });

/** The letter of the path, after what is to be done with it was recorded: so nothing is ever done unrecorded. */
async function recorded(context: Context<GateEnv>, action: AuditRecord['action']): Promise<DeadLetter> {
  const { deadLetters, credential, audit } = context.var;
  const id = context.req.param('id') ?? '';
  const letter = /^[1-9]\d{0,15}$/.test(id) ? await deadLetters.find(Number(id), credential.bounds) : null;
  if (letter === null) throw unknown();
  const detail = { kind: letter.event.kind, event_id: letter.event.id };
  await audit.record({ actor: credential.id, action, target: id, detail });
  return letter;
}

function unknown(): Problem {
  return new Problem('not_found', 'no such dead letter');
}

function publicLetter(
  { number, parkedAt, bytes, event }: DeadLetter,
  reason: string,
): Record<string, unknown> {
  return {
    id: String(number),
    parked_at: formatTime(parkedAt),
    reason,
    kind: event.kind,
    bytes,
    event: {
      ...event,
      timestamp: formatTime(event.timestamp),
      created_at: formatTime(event.created_at),
    },
  };
}
