/** Pages: rows of one selection in one order, from one place on. */
import { sql } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import type { Page } from '../query/event-reader.ts';
import type { Position, Query } from '../query/query.ts';
import type { Database } from './database.ts';
import { fromRow } from './event-rows.ts';
import { readSortedRows } from './measure-page.ts';
import { skipOffset } from './offset.ts';
import { withLargeValues, type PayloadObjects } from './payload-objects.ts';
import { SCANNED_ROWS_MAX, select, type Selection } from './selection.ts';
import type { RowOf } from './tables.ts';

/**
 * Reads one page and the place after which the next one begins.
 * @param payloads where values are that are too large for their rows; they are read where they are wanted in full
 */
export async function readPage<K extends Kind>(
  database: Database,
  asked: Query<K>,
  payloads: PayloadObjects | null = null,
): Promise<Page<K>> {
  const { by } = asked.sort;
  if (by !== 'timestamp') return pageOf(asked, await readSortedRows(database, asked, by), null);
  const query = await skipOffset(database, asked);
  if (query === null) return { events: [], next: null };
  const { direction } = query.sort;
  const selection = await select(database, query, { after: query.after?.key ?? null, direction });
  const { key, from, where } = selection;
  const rows = await database.rows<RowOf[K]>(sql`SELECT t.* FROM ${from} WHERE ${where}
    ORDER BY ${key} ${sql.raw(direction)} LIMIT ${query.limit + 1} OFFSET ${query.offset}`);
  const end = rows.length > query.limit ? null : await endOfScan(database, selection, direction);
  const inFull =
    asked.isInFull === true && payloads !== null
      ? await Promise.all(rows.map((row) => withLargeValues(payloads, row)))
      : rows;
  return pageOf(asked, inFull, end);
}

/**
 * A page of the first rows; one row more than the limit tells that another page follows.
 * @param end where a scan has ended early, and the next page has to begin, though this one may not be full
 */
function pageOf<K extends Kind>(query: Query<K>, rows: readonly RowOf[K][], end: Position | null): Page<K> {
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  const hasMore = rows.length > query.limit && last !== undefined;
  return {
    events: shown.map((row) => fromRow(query.kind, row)),
    next: hasMore ? positionOf(last, query.sort.by) : end,
  };
}

function positionOf(row: RowOf[Kind], by: Query['sort']['by']): Position {
  const value = by === 'timestamp' ? null : (row as unknown as Record<string, number | null>)[by];
  return { value: value ?? null, key: row.seq };
}

async function endOfScan(
  database: Database,
  { scan }: Selection,
  direction: 'asc' | 'desc',
): Promise<Position | null> {
  if (scan === null) return null;
  const last = sql.raw(direction === 'desc' ? 'min(scanned)' : 'max(scanned)');
  const rows = await database.rows<{ n: number; last: number | null }>(
    sql`SELECT count(*) AS n, ${last} AS last FROM ${scan}`,
  );
  const [row] = rows;
  return row === undefined || row.last === null || row.n < SCANNED_ROWS_MAX
    ? null
    : { value: null, key: row.last };
}
