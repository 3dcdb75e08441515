/** Pages in the order of a number: the buckets of its logarithm are walked from one end, and only the last is sorted. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import type { Condition, Measure } from '../query/filter.ts';
import type { Query, Question } from '../query/query.ts';
import { integer, type Database } from './database.ts';
import {
  bucketPrefix,
  bucketToken,
  coarseOfFine,
  COARSE_MAX,
  FINE_IN_COARSE,
  FINE_MAX,
  fineBucket,
  knownToken,
} from './measure-tokens.ts';
import { isAnsweredByTokens, type TokenGroup } from './posting-list.ts';
import { select } from './selection.ts';
import type { RowOf } from './tables.ts';

/** The parts of such a list: numbers above zero, zeros, and rows without the number, which always come last. */
type Part = 'positive' | 'zero' | 'none';

/** What a part still has to give. */
type Want = { readonly offset: number; readonly rows: number };

/**
 * Reads one row more than the limit of a query that is sorted by a number.
 * It costs the rows up to the page and one bucket of 1.1 percent, whatever the filter leaves beyond them.
 */
export async function readSortedRows<K extends Kind>(
  database: Database,
  query: Query<K>,
  measure: Measure,
): Promise<readonly RowOf[K][]> {
  if (!query.filter.conditions.every(isTold)) return readAndSort(database, query, measure);
  const { after, sort } = query;
  const order: readonly Part[] =
    sort.direction === 'desc' ? ['positive', 'zero', 'none'] : ['zero', 'positive', 'none'];
  const first = after === null ? 0 : order.indexOf(partOf(after.value));
  const rows: RowOf[K][] = [];
  let { offset } = query;
  for (const part of order.slice(first)) {
    const want = { offset, rows: query.limit + 1 - rows.length };
    // The place of the cursor lies in the first part; the parts after it begin at their start.
    const asked = part === order[first] ? query : { ...query, after: null };
    const { found, skipped } =
      part === 'positive'
        ? await readPositive(database, asked, measure, want)
        : await readEqual(database, asked, measure, part, want);
    rows.push(...(found as RowOf[K][]));
    if (rows.length > query.limit) break;
    offset -= skipped;
  }
  return rows;
}

/** Whether posting lists tell enough of a condition to count buckets by them. */
function isTold(condition: Condition): boolean {
  return condition.test === 'between' || isAnsweredByTokens(condition);
}

/** Sorts all that is selected: a search reads its candidates once that way, and not once for each bucket. */
async function readAndSort<K extends Kind>(
  database: Database,
  query: Query<K>,
  measure: Measure,
): Promise<readonly RowOf[K][]> {
  const { key, from, where } = await select(database, query);
  const number = sql.raw(`t.${measure}`);
  const way = sql.raw(query.sort.direction);
  return database.rows<
    RowOf[K]
  >(sql`SELECT t.* FROM ${from} WHERE ${where} AND ${startAfter(query, number, key)}
    ORDER BY ${number} IS NULL, ${number} ${way}, ${key} ${way} LIMIT ${query.limit + 1} OFFSET ${query.offset}`);
}

/** Whether a row comes after the cursor; rows without the number come last in both directions. */
function startAfter({ after, sort }: Query, number: SQL, key: SQL): SQL {
  if (after === null) return sql`1`;
  const isDown = sort.direction === 'desc';
  if (after.value !== null)
    return sql`(${isAfter(number, key, after.value, after.key, isDown)} OR ${number} IS NULL)`;
  return sql`(${number} IS NULL AND ${key} ${sql.raw(isDown ? '<' : '>')} ${integer(after.key)})`;
}

function partOf(value: number | null): Part {
  if (value === null) return 'none';
  return value > 0 ? 'positive' : 'zero';
}

type Read = { readonly found: readonly RowOf[Kind][]; readonly skipped: number };

/** Zeros, and rows without the number, are equal among themselves: their time key alone orders them. */
async function readEqual(
  database: Database,
  query: Query,
  measure: Measure,
  part: 'zero' | 'none',
  want: Want,
): Promise<Read> {
  const tokens: TokenGroup[] =
    part === 'zero'
      ? [{ tokens: [bucketToken(measure, 'coarse', 0)] }]
      : [{ tokens: [knownToken(measure)], not: true }];
  const { direction } = query.sort;
  const { key, from, where } = await select(database, query, {
    tokens,
    direction,
    after: query.after?.key ?? null,
  });
  const isPart = sql.raw(part === 'zero' ? `t.${measure} = 0` : `t.${measure} IS NULL`);
  const found = await database.rows<RowOf[Kind]>(sql`SELECT t.* FROM ${from} WHERE ${where} AND ${isPart}
    ORDER BY ${key} ${sql.raw(direction)} LIMIT ${want.rows} OFFSET ${want.offset}`);
  if (found.length > 0 || want.offset === 0) return { found, skipped: want.offset };
  const counted = await database.rows<{ n: number }>(
    sql`SELECT count(*) AS n FROM (SELECT 1 FROM ${from} WHERE ${where} AND ${isPart} LIMIT ${want.offset})`,
  );
  return { found, skipped: counted[0]?.n ?? 0 };
}

