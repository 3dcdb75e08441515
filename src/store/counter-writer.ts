/** How a flush changes the counters: by the difference of what its rows were and what they are. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import { SLOT_BITS, TIME_KEY_EPOCH } from '../event/time-key.ts';
import { COUNTED_COLUMNS, COUNTED_DIMENSIONS, MINUTE_DIMENSIONS, SPANS } from './counted.ts';
import { OUTCOME } from './outcome.ts';
import { TABLES } from './tables.ts';

const SUMS = [
  'total',
  'success',
  'error',
  'success_latency_count',
  'success_latency_sum',
  'success_cost',
  'error_latency_count',
  'error_latency_sum',
  'error_cost',
] as const;

/** The columns of a row that the counters know, as the JSON array that `previous` keeps. */
export function previousOfRow(kind: Kind): string {
  return `json_array(${COUNTED_COLUMNS[kind].map((column) => `t.${column}`).join(', ')})`;
}

/**
 * Adds what rows are and takes off what they were before.
 * @param added clauses from which the rows come as `t`: their new state is added, and where they were changed, the
 *   state in `previous` is taken off
 */
export function countChanges(kind: Kind, added: SQL): SQL {
  const columns = COUNTED_COLUMNS[kind];
  const before = columns.map((column, place) => `t.previous ->> ${place} AS ${column}`).join(', ');
  return upsertCounters(
    kind,
    sql`SELECT 1 AS sign, t.seq, t.project_id, ${sql.raw(columns.map((column) => `t.${column}`).join(', '))} FROM ${added}
      UNION ALL SELECT -1, t.seq, t.project_id, ${sql.raw(before)} FROM ${added} AND t.revision > 0`,
  );
}

/**
 * Takes off rows that are about to be removed.
 * @param seqs a subquery of their time keys
 */
export function countRemoval(kind: Kind, seqs: SQL): SQL {
  const columns = COUNTED_COLUMNS[kind].map((column) => `t.${column}`).join(', ');
  return upsertCounters(
    kind,
    sql`SELECT -1 AS sign, t.seq, t.project_id, ${sql.raw(columns)}
      FROM ${sql.raw(TABLES[kind].rows)} t WHERE t.seq IN ${seqs}`,
  );
}

/**
 * Drops the counters of rows that are about to be removed, where nothing is counted any more.
 * @param seqs a subquery of their time keys; `countRemoval` has taken them off before
 */
export function dropEmptyCounters(kind: Kind, seqs: SQL): SQL {
  const { dimensions, value, minute } = spread(kind);
  return sql`WITH gone AS MATERIALIZED (
      SELECT DISTINCT d.value AS dimension, ${value} AS value, s.value AS span,
        ${sql.raw(minute)} / s.value * s.value AS start
      FROM ${sql.raw(TABLES[kind].rows)} t CROSS JOIN json_each(${dimensions}) d CROSS JOIN json_each(${JSON.stringify(SPANS)}) s
      WHERE t.seq IN ${seqs} AND ${value} IS NOT NULL
    )
    DELETE FROM counters WHERE total = 0 AND kind = ${kind}
      AND (dimension, value, span, start) IN (SELECT dimension, value, span, start FROM gone)`;
}

/** What a row of alias `t` is counted under: the dimensions as JSON, the value of one of alias `d`, and its minute. */
function spread(kind: Kind): { readonly dimensions: string; readonly value: SQL; readonly minute: string } {
  const counted = COUNTED_DIMENSIONS[kind];
  return {
    dimensions: JSON.stringify(counted.map(({ name }) => name)),
    value: sql.raw(
      `CASE d.value ${counted.map(({ name, value }) => `WHEN '${name}' THEN ${value}`).join(' ')} END`,
    ),
    minute: `(((t.seq >> ${SLOT_BITS}) + ${TIME_KEY_EPOCH}) / 60000)`,
  };
}

/**
 * Sums signed states by dimension at its finest span first, and only those few sums by the longer spans, so that a
 * thousand events become some hundred rows before they are spread.
 */
function upsertCounters(kind: Kind, states: SQL): SQL {
  const { dimensions, value, minute } = spread(kind);
  const byMinute = sql.raw(MINUTE_DIMENSIONS.map((name) => `'${name}'`).join(', '));
  const { success, error, latency, cost } = OUTCOME[kind];
  const names = sql.raw(SUMS.join(', '));
  return sql`WITH states AS MATERIALIZED (${states}),
    finest AS MATERIALIZED (
      SELECT d.value AS dimension, ${value} AS value,
        CASE WHEN d.value IN (${byMinute}) THEN ${sql.raw(minute)} ELSE ${sql.raw(minute)} / 60 * 60 END AS start,
        sum(sign) AS total, sum(sign * (${success})) AS success, sum(sign * (${error})) AS error,
        sum(sign * ((${success}) AND (${latency}) IS NOT NULL)) AS success_latency_count,
        total(sign * CASE WHEN ${success} THEN ${latency} END) AS success_latency_sum,
        total(sign * CASE WHEN ${success} THEN ${cost} END) AS success_cost,
        sum(sign * ((${error}) AND (${latency}) IS NOT NULL)) AS error_latency_count,
        total(sign * CASE WHEN ${error} THEN ${latency} END) AS error_latency_sum,
        total(sign * CASE WHEN ${error} THEN ${cost} END) AS error_cost
      FROM states t CROSS JOIN json_each(${dimensions}) d WHERE ${value} IS NOT NULL GROUP BY 1, 2, 3
    )
    INSERT INTO counters AS c (kind, dimension, value, span, start, ${names})
    SELECT ${kind}, dimension, f.value, s.value, start / s.value * s.value, ${sql.raw(SUMS.map((name) => `sum(${name})`).join(', '))}
    FROM finest f CROSS JOIN json_each(${JSON.stringify(SPANS)}) s
    WHERE s.value > 1 OR dimension IN (${byMinute})
    GROUP BY 2, 3, 4, 5
    HAVING ${sql.raw(SUMS.map((name) => `sum(${name}) <> 0`).join(' OR '))}
    ON CONFLICT DO UPDATE SET ${sql.raw(SUMS.map((name) => `${name} = c.${name} + excluded.${name}`).join(', '))}`;
}
