/** The reader: answers every question of the query room from D1. It cannot write. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import { ALL_TIME } from '../query/filter.ts';
import type { EventReader, Page, VirtualKey } from '../query/event-reader.ts';
import type { Position, Query } from '../query/query.ts';
import { integer, textList, type Database } from './database.ts';
import { fromRow } from './event-rows.ts';
import { select } from './selection.ts';
import { countValues, readTotals, readTotalsByTime, readTotalsByValue } from './totals.ts';
import type { RowOf } from './tables.ts';

/** Opens a reader over a database. */
export function openEventReader(database: Database): EventReader {
  return {
    page: (query) => readPage(database, query),
    async count(question) {
      const { from, where } = select(question, true);
      const rows = await database.rows<{ n: number }>(sql`SELECT count(*) AS n FROM ${from} WHERE ${where}`);
      return rows[0]?.n ?? 0;
    },
    async exists(question) {
      const { from, where } = select(question, true);
      return (await database.rows(sql`SELECT 1 AS found FROM ${from} WHERE ${where} LIMIT 1`)).length > 0;
    },
    async find(kind, id, bounds) {
      const page = await readPage(database, {
        kind,
        bounds,
        filter: { time: ALL_TIME, conditions: [{ test: 'in', field: 'id', values: [id] }] },
        sort: { by: 'timestamp', direction: 'desc' },
        limit: 1,
        offset: 0,
        after: null,
      });
      return page.events[0] ?? null;
    },
    totals: (question) => readTotals(database, question),
    totalsByValue: (question, dimension, limit) => readTotalsByValue(database, question, dimension, limit),
    totalsByTime: (question, bucket) => readTotalsByTime(database, question, bucket),
    countValues: (question, dimension) => countValues(database, question, dimension),
    virtualKeys: (ids) => readVirtualKeys(database, ids),
  };
}

async function readPage<K extends Kind>(database: Database, query: Query<K>): Promise<Page<K>> {
  const { key, from, where } = select(query, false);
  const { after, sort } = query;
  const start = after === null ? sql`1` : isAfter(query.sort.by, sort.direction, key, after);
  // One row more than the page tells whether another page follows.
  const rows = await database.rows<RowOf[K]>(sql`SELECT t.* FROM ${from} WHERE ${where} AND ${start}
    ORDER BY ${orderOf(sort.by, sort.direction, key)} LIMIT ${query.limit + 1} OFFSET ${query.offset}`);
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  const hasMore = rows.length > query.limit && last !== undefined;
  return {
    events: shown.map((row) => fromRow(query.kind, row)),
    next: hasMore ? positionOf(last, sort.by) : null,
  };
}

function orderOf(by: Query['sort']['by'], direction: 'asc' | 'desc', key: SQL): SQL {
  const way = sql.raw(direction);
  if (by === 'timestamp') return sql`${key} ${way}`;
  const number = sql.raw(`t.${by}`);
  return sql`${number} IS NULL, ${number} ${way}, ${key} ${way}`;
}

/** Whether a row comes after a position; rows without the sorted number come last in both directions. */
function isAfter(by: Query['sort']['by'], direction: 'asc' | 'desc', key: SQL, after: Position): SQL {
  const beyond = sql.raw(direction === 'desc' ? '<' : '>');
  const byKey = sql`${key} ${beyond} ${integer(after.key)}`;
  if (by === 'timestamp') return byKey;
  const number = sql.raw(`t.${by}`);
  if (after.value === null) return sql`(${number} IS NULL AND ${byKey})`;
  return sql`(${number} ${beyond} ${after.value} OR (${number} = ${after.value} AND ${byKey}) OR ${number} IS NULL)`;
}

function positionOf(row: RowOf[Kind], by: Query['sort']['by']): Position {
  const value = by === 'timestamp' ? null : (row as unknown as Record<string, number | null>)[by];
  return { value: value ?? null, key: row.seq };
}

async function readVirtualKeys(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, VirtualKey>> {
  if (ids.length === 0) return new Map();
  const rows = await database.rows<{ id: string; name: string | null; active: number }>(
    sql`SELECT virtual_key_id AS id, coalesce(virtual_key_name, name) AS name, revoked_at IS NULL AS active
      FROM keys WHERE virtual_key_id IN ${textList(ids)} ORDER BY created_at`,
  );
  return new Map(
    rows.map((row) => [row.id, { id: row.id, name: row.name ?? row.id, isActive: row.active === 1 }]),
  );
}
