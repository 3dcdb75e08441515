/** Totals from the rows themselves: exact for every question, at the price of reading what it selects. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import { SLOTS_PER_MILLISECOND, TIME_KEY_EPOCH } from '../event/time-key.ts';
import type { BucketTotals, Totals, ValueTotals } from '../query/event-reader.ts';
import type { Question } from '../query/query.ts';
import type { Database } from './database.ts';
import { select } from './selection.ts';

/** What makes an event of a kind a success, an error and finished, over a row of alias `t`. */
const OUTCOME: Record<Kind, { success: SQL; error: SQL; latency: SQL; cost: SQL }> = {
  tool_call: {
    success: sql`t.status = 'success'`,
    error: sql`t.status = 'error'`,
    latency: sql`CASE WHEN t.status <> 'processing' THEN t.latency_ms END`,
    cost: sql`CASE WHEN t.status <> 'processing' THEN t.cost END`,
  },
  request: {
    success: sql`t.status BETWEEN 200 AND 299`,
    error: sql`t.status NOT BETWEEN 200 AND 299`,
    latency: sql`t.latency_ms`,
    cost: sql`t.cost`,
  },
  server_log: { success: sql`0`, error: sql`0`, latency: sql`NULL`, cost: sql`NULL` },
};

/** The sums over a selection of alias `t`, under the names of `Totals`. */
function sums(kind: Kind): SQL {
  const { success, error, latency, cost } = OUTCOME[kind];
  return sql`count(*) AS total, coalesce(sum(${success}), 0) AS success, coalesce(sum(${error}), 0) AS error,
    count(${latency}) AS latencyCount, coalesce(sum(${latency}), 0) AS latencySum, coalesce(sum(${cost}), 0) AS cost`;
}

const NOTHING: Totals = { total: 0, success: 0, error: 0, latencyCount: 0, latencySum: 0, cost: 0 };

/** The sums over everything that a question selects. */
export async function readTotals(database: Database, question: Question): Promise<Totals> {
  const { from, where } = select(question, false);
  const rows = await database.rows<Totals>(sql`SELECT ${sums(question.kind)} FROM ${from} WHERE ${where}`);
  return rows[0] ?? NOTHING;
}

/** The sums for each value of a dimension, the most frequent first. */
export function readTotalsByValue(
  database: Database,
  question: Question,
  dimension: string,
  limit: number,
): Promise<readonly ValueTotals[]> {
  const { from, where } = select(question, false);
  return database.rows<ValueTotals>(sql`SELECT ${textOf(dimension)} AS value, ${sums(question.kind)}
    FROM ${from} WHERE ${where} GROUP BY 1 ORDER BY total DESC, value LIMIT ${limit}`);
}

/** The sums for each bucket of time that holds any event, the earliest first. */
export function readTotalsByTime(
  database: Database,
  question: Question,
  bucketMilliseconds: number,
): Promise<readonly BucketTotals[]> {
  const { from, where } = select(question, false);
  const time = sql.raw(`((t.seq >> ${Math.log2(SLOTS_PER_MILLISECOND)}) + ${TIME_KEY_EPOCH})`);
  const bucket = sql.raw(String(bucketMilliseconds));
  return database.rows<BucketTotals>(sql`SELECT ${time} / ${bucket} * ${bucket} AS start, ${sums(question.kind)}
    FROM ${from} WHERE ${where} GROUP BY 1 ORDER BY 1`);
}

/** How many different values a dimension has among what a question selects. */
export async function countValues(
  database: Database,
  question: Question,
  dimension: string,
): Promise<number> {
  const { from, where } = select(question, false);
  const rows = await database.rows<{ n: number }>(
    sql`SELECT count(DISTINCT ${textOf(dimension)}) AS n FROM ${from} WHERE ${where}`,
  );
  return rows[0]?.n ?? 0;
}

function textOf(dimension: string): SQL {
  return sql.raw(dimension === 'project_id' ? `nullif(t.project_id, '')` : `CAST(t.${dimension} AS TEXT)`);
}
