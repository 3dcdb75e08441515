/** A selection: the FROM and WHERE that answer a question, with the cheapest driver for it. */
import { sql, type SQL } from 'drizzle-orm';
import { firstKeyAt } from '../event/time-key.ts';
import type { Kind } from '../event/event.ts';
import { withinBounds } from '../query/bounds.ts';
import type { Condition } from '../query/filter.ts';
import type { Question } from '../query/query.ts';
import { rowPredicate } from './conditions.ts';
import { integer } from './database.ts';
import { isPostingCondition, matchExpression, postingTable } from './posting-list.ts';
import { TABLES } from './tables.ts';

/** The clauses of a selection over rows of alias `t`. */
export type Selection = {
  /** The time key of the driver: what ranges and the order are told by. */
  readonly key: SQL;
  readonly from: SQL;
  readonly where: SQL;
  /** Whether the rows themselves are needed to decide, beyond the driver's keys. */
  readonly needsRows: boolean;
};

/**
 * Turns a question into clauses. Bounds become conditions here and nowhere else in the store.
 * A condition on ids drives through their index; else posting lists drive where they can, else the table's own order.
 */
export function select<K extends Kind>(question: Question<K>, keysOnly: boolean): Selection {
  const { kind } = question;
  const filter = withinBounds(question.filter, question.bounds);
  const conditions: readonly Condition[] = filter.conditions;
  const byId = conditions.some(
    (condition) => condition.test === 'in' && condition.field === 'id' && !condition.not,
  );
  const posted = byId ? [] : conditions.filter(isPostingCondition);
  const onRow = conditions.filter((condition) => byId || !isPostingCondition(condition));
  const needsRows = onRow.length > 0;
  const rows = sql.raw(`${TABLES[kind].rows} t`);
  const postings = postingTable(kind);
  const key = posted.length > 0 ? sql`${postings}.rowid` : sql.raw('t.seq');
  // CROSS JOIN keeps the posting list as the driver, so that the page streams in its order.
  const join =
    keysOnly && !needsRows ? postings : sql`${postings} CROSS JOIN ${rows} ON t.seq = ${postings}.rowid`;
  const match = posted.length > 0 ? [sql`${postings} MATCH ${matchExpression(posted)}`] : [];
  const range = timeRange(key, filter.time.from, filter.time.until);
  const clauses = [...match, ...range, ...onRow.map((condition) => rowPredicate(kind, condition))];
  return {
    key,
    from: posted.length > 0 ? join : rows,
    where: clauses.length > 0 ? sql.join(clauses, sql` AND `) : sql`1`,
    needsRows,
  };
}

function timeRange(key: SQL, from: number | null, until: number | null): SQL[] {
  return [
    ...(from === null ? [] : [sql`${key} >= ${integer(firstKeyAt(from))}`]),
    ...(until === null ? [] : [sql`${key} < ${integer(firstKeyAt(until))}`]),
  ];
}