/** Finds the buckets that hold the wanted rows, coarse ones first, and sorts what is in them. */
async function readPositive(database: Database, query: Query, measure: Measure, want: Want): Promise<Read> {
  const { after, sort } = query;
  const isDown = sort.direction === 'desc';
  const walker: Walker = { database, question: query, measure, isDown };
  const passed = after?.value ? await countPassed(walker, after.value) : 0;
  const needed = want.offset + want.rows + passed;
  const { tokens, found: reached } = await bucketsFor(walker, needed, after?.value ?? null);
  const { key, from, where } = await select(database, query, { tokens: [{ tokens }] });
  const number = sql.raw(`t.${measure}`);
  const way = sql.raw(sort.direction);
  const start = after?.value ? isAfter(number, key, after.value, after.key, isDown) : sql`1`;
  const found = await database.rows<
    RowOf[Kind]
  >(sql`SELECT t.* FROM ${from} WHERE ${where} AND ${number} > 0 AND ${start}
    ORDER BY ${number} ${way}, ${key} ${way} LIMIT ${want.rows} OFFSET ${want.offset}`);
  return { found, skipped: found.length > 0 ? want.offset : Math.min(reached, want.offset) };
}

/**
 * The tokens of the buckets that hold so many rows from one end, or from the number of a cursor. The walk leaves that
 * number's doubling by fine buckets, goes on by doublings, and takes the one that is enough apart again.
 */
async function bucketsFor(
  walker: Walker,
  needed: number,
  cursor: number | null,
): Promise<{ tokens: readonly string[]; found: number }> {
  const { measure, isDown } = walker;
  const tokens: string[] = [];
  const fineWalk = async (first: number, before: number): Promise<Walked> => {
    const top = coarseOfFine(first) * FINE_IN_COARSE;
    const walked = await walk(walker, 'fine', first, isDown ? top - FINE_IN_COARSE + 1 : top, needed, before);
    const codes = [...walked.full, ...(walked.last === null ? [] : [walked.last])];
    tokens.push(...codes.map((code) => bucketToken(measure, 'fine', code)));
    return walked;
  };
  const step = isDown ? -1 : 1;
  let first = isDown ? COARSE_MAX : 1;
  let found = 0;
  if (cursor !== null) {
    const start = startOf(cursor, isDown);
    const head = await fineWalk(start, 0);
    first = coarseOfFine(start) + step;
    ({ found } = head);
    if (head.last !== null || first < 1 || first > COARSE_MAX) return { tokens, found };
  }
  const coarse = await walk(walker, 'coarse', first, isDown ? 1 : COARSE_MAX, needed, found);
  tokens.push(...coarse.full.map((code) => bucketToken(measure, 'coarse', code)));
  if (coarse.last !== null)
    await fineWalk(
      isDown ? coarse.last * FINE_IN_COARSE : (coarse.last - 1) * FINE_IN_COARSE + 1,
      coarse.found,
    );
  return { tokens, found: coarse.found };
}

/** The first bucket that may hold what comes after a number; ours and SQLite's logarithm may differ by one bucket. */
function startOf(value: number, isDown: boolean): number {
  return Math.min(Math.max(fineBucket(value) + (isDown ? 1 : -1), 1), FINE_MAX);
}

/** How many rows of a walk with a cursor may lie before the cursor: those in the buckets around its number. */
async function countPassed({ database, question, measure }: Walker, value: number): Promise<number> {
  const tokens = [-1, 0, 1].map((near) => bucketToken(measure, 'fine', fineBucket(value) + near));
  const { from, where } = await select(database, question, { keysOnly: true, tokens: [{ tokens }] });
  const rows = await database.rows<{ n: number }>(sql`SELECT count(*) AS n FROM ${from} WHERE ${where}`);
  return rows[0]?.n ?? 0;
}

type Walker = {
  readonly database: Database;
  readonly question: Question;
  readonly measure: Measure;
  readonly isDown: boolean;
};

/** The buckets up to where enough rows were found: whole ones, the one that was enough, and the rows before it. */
type Walked = { readonly full: readonly number[]; readonly last: number | null; readonly found: number };

/** Counts bucket after bucket inside one statement, until `needed` rows are found or the last bucket was seen. */
async function walk(
  { database, question, measure, isDown }: Walker,
  grain: 'coarse' | 'fine',
  first: number,
  end: number,
  needed: number,
  before: number,
): Promise<Walked> {
  const step = isDown ? -1 : 1;
  const code = sql.raw(`(w.code + ${step})`);
  const bucket = { prefix: bucketPrefix(measure, grain), code };
  const { from, where } = await select(database, question, { keysOnly: true, bucket });
  const rows = await database.rows<{ code: number; found: number }>(sql`WITH RECURSIVE walk (code, found) AS (
      SELECT ${sql.raw(String(first - step))}, ${sql.raw(String(before))}
      UNION ALL
      SELECT ${code}, w.found + (SELECT count(*) FROM (SELECT 1 FROM ${from} WHERE ${where} LIMIT ${needed}))
      FROM walk w WHERE w.code <> ${sql.raw(String(end))} AND w.found < ${needed}
    ) SELECT code, found FROM walk`);
  const steps = rows
    .map(({ code: bucketCode, found }, place) => ({
      code: bucketCode,
      found,
      earlier: rows[place - 1]?.found ?? found,
    }))
    .slice(1);
  const last = steps.find((row) => row.found >= needed);
  const full = steps.filter((row) => row !== last && row.found > row.earlier).map((row) => row.code);
  return { full, last: last?.code ?? null, found: last?.earlier ?? steps.at(-1)?.found ?? before };
}

function isAfter(number: SQL, key: SQL, value: number, after: number, isDown: boolean): SQL {
  const beyond = sql.raw(isDown ? '<' : '>');
  return sql`(${number} ${beyond} ${value} OR (${number} = ${value} AND ${key} ${beyond} ${integer(after)}))`;
}
