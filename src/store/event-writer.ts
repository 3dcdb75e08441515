/** The writer: puts arrivals into D1 so that doing it again changes nothing. Only the ingest room holds one. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import { STATUS_FIELDS } from '../event/merge.ts';
import { SLOTS_PER_MILLISECOND, TIME_KEY_EPOCH } from '../event/time-key.ts';
import type { Bounds } from '../query/bounds.ts';
import { ALL_TIME } from '../query/filter.ts';
import { countChanges, previousOfRow } from './counter-writer.ts';
import type { Database } from './database.ts';
import {
  mergedColumns,
  OBJECT_FIELDS,
  objectColumns,
  ROW_HEAD,
  rowTail,
  type RowValues,
} from './event-rows.ts';
import { objectsOf, withoutLargeValues, type PayloadObjects } from './payload-objects.ts';
import { postingTable, tokensOfRow } from './posting-list.ts';
import { removalOf } from './removal.ts';
import { select } from './selection.ts';
import { TABLES } from './tables.ts';
import { textOfRow, textTable, type SearchSettings } from './text-index.ts';

/** How far an event may move when its millisecond is full, in milliseconds: 491 million keys. */
const SPILL_MILLISECONDS = 60_000;

/** Rows of one flush, by kind; within a kind no two have the same identity. */
export type Flush = { readonly [K in Kind]?: readonly RowValues[] };

/** Writes flushes. */
export interface EventWriter {
  /**
   * Writes all rows in one transaction, merging those that exist. Repeating it, in whole or in part, changes nothing.
   * @param number rises with every call of the one writer: D1 refuses a call that arrives after a later one, so that an
   *   answer nobody waited for cannot undo what came after it. Null where nothing can be overtaken
   * @returns how many rows were new; the others merged with what was there
   * @throws StoreFailure when D1 fails, in which case it may have written all the same
   */
  write(flush: Flush, number?: number | null): Promise<number>;
  /**
   * Removes the events of a kind that have one of the ids and lie inside the bounds, from every table.
   * @param number as for `write`
   * @throws StoreFailure when D1 fails
   */
  remove(kind: Kind, ids: readonly string[], bounds: Bounds, number?: number | null): Promise<void>;
}

/**
 * Opens a writer over a database.
 * @param payloads where large arguments and results go; without it they stay in their rows
 */
export function openEventWriter(database: Database, payloads: PayloadObjects | null = null): EventWriter {
  return {
    async write(given, number = null) {
      const calls = given.tool_call ?? [];
      const flush: Flush =
        payloads === null || calls.length === 0
          ? given
          : { ...given, tool_call: await withoutLargeValues(payloads, calls) };
      const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
      const token = (high % 2 ** 21) * 2 ** 32 + low;
      const statements = (Object.keys(flush) as Kind[]).flatMap((kind) =>
        writeKind(kind, flush[kind] ?? [], token, database.search),
      );
      const written = await database.transaction<{ is_new: number }>([...inOrder(number), ...statements]);
      return written.filter(({ is_new }) => is_new === 1).length;
    },
    async remove(kind, ids, bounds, number = null) {
      const filter = { time: ALL_TIME, conditions: [{ test: 'in', field: 'id', values: ids }] } as const;
      const { from, where } = await select(database, { kind, bounds, filter });
      const removed = sql`(SELECT t.seq FROM ${from} WHERE ${where})`;
      const named = kind === 'tool_call' && payloads !== null ? await readObjects(database, from, where) : [];
      await database.transaction([...inOrder(number), ...removalOf(kind, removed)]);
      // Only when no row names them any more; what a crash leaves here is swept up.
      await payloads?.remove(named);
    },
  };
}

async function readObjects(database: Database, from: SQL, where: SQL): Promise<readonly string[]> {
  const columns = sql.raw(
    objectColumns('tool_call')
      .map((column) => `t.${column} AS ${column}`)
      .join(', '),
  );
  return (await database.rows<object>(sql`SELECT ${columns} FROM ${from} WHERE ${where}`)).flatMap(objectsOf);
}

/** Takes the writer's number; a trigger refuses one that is lower than the last. */
function inOrder(number: number | null): readonly SQL[] {
  return number === null ? [] : [sql`UPDATE writer_order SET number = ${number}`];
}

function writeKind(kind: Kind, rows: readonly RowValues[], token: number, search: SearchSettings): SQL[] {
  if (rows.length === 0) return [];
  const identities = JSON.stringify(rows.map((row) => row.slice(0, 3)));
  const touched = sql`json_each(${identities}) a CROSS JOIN ${sql.raw(TABLES[kind].rows)} t ON t.id = a.value ->> 2 AND t.project_id = a.value ->> 0
    AND t.owner = a.value ->> 1 AND t.flush_token = ${token}`;
  const postings = postingTable(kind);
  return [
    upsert(kind, rows, token),
    countChanges(kind, sql`${touched} WHERE true`),
    ...reindexed(postings, 'tokens', tokensOfRow(kind), touched),
    ...(search.isIndexed ? reindexed(textTable(kind), 'text', textOfRow(kind, search), touched) : []),
  ];
}

