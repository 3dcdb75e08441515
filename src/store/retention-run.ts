/** A run of retention: takes overdue events out, range after range, until none is left or its time is up. */
import { sql } from 'drizzle-orm';
import { KINDS, type Kind } from '../event/event.ts';
import { timeOfKey } from '../event/time-key.ts';
import { retentionGroups, type RetentionDefaults, type RetentionGroup } from '../query/retention.ts';
import { MINUTE } from './counted.ts';
import type { Database } from './database.ts';
import {
  cutoffOf,
  dropPending,
  selectOverdue,
  takeOut,
  type Overdue,
  type RetentionStores,
  type Tier,
} from './retention-range.ts';
import { readPolicies } from './retention-policies.ts';

/** How long a run goes on, in milliseconds: a cron has 15 minutes, and D1 is needed by others too. */
const RUN_MILLISECONDS_MAX = 20_000;

/** Ranges that a run looks for: each takes up to five calls to D1, and one invocation may make 1,000. */
export const RUN_RANGES_MAX = 150;

/** How long a run that was cut off keeps the next ones out: less than the 15 minutes between them. */
const LEASE_MILLISECONDS = 14 * MINUTE;

/** Rows up to which a report counts what is left. */
const LEFT_ROWS_MAX = 10_000;

/** What one run did to a kind. */
export type RetentionReport = {
  readonly kind: Kind;
  readonly removed: number;
  /** Events whose payload was cleared. */
  readonly cleared: number;
  readonly archived: number;
  /** Overdue events that the run did not come to, counted up to 10,000 for each group of projects. */
  readonly left: number;
};

/** What a run works with. */
export type RetentionRun = RetentionStores & { readonly defaults: RetentionDefaults };

type Task = { readonly overdue: Overdue; after: number | null };

/**
 * Runs once. Groups take turns, a range each, so that none waits for another's backlog.
 * @param now epoch milliseconds by which events are overdue
 * @returns null when another run is at it
 * @throws StoreFailure when D1 fails, or what R2 throws; nothing is lost then, and the next run goes on
 */
export async function runRetention(
  { defaults, ...stores }: RetentionRun,
  now: number,
): Promise<readonly RetentionReport[] | null> {
  const { database, archive } = stores;
  if (!(await takeLease(database, now))) return null;
  await dropPending(database, archive);
  const groups = retentionGroups(await readPolicies(database), defaults);
  const sums = new Map(KINDS.map((kind) => [kind, { kind, removed: 0, cleared: 0, archived: 0, left: 0 }]));
  let tasks: readonly Task[] = tasksOf(groups, now);
  const deadline = Date.now() + RUN_MILLISECONDS_MAX;
  for (let ranges = 0; tasks.length > 0 && ranges < RUN_RANGES_MAX && Date.now() < deadline; ranges++) {
    const [task, ...others] = tasks as readonly [Task, ...Task[]];
    const { group, tier } = task.overdue;
    const { last, done, archived } = await takeOut(stores, task.overdue, task.after);
    const sum = sums.get(group.kind);
    if (sum !== undefined) {
      sum[tier === 'row' ? 'removed' : 'cleared'] += done;
      sum.archived += archived;
    }
    // What changed meanwhile is taken up again from where it was.
    if (done > 0) task.after = last;
    tasks = last === null ? others : [...others, task];
  }
  for (const { overdue, after } of tasks) {
    const sum = sums.get(overdue.group.kind);
    if (sum !== undefined) sum.left += await countLeft(database, overdue, after);
  }
  await database.transaction([sql`UPDATE retention_runs SET until = 0 WHERE id = 1`]);
  return [...sums.values()];
}

/** By how many seconds the oldest event of each kind is overdue. */
export async function readBacklog(
  database: Database,
  defaults: RetentionDefaults,
  now: number,
): Promise<Readonly<Record<Kind, number>>> {
  const seconds: Record<Kind, number> = { tool_call: 0, request: 0, server_log: 0 };
  for (const { overdue } of tasksOf(retentionGroups(await readPolicies(database), defaults), now)) {
    const { kind } = overdue.group;
    const { key, from, where } = await selectOverdue(database, overdue, null, { keysOnly: true });
    const [oldest] = await database.rows<{ key: number }>(
      sql`SELECT ${key} AS key FROM ${from} WHERE ${where} ORDER BY ${key} LIMIT 1`,
    );
    if (oldest === undefined) continue;
    seconds[kind] = Math.max(seconds[kind], Math.ceil((cutoffOf(overdue) - timeOfKey(oldest.key)) / 1000));
  }
  return seconds;
}

/** What there is to do, from another place on in each run, so that more groups than a run comes to all have their turn. */
function tasksOf(groups: readonly RetentionGroup[], now: number): readonly Task[] {
  const tiers: readonly Tier[] = ['row', 'payload'];
  const tasks = groups.flatMap((group) =>
    tiers
      .filter((tier) => tier === 'row' || group.payloadDays < group.rowDays)
      .map((tier): Task => ({ overdue: { group, tier, now }, after: null })),
  );
  const start = Math.floor(now / LEASE_MILLISECONDS) * RUN_RANGES_MAX;
  return tasks.map((_, place) => tasks[(start + place) % tasks.length] as Task);
}

async function takeLease(database: Database, now: number): Promise<boolean> {
  const until = now + LEASE_MILLISECONDS;
  const taken = await database.rows(sql`INSERT INTO retention_runs AS r (id, until) VALUES (1, ${until})
    ON CONFLICT (id) DO UPDATE SET until = excluded.until WHERE r.until <= ${now} RETURNING id`);
  return taken.length > 0;
}

async function countLeft(database: Database, overdue: Overdue, after: number | null): Promise<number> {
  const { from, where } = await selectOverdue(database, overdue, after, { keysOnly: true });
  const [counted] = await database.rows<{ n: number }>(
    sql`SELECT count(*) AS n FROM (SELECT 1 FROM ${from} WHERE ${where} LIMIT ${LEFT_ROWS_MAX})`,
  );
  return counted?.n ?? 0;
}
