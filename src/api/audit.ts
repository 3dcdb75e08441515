/** The audit log's route: who changed what about the store itself, the newest first. */
import { Hono } from 'hono';
import { authenticate } from '../edge/authenticate.ts';
import type { GateEnv } from '../edge/env.ts';
import { Problem } from '../edge/problem.ts';
import { formatTime } from '../event/time.ts';
import type { AuditEntry } from '../query/audit-log.ts';
import { isBounded } from '../query/bounds.ts';
import { encodeNumberCursor } from '../query/number-cursor.ts';
import { OWN_CARRIERS } from './events.ts';
import { numberedPage, placeOf } from './numbered-pages.ts';

/** Entries of a page, where too many are asked for. */
const LIMIT_MAX = 1000;

/** What the cursors of this list are called. */
const LIST = 'audit';

/** `GET /v1/audit`; it needs `admin` without bounds, since entries tell of all projects. */
export const auditRoutes = new Hono<GateEnv>().get(
  '/v1/audit',
  authenticate(OWN_CARRIERS, 'admin'),
  numberedPage(LIMIT_MAX),
  async (context) => {
    const { audit, credential } = context.var;
    if (isBounded(credential.bounds))
      throw new Problem('forbidden', 'the audit log tells of all projects; read it with an unbounded key');
    const { limit, cursor } = context.req.valid('query');
    const entries = await audit.page(limit + 1, placeOf(LIST, cursor));
    const shown = entries.slice(0, limit);
    const last = shown.at(-1);
    const nextCursor =
      entries.length > limit && last !== undefined ? encodeNumberCursor(LIST, last.number) : null;
    return context.json({ entries: shown.map(publicEntry), next_cursor: nextCursor });
  },
);

function publicEntry(entry: AuditEntry): Record<string, unknown> {
  return { ...entry, at: formatTime(entry.at) };
}