/** Replaces what an index holds of the touched rows; a new row has nothing to be replaced. */
function reindexed(index: SQL, column: 'tokens' | 'text', content: SQL, touched: SQL): SQL[] {
  return [
    sql`DELETE FROM ${index} WHERE rowid IN (SELECT t.seq FROM ${touched} WHERE t.revision > 0)`,
    sql`INSERT INTO ${index} (rowid, ${sql.raw(column)}) SELECT t.seq, ${content} FROM ${touched}`,
  ];
}

/**
 * The rows themselves. The time key is given here: the first free slot of the event's millisecond, or, where that is
 * full, of the minute after it. The merge is `merge` of event/merge.ts, in SQL; where it changes nothing, nothing is
 * written.
 */
function upsert(kind: Kind, rows: readonly RowValues[], token: number): SQL {
  const columns = mergedColumns(kind);
  const followers: readonly string[] = STATUS_FIELDS[kind];
  const names = [...ROW_HEAD, ...columns, ...rowTail(kind), ...objectColumns(kind)];
  const kept = names.filter((name) => name !== 'time' && (name !== 'status' || followers.includes(name)));
  const table = TABLES[kind].rows;
  const places = names.map((name, place) => `value ->> ${place} AS ${name}`).join(', ');
  const key = `(time - ${TIME_KEY_EPOCH}) * ${SLOTS_PER_MILLISECOND}`;
  return sql`WITH arrivals AS MATERIALIZED (
      SELECT key AS place, ${sql.raw(places)} FROM json_each(${JSON.stringify(rows)})
    ), milliseconds AS MATERIALIZED (
      SELECT time AS at, ${sql.raw(key)} AS first, count(*) AS arriving,
        (SELECT max(seq) + 1 FROM ${sql.raw(table)} WHERE seq >= ${sql.raw(key)}
          AND seq < ${sql.raw(`${key} + ${SLOTS_PER_MILLISECOND}`)}) AS free
      FROM arrivals GROUP BY time
    ), starts AS MATERIALIZED (
      SELECT at, CASE
        WHEN coalesce(free, first) + arriving <= first + ${sql.raw(String(SLOTS_PER_MILLISECOND))}
          THEN coalesce(free, first)
        ELSE coalesce((SELECT max(seq) + 1 FROM ${sql.raw(table)} WHERE seq >= first
          AND seq < first + ${sql.raw(String(SLOTS_PER_MILLISECOND * SPILL_MILLISECONDS))}), first)
        END AS start
      FROM milliseconds
    )
    INSERT INTO ${sql.raw(table)} AS t (seq, flush_token, revision, ${sql.raw(kept.join(', '))})
    SELECT start + row_number() OVER (PARTITION BY time ORDER BY place) - 1, ${token}, 0, ${sql.raw(kept.join(', '))}
    FROM arrivals JOIN starts ON at = time
    WHERE true ORDER BY place
    ON CONFLICT (id, project_id, owner) DO UPDATE SET ${sql.raw(mergeAssignments(kind, columns, followers))}
    WHERE ${sql.raw(mergeChanges(kind, columns, followers))}
    RETURNING revision = 0 AS is_new`;
}

/** Whether the merge takes the arriving value of a column: see `merge` in event/merge.ts. */
function isTaken(column: string, place: number): string {
  return `excluded.${column} IS NOT NULL AND (excluded.settled & ${1 << place} OR NOT t.settled & ${1 << place})`;
}

function mergeAssignments(kind: Kind, columns: readonly string[], followers: readonly string[]): string {
  return [
    'flush_token = excluded.flush_token',
    'revision = t.revision + 1',
    `previous = ${previousOfRow(kind)}`,
    'settled = t.settled | excluded.settled',
    'status_rank = max(t.status_rank, excluded.status_rank)',
    ...followers.map(
      (field) =>
        `${field} = CASE WHEN excluded.status_rank >= t.status_rank THEN excluded.${field} ELSE t.${field} END`,
    ),
    ...columns.map(
      (column, place) =>
        `${column} = CASE WHEN ${isTaken(column, place)} THEN excluded.${column} ELSE t.${column} END`,
    ),
    ...objectsTaken(kind, columns).map(
      ({ object, taken }) => `${object} = CASE WHEN ${taken} THEN excluded.${object} ELSE t.${object} END`,
    ),
  ].join(', ');
}

/** The columns that name objects, and when the merge takes what their field is with them. */
function objectsTaken(kind: Kind, columns: readonly string[]) {
  return OBJECT_FIELDS[kind].map((field) => ({
    object: `${field}_object`,
    taken: isTaken(field, columns.indexOf(field)),
  }));
}

function mergeChanges(kind: Kind, columns: readonly string[], followers: readonly string[]): string {
  return [
    'excluded.settled & ~t.settled',
    'excluded.status_rank > t.status_rank',
    ...followers.map(
      (field) => `(excluded.status_rank = t.status_rank AND excluded.${field} IS NOT t.${field})`,
    ),
    ...columns.map(
      (column, place) => `(${isTaken(column, place)} AND excluded.${column} IS NOT t.${column})`,
    ),
    ...objectsTaken(kind, columns).map(
      ({ object, taken }) => `(${taken} AND excluded.${object} IS NOT t.${object})`,
    ),
  ].join(' OR ');
}
