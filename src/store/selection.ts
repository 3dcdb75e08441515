/** A selection: the FROM and WHERE that answer a question, with the cheapest driver for it. */
import { sql, type SQL } from 'drizzle-orm';
import { EARLIEST_TIME, firstKeyAt } from '../event/time-key.ts';
import type { Kind } from '../event/event.ts';
import { withinBounds } from '../query/bounds.ts';
import type { Condition, TimeRange } from '../query/filter.ts';
import type { Question } from '../query/query.ts';
import { rowPredicate } from './conditions.ts';
import { finestSpan, planOf, splitTime } from './counter-plan.ts';
import { countTotals } from './counter-reader.ts';
import { integer, type Database } from './database.ts';
import { asksForPart, resolveContains } from './dictionary.ts';
import {
  isAnsweredByTokens,
  matchExpression,
  postingTable,
  tokensOfCondition,
  type TokenGroup,
} from './posting-list.ts';
import { TABLES } from './tables.ts';
import { textExpression, textTable } from './text-index.ts';

/** Rows up to which a search rather looks through what its other conditions select than asks the text index. */
const FEW_ROWS = 400;

/** Rows that are looked through for what no index answers, the newest first: more would hold up everyone else. */
export const SCANNED_ROWS_MAX = 50_000;

/** The clauses of a selection over rows of alias `t`. */
export type Selection = {
  /** The time key of the driver: what ranges and the order are told by. */
  readonly key: SQL;
  readonly from: SQL;
  readonly where: SQL;
  /** The keys, named `scanned`, that a bounded scan looks through; null where an index answers in full. */
  readonly scan: SQL | null;
};

/** The stretch of keys that a selection is made from, and the end at which a bounded scan begins. */
export type KeyRange = {
  readonly time: TimeRange;
  /** The key after which to begin; null begins at the start. */
  readonly after: number | null;
  readonly direction: 'asc' | 'desc';
};

/** What a selection may be told beside its question. */
export type SelectionOptions = {
  /** Whether the rows themselves are wanted, or their keys are enough. */
  readonly keysOnly?: boolean;
  /** Where to begin, and which way to go; by default at the newest. */
  readonly after?: number | null;
  readonly direction?: 'asc' | 'desc';
  /** Token groups that must hold besides the question's own; they make the posting list the driver. */
  readonly tokens?: readonly TokenGroup[];
  /** A bucket whose code is only known inside the statement: the letters of its token, and the code in SQL. */
  readonly bucket?: { readonly prefix: string; readonly code: SQL };
};

/**
 * Turns a question into clauses. Bounds become conditions here and nowhere else in the store.
 * A condition on ids drives through their index; else a search drives through the text index, unless what is asked
 * beside it selects few rows; else posting lists drive where they can, else the table's own order. A search without an
 * index, and a part of a value of a dimension with too many values, look through a bounded stretch of rows.
 */
export async function select<K extends Kind>(
  database: Database,
  question: Question<K>,
  options: SelectionOptions = {},
): Promise<Selection> {
  const { kind } = question;
  const filter = withinBounds(question.filter, question.bounds);
  const conditions = await Promise.all(
    filter.conditions.map((each) => resolveContains(database, kind, each)),
  );
  const { after = null, direction = 'desc' } = options;
  const range = { time: filter.time, after, direction };
  if (conditions.some(isIdCondition)) return byIds(kind, conditions, range);
  const groups = [...conditions.flatMap((each) => tokensOfCondition(each) ?? []), ...(options.tokens ?? [])];
  const { bucket } = options;
  const match = groups.length > 0 || bucket !== undefined ? matchOf(groups, bucket) : null;
  const onRow = conditions.filter((condition) => !isAnsweredByTokens(condition));
  const search = onRow.find((condition) => condition.test === 'search');
  if (search === undefined)
    return onRow.some(asksForPart)
      ? byScan(kind, match, onRow, range)
      : byPostings(kind, match, onRow, range, options.keysOnly ?? false);
  const text = database.search.isIndexed ? textExpression(kind, search.text) : null;
  const rest = {
    ...question,
    filter: { ...filter, conditions: conditions.filter((each) => each !== search) },
  };
  const areFew = match !== null && (await selectsFew(database, rest, match, range));
  if (areFew) return byPostings(kind, match, onRow, range, false);
  if (text === null) return byScan(kind, match, onRow, range);
  return byTexts(kind, text, conditions, range);
}

/** A bucket's token is put together inside the statement, since its code comes from there. */
function matchOf(groups: readonly TokenGroup[], bucket: SelectionOptions['bucket']): SQL {
  const expression = matchExpression(groups);
  return bucket === undefined
    ? sql`${expression}`
    : sql`(${`(${expression}) AND ${bucket.prefix}`} || ${bucket.code})`;
}

