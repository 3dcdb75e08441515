/** Totals: from the counters as far as they reach, and from the rows for the rest; exact either way. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import { SLOT_BITS, TIME_KEY_EPOCH } from '../event/time-key.ts';
import type { BucketTotals, Totals, ValueTotals } from '../query/event-reader.ts';
import type { TimeRange } from '../query/filter.ts';
import type { Question } from '../query/query.ts';
import { MINUTE, SPANS } from './counted.ts';
import { finestSpan, isCounted, planOf, splitTime } from './counter-plan.ts';
import { countByTime, countByValue, countTotals, VALUES_MAX } from './counter-reader.ts';
import type { Database } from './database.ts';
import { OUTCOME } from './outcome.ts';
import { select } from './selection.ts';

/** The time of a row of alias `t`, in epoch milliseconds. */
const TIME = sql.raw(`((t.seq >> ${SLOT_BITS}) + ${TIME_KEY_EPOCH})`);

const NOTHING: Totals = { total: 0, success: 0, error: 0, latencyCount: 0, latencySum: 0, cost: 0 };

/** The sums over everything that a question selects. */
export async function readTotals(database: Database, question: Question): Promise<Totals> {
  const plan = planOf(question);
  if (plan === null) return rowTotals(database, question);
  const { ranges, edges } = splitTime(question.filter.time, finestSpan(plan.dimension));
  const parts = await Promise.all([
    ranges.length === 0 ? NOTHING : countTotals(database, plan, ranges),
    ...edges.map((edge) => rowTotals(database, during(question, edge))),
  ]);
  return parts.reduce<Totals>((sum, part) => add(sum, part ?? NOTHING), NOTHING);
}

/** How many events a question selects. */
export async function countEvents(database: Database, question: Question): Promise<number> {
  if (planOf(question) !== null) return (await readTotals(database, question)).total;
  const { from, where } = await select(database, question, { keysOnly: true });
  const rows = await database.rows<{ n: number }>(sql`SELECT count(*) AS n FROM ${from} WHERE ${where}`);
  return rows[0]?.n ?? 0;
}

/** The sums for each value of a dimension, the most frequent first. */
export async function readTotalsByValue(
  database: Database,
  question: Question,
  dimension: string,
  limit: number,
): Promise<readonly ValueTotals[]> {
  const plan = planOf(question);
  const isPlanned = plan !== null && (plan.dimension === '' || plan.dimension === dimension);
  if (!isPlanned || !isCounted(question.kind, dimension)) {
    const rows = await rowTotalsByValue(database, question, dimension);
    return rows.slice(0, limit);
  }
  const { ranges, edges } = splitTime(question.filter.time, 60);
  const values = plan.dimension === dimension ? plan.values : null;
  const parts = await Promise.all([
    ranges.length === 0 ? [] : countByValue(database, { ...plan, dimension, values }, ranges),
    ...edges.map((edge) => rowTotalsByValue(database, during(question, edge), dimension)),
  ]);
  return merged(parts.flat(), (part) => part.value, earlierOf)
    .toSorted((one, other) => other.total - one.total || ((one.value ?? '') < (other.value ?? '') ? -1 : 1))
    .slice(0, limit);
}

/** The sums for each bucket of time that holds any event, the earliest first. */
export async function readTotalsByTime(
  database: Database,
  question: Question,
  bucketMilliseconds: number,
): Promise<readonly BucketTotals[]> {
  const plan = planOf(question);
  const longest = SPANS.findLast((span) => bucketMilliseconds % (span * MINUTE) === 0) ?? 0;
  if (plan === null || longest < finestSpan(plan.dimension))
    return rowTotalsByTime(database, question, bucketMilliseconds);
  const { ranges, edges } = splitTime(question.filter.time, finestSpan(plan.dimension), longest);
  const parts = await Promise.all([
    ranges.length === 0 ? [] : countByTime(database, plan, ranges, bucketMilliseconds),
    ...edges.map((edge) => rowTotalsByTime(database, during(question, edge), bucketMilliseconds)),
  ]);
  return merged(parts.flat(), (part) => part.start).toSorted((one, other) => one.start - other.start);
}

