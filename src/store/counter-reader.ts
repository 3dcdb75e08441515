/** Sums from the counters: what a plan tells over ranges of spans, in whole, by value and by time. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import type { BucketTotals, Totals, ValueTotals } from '../query/event-reader.ts';
import { MINUTE } from './counted.ts';
import type { CounterPlan, CounterRange, Outcomes } from './counter-plan.ts';
import type { Database } from './database.ts';

/** Values of one dimension that are looked at in turn: as many as a deployment of thousands of tools has. */
export const VALUES_MAX = 10_000;

/** The sums of a plan over some ranges. */
export async function countTotals(
  database: Database,
  plan: CounterPlan,
  ranges: readonly CounterRange[],
): Promise<Totals | undefined> {
  const rows = await database.rows<Totals>(sql`SELECT ${sums(plan.outcomes)} FROM ${counted(plan, ranges)}`);
  return rows[0];
}

/** The sums for each bucket that holds anything; `bucketMilliseconds` is a multiple of every range's span. */
export function countByTime(
  database: Database,
  plan: CounterPlan,
  ranges: readonly CounterRange[],
  bucketMilliseconds: number,
): Promise<readonly BucketTotals[]> {
  const bucket = sql.raw(String(bucketMilliseconds / MINUTE));
  return database.rows<BucketTotals>(sql`SELECT * FROM (
      SELECT c.start / ${bucket} * ${bucket} * ${sql.raw(String(MINUTE))} AS start, ${sums(plan.outcomes)}
      FROM ${counted(plan, ranges)} GROUP BY 1
    ) WHERE total > 0 ORDER BY start`);
}

/**
 * The sums for each value of a dimension, the most frequent first; null stands for the events without one.
 * @param values the wanted values; null for all, of which there may be `VALUES_MAX`
 */
export function countByValue(
  database: Database,
  plan: {
    readonly kind: Kind;
    readonly dimension: string;
    readonly values: readonly string[] | null;
    readonly outcomes: Outcomes;
  },
  ranges: readonly CounterRange[],
): Promise<readonly ValueTotals[]> {
  const { kind, dimension, values, outcomes } = plan;
  const wanted = values === null ? everyValue(kind, dimension) : listed(values);
  const all = { kind, dimension: '', values: [''], outcomes };
  const without =
    values === null
      ? sql`UNION ALL SELECT NULL, NULL, ${sql.raw(NAMES.map((name) => `a.${name} - (SELECT coalesce(sum(${name}), 0) FROM byValue)`).join(', '))}
          FROM (SELECT ${sums(outcomes)} FROM ${counted(all, ranges)}) a`
      : sql``;
  return database.rows<ValueTotals>(sql`WITH RECURSIVE wanted (value) AS (${wanted}), byValue AS MATERIALIZED (
      SELECT c.value AS value, 
        min(CASE WHEN c.total > 0 THEN c.start END) * ${sql.raw(String(MINUTE))} AS earliest, ${sums(outcomes)} FROM ${rangeTable(ranges)} CROSS JOIN wanted w
        CROSS JOIN counters c ON ${matching(kind, dimension, sql`w.value`)} GROUP BY c.value
    ), both AS (SELECT value, earliest, ${sql.raw(NAMES.join(', '))} FROM byValue ${without})
    SELECT * FROM both WHERE total > 0 ORDER BY total DESC, value`);
}

const NAMES = ['total', 'success', 'error', 'latencyCount', 'latencySum', 'cost'] as const;

/** The sums over counters of alias `c`, as far as the outcomes are wanted. */
function sums({ success, error, processing }: Outcomes): SQL {
  const part = (name: string): string =>
    [...(success ? [`c.success${name}`] : []), ...(error ? [`c.error${name}`] : [])].join(' + ') || '0';
  const total = [part(''), ...(processing ? ['c.total - c.success - c.error'] : [])].join(' + ');
  return sql.raw(
    `coalesce(sum(${total}), 0) AS total, coalesce(sum(${success ? 'c.success' : '0'}), 0) AS success,
    coalesce(sum(${error ? 'c.error' : '0'}), 0) AS error, coalesce(sum(${part('_latency_count')}), 0) AS latencyCount,
    total(${part('_latency_sum')}) AS latencySum, total(${part('_cost')}) AS cost`,
  );
}

/** The counters of a plan as `c`; every row is found by the whole primary key. */
function counted(plan: CounterPlan, ranges: readonly CounterRange[]): SQL {
  return sql`${rangeTable(ranges)} CROSS JOIN json_each(${JSON.stringify(plan.values)}) w
    CROSS JOIN counters c ON ${matching(plan.kind, plan.dimension, sql`w.value`)}`;
}

function rangeTable(ranges: readonly CounterRange[]): SQL {
  return sql`json_each(${JSON.stringify(ranges.map(({ span, from, until }) => [span, from, until]))}) r`;
}

function matching(kind: Kind, dimension: string, value: SQL): SQL {
  return sql`c.kind = ${kind} AND c.dimension = ${dimension} AND c.value = ${value} AND c.span = r.value ->> 0
    AND c.start >= r.value ->> 1 AND c.start < r.value ->> 2`;
}

function listed(values: readonly string[]): SQL {
  return sql`SELECT value FROM json_each(${JSON.stringify(values)})`;
}

/** Hops from value to value through the key, instead of reading every span of each. */
export function everyValue(kind: Kind, dimension: string): SQL {
  const next = (after: SQL): SQL =>
    sql`SELECT min(value) FROM counters WHERE kind = ${kind} AND dimension = ${dimension} ${after}`;
  return sql`${next(sql``)} UNION ALL SELECT (${next(sql`AND value > wanted.value`)}) FROM wanted
    WHERE wanted.value IS NOT NULL LIMIT ${VALUES_MAX}`;
}