function isIdCondition(condition: Condition): boolean {
  return condition.test === 'in' && condition.field === 'id' && condition.not !== true;
}

function byRows(kind: Kind, conditions: readonly Condition[], range: KeyRange): Selection {
  const key = sql.raw('t.seq');
  return selection(key, rowsOf(kind), [...keyRange(key, range), ...predicates(kind, conditions)]);
}

/** A few rows by the index of their ids: a plus keeps the key from tempting the planner to walk the table instead. */
function byIds(kind: Kind, conditions: readonly Condition[], range: KeyRange): Selection {
  const { rows, identity } = TABLES[kind];
  const from = sql.raw(`${rows} t INDEXED BY ${identity}`);
  const { key, where } = selection(sql.raw('t.seq'), from, [
    ...keyRange(sql.raw('+t.seq'), range),
    ...predicates(kind, conditions),
  ]);
  return { key, from, where, scan: null };
}

function byPostings(
  kind: Kind,
  match: SQL | null,
  onRow: readonly Condition[],
  range: KeyRange,
  keysOnly: boolean,
): Selection {
  if (match === null) return byRows(kind, onRow, range);
  const postings = postingTable(kind);
  const key = sql`${postings}.rowid`;
  const from = keysOnly && onRow.length === 0 ? postings : withRows(kind, postings);
  return selection(key, from, [
    sql`${postings} MATCH ${match}`,
    ...keyRange(key, range),
    ...predicates(kind, onRow),
  ]);
}

/** What posting lists would answer is compared on the row here: it has to be read for the text anyway. */
function byTexts(kind: Kind, text: string, conditions: readonly Condition[], range: KeyRange): Selection {
  const texts = textTable(kind);
  const key = sql`${texts}.rowid`;
  return selection(key, withRows(kind, texts), [
    sql`${texts} MATCH ${text}`,
    ...keyRange(key, range),
    ...predicates(kind, conditions),
  ]);
}

function byScan(kind: Kind, match: SQL | null, onRow: readonly Condition[], range: KeyRange): Selection {
  const { key, from, where } = byPostings(kind, match, [], range, true);
  const way = sql.raw(range.direction);
  const scan = sql`(SELECT ${key} AS scanned FROM ${from} WHERE ${where} ORDER BY ${key} ${way} LIMIT ${SCANNED_ROWS_MAX})`;
  const rows = sql`${scan} CROSS JOIN ${rowsOf(kind)} ON t.seq = scanned`;
  return { ...selection(sql.raw('scanned'), rows, predicates(kind, onRow)), scan };
}

/** Whether what is asked beside a search selects few rows: by the counters where they know it, else by trying. */
async function selectsFew(
  database: Database,
  question: Question,
  match: SQL,
  range: KeyRange,
): Promise<boolean> {
  const plan = planOf(question);
  const { ranges, edges } = splitTime(range.time, finestSpan(plan?.dimension ?? ''));
  if (plan !== null && edges.length === 0)
    return ((await countTotals(database, plan, ranges))?.total ?? 0) < FEW_ROWS;
  const { from, where } = byPostings(question.kind, match, [], range, true);
  const rows = await database.rows<{ n: number }>(
    sql`SELECT count(*) AS n FROM (SELECT 1 FROM ${from} WHERE ${where} LIMIT ${FEW_ROWS})`,
  );
  return (rows[0]?.n ?? 0) < FEW_ROWS;
}

function selection(key: SQL, from: SQL, clauses: readonly SQL[]): Selection {
  const where = clauses.length > 0 ? sql.join([...clauses], sql` AND `) : sql`1`;
  return { key, from, where, scan: null };
}

function rowsOf(kind: Kind): SQL {
  return sql.raw(`${TABLES[kind].rows} t`);
}

/** CROSS JOIN keeps the index as the driver, so that a page streams in its order. */
function withRows(kind: Kind, driver: SQL): SQL {
  return sql`${driver} CROSS JOIN ${rowsOf(kind)} ON t.seq = ${driver}.rowid`;
}

function predicates(kind: Kind, conditions: readonly Condition[]): SQL[] {
  return conditions.map((condition) => rowPredicate(kind, condition));
}

function keyRange(key: SQL, { time, after, direction }: KeyRange): SQL[] {
  const beyond = sql.raw(direction === 'desc' ? '<' : '>');
  return [
    // An open end is a bound too, so that the table is searched by its key and never scanned.
    sql`${key} >= ${integer(firstKeyAt(time.from ?? EARLIEST_TIME))}`,
    ...(time.until === null ? [] : [sql`${key} < ${integer(firstKeyAt(time.until))}`]),
    ...(after === null ? [] : [sql`${key} ${beyond} ${integer(after)}`]),
  ];
}