function during<K extends Kind>(question: Question<K>, time: TimeRange): Question<K> {
  return { ...question, filter: { ...question.filter, time } };
}

function add(one: Totals, other: Totals): Totals {
  return {
    total: one.total + other.total,
    success: one.success + other.success,
    error: one.error + other.error,
    latencyCount: one.latencyCount + other.latencyCount,
    latencySum: one.latencySum + other.latencySum,
    cost: one.cost + other.cost,
  };
}

function earlierOf(one: ValueTotals, other: ValueTotals): Pick<ValueTotals, 'earliest'> {
  const times = [one.earliest, other.earliest].filter((time) => time !== null);
  return { earliest: times.length === 0 ? null : Math.min(...times) };
}

function merged<T extends Totals>(
  parts: readonly T[],
  keyOf: (part: T) => unknown,
  combine: (one: T, other: T) => Partial<T> = () => ({}),
): readonly T[] {
  const byKey = new Map<unknown, T>();
  for (const part of parts) {
    const earlier = byKey.get(keyOf(part));
    byKey.set(
      keyOf(part),
      earlier === undefined ? part : { ...part, ...add(earlier, part), ...combine(earlier, part) },
    );
  }
  return [...byKey.values()];
}

/** The sums over a selection of alias `t`, under the names of `Totals`. */
function sums(kind: Kind): SQL {
  const { success, error, latency, cost } = OUTCOME[kind];
  return sql`count(*) AS total, coalesce(sum(${success}), 0) AS success, coalesce(sum(${error}), 0) AS error,
    count(${latency}) AS latencyCount, coalesce(sum(${latency}), 0) AS latencySum, coalesce(sum(${cost}), 0) AS cost`;
}

async function rowTotals(database: Database, question: Question): Promise<Totals> {
  const { from, where } = await select(database, question);
  const rows = await database.rows<Totals>(sql`SELECT ${sums(question.kind)} FROM ${from} WHERE ${where}`);
  return rows[0] ?? NOTHING;
}

async function rowTotalsByValue(
  database: Database,
  question: Question,
  dimension: string,
): Promise<readonly ValueTotals[]> {
  const { from, where } = await select(database, question);
  return database.rows<ValueTotals>(sql`SELECT ${textOf(dimension)} AS value,
    CASE WHEN ${textOf(dimension)} IS NOT NULL THEN min(${TIME}) END AS earliest, ${sums(question.kind)}
    FROM ${from} WHERE ${where} GROUP BY 1 ORDER BY total DESC, value LIMIT ${VALUES_MAX}`);
}

async function rowTotalsByTime(
  database: Database,
  question: Question,
  bucketMilliseconds: number,
): Promise<readonly BucketTotals[]> {
  const { from, where } = await select(database, question);
  const bucket = sql.raw(String(bucketMilliseconds));
  return database.rows<BucketTotals>(sql`SELECT ${TIME} / ${bucket} * ${bucket} AS start, ${sums(question.kind)}
    FROM ${from} WHERE ${where} GROUP BY 1 ORDER BY 1`);
}

/** How many different values a dimension has among what a question selects. */
export async function countValues(
  database: Database,
  question: Question,
  dimension: string,
): Promise<number> {
  const { from, where } = await select(database, question);
  const rows = await database.rows<{ n: number }>(
    sql`SELECT count(DISTINCT ${textOf(dimension)}) AS n FROM ${from} WHERE ${where}`,
  );
  return rows[0]?.n ?? 0;
}

function textOf(dimension: string): SQL {
  return sql.raw(dimension === 'project_id' ? `nullif(t.project_id, '')` : `CAST(t.${dimension} AS TEXT)`);
}
