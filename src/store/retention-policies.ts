/** What was set about retention, in D1: a row for each kind and project that has days of its own. */
import { sql } from 'drizzle-orm';
import { KINDS, type Kind } from '../event/event.ts';
import { RETENTION_PROJECTS_MAX, type RetentionPolicy } from '../query/retention.ts';
import { recordStatement } from './audit-log.ts';
import type { Database } from './database.ts';

/** One row for each kind, and those of its projects. */
const POLICIES_MAX = KINDS.length * (RETENTION_PROJECTS_MAX + 1);

/** All that was set, a kind's own first and then its projects by name. */
export async function readPolicies(database: Database): Promise<readonly RetentionPolicy[]> {
  const rows = await database.rows<RetentionPolicy & { kind: Kind; project_id: string }>(
    sql`SELECT kind, project_id, payload_days, row_days FROM retention ORDER BY kind, project_id LIMIT ${POLICIES_MAX}`,
  );
  // '' stands for all projects: NULLs would never be equal in the primary key.
  return rows.map(({ kind, project_id, payload_days, row_days }) => ({
    kind,
    project_id: project_id === '' ? null : project_id,
    payload_days,
    row_days,
  }));
}

/** See `RetentionStore.set`. A policy that leaves everything open is none, and its row goes. */
export async function setPolicy(
  database: Database,
  policy: RetentionPolicy,
  now: number,
  actor: string,
): Promise<boolean> {
  const { kind, payload_days, row_days } = policy;
  const project = policy.project_id ?? '';
  const isOpen = payload_days === null && row_days === null;
  const others = sql`(SELECT count(*) FROM retention WHERE kind = ${kind} AND project_id NOT IN ('', ${project}))`;
  const hasRoom =
    project === '' || isOpen ? sql`true` : sql`${others} < CAST(${RETENTION_PROJECTS_MAX} AS INTEGER)`;
  const detail = { kind, project_id: policy.project_id, payload_days, row_days };
  const change = isOpen
    ? sql`DELETE FROM retention WHERE kind = ${kind} AND project_id = ${project}`
    : sql`INSERT INTO retention (kind, project_id, payload_days, row_days)
        SELECT ${kind}, ${project}, ${payload_days}, ${row_days} WHERE ${hasRoom}
        ON CONFLICT (kind, project_id) DO UPDATE SET payload_days = excluded.payload_days, row_days = excluded.row_days
        RETURNING kind`;
  const changed = await database.transaction([
    recordStatement({ actor, action: 'retention.changed', target: policy.project_id, detail }, now, hasRoom),
    change,
  ]);
  return isOpen || changed.length > 0;
}
