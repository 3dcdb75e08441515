/** Ranges of retention: which events of a group are overdue, and how one bounded range of them is taken out. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import { timeOfKey } from '../event/time-key.ts';
import type { Question } from '../query/query.ts';
import type { RetentionGroup } from '../query/retention.ts';
import type { Archive, ArchivedEvent } from './archive.ts';
import { HOUR } from './counted.ts';
import type { Database } from './database.ts';
import { fromRow, objectColumns } from './event-rows.ts';
import { objectsOf, withLargeValues, type PayloadObjects } from './payload-objects.ts';
import { HAS_PAYLOAD } from './posting-list.ts';
import { clearingOf, removalOf } from './removal.ts';
import { select, type Selection, type SelectionOptions } from './selection.ts';
import { TABLES, type EventRow } from './tables.ts';

/** Rows of one transaction: a thousand take D1 tens of milliseconds, and longer would hold up everyone else. */
export const RANGE_ROWS_MAX = 1000;

/** Bytes of one range that is read to be archived: an answer of D1 has about a megabyte. A larger row goes alone. */
const RANGE_BYTES_MAX = 1_000_000;

const DAY = 24 * HOUR;

/** What retention takes events out of, and into. */
export type RetentionStores = {
  readonly database: Database;
  /** Null deletes for good. */
  readonly archive: Archive | null;
  /** Null where large values stay in their rows. */
  readonly payloads: PayloadObjects | null;
};

/** Which of the two is overdue: the payload of an event, or all of it. */
export type Tier = 'payload' | 'row';

/** One group's overdue events of one tier. */
export type Overdue = { readonly group: RetentionGroup; readonly tier: Tier; readonly now: number };

/** The columns that make a row large. */
const LARGE_COLUMNS: Record<Kind, readonly string[]> = {
  tool_call: ['arguments', 'result', 'metadata', 'error', 'message'],
  request: ['metadata', 'error'],
  server_log: ['message', 'metadata'],
};

type Candidate = {
  readonly seq: number;
  readonly revision: number;
  /** 1 when the archive holds the event as it is now. */
  readonly archived: number;
  readonly bytes: number;
  readonly arguments_object?: string | null;
  readonly result_object?: string | null;
};

/** Until when events of a tier are overdue, in epoch milliseconds. */
export function cutoffOf({ group, tier, now }: Overdue): number {
  return now - (tier === 'row' ? group.rowDays : group.payloadDays) * DAY;
}

/**
 * The overdue events of a group. Payloads are told by their token, and only up to where whole rows are overdue, so that
 * nothing is cleared that is about to be removed, and nothing that was cleared is read again.
 * @param after the time key after which to look; null looks from the oldest on
 */
export function selectOverdue(
  database: Database,
  overdue: Overdue,
  after: number | null,
  options: Pick<SelectionOptions, 'keysOnly'> = {},
): Promise<Selection> {
  const { group, tier } = overdue;
  const { kind, projects, areExcluded } = group;
  const among = {
    test: 'in',
    field: 'project_id',
    values: projects,
    ...(areExcluded ? { not: true as const } : {}),
  } as const;
  const question: Question = {
    kind,
    bounds: {},
    filter: {
      time: { from: tier === 'row' ? null : cutoffOf({ ...overdue, tier: 'row' }), until: cutoffOf(overdue) },
      conditions: projects.length > 0 ? [among] : [],
    },
  };
  const tokens = tier === 'payload' ? [{ tokens: [HAS_PAYLOAD] }] : [];
  return select(database, question, { ...options, after, direction: 'asc', tokens });
}

/** What became of one range. */
export type RangeResult = {
  /** The last time key of the range; null when nothing is overdue. */
  readonly last: number | null;
  /** Events that were removed or cleared; 0 when one of them changed meanwhile, and then none was. */
  readonly done: number;
  readonly archived: number;
};

/**
 * Takes the first range of overdue events out: into the archive first, where there is one, and then out of D1 in one
 * transaction. It happens to all of the range or to none, and only while each event is as it was archived.
 * @throws StoreFailure when D1 fails, or what R2 throws; nothing is lost then, and the next run goes on
 */
export async function takeOut(
  { database, archive, payloads }: RetentionStores,
  overdue: Overdue,
  after: number | null,
): Promise<RangeResult> {
  const range = await firstRange(database, overdue, after, archive !== null);
  const last = range.at(-1)?.seq;
  if (last === undefined) return { last: null, done: 0, archived: 0 };
  const { kind } = overdue.group;
  const wanted = archive === null ? [] : range.filter(({ archived }) => archived === 0);
  const rows = await readRows({ database, archive, payloads }, kind, wanted);
  const revisions = new Map([...range, ...rows].map(({ seq, revision }) => [seq, revision]));
  const name = await keepArchived(database, archive, kind, rows);
  const seqs = unchanged(kind, [...revisions]);
  const done = await database.transaction([
    ...(name === null ? [] : [sql`DELETE FROM archive_pending WHERE name = ${name} AND EXISTS ${seqs}`]),
    ...(overdue.tier === 'row'
      ? removalOf(kind, seqs)
      : clearingOf(kind, seqs, archive !== null, database.search)),
  ]);
  if (done.length === 0) await dropPending(database, archive);
  // Only when no row names them any more; what a crash leaves here is swept up.
  else await payloads?.remove(range.flatMap(objectsOf));
  return { last, done: done.length, archived: done.length === 0 ? 0 : rows.length };
}

/**
 * Removes the objects of ranges that never left D1: a run ended between archive and transaction. Their events are still
 * in D1, perhaps changed since, and are archived again when their time comes.
 */
export async function dropPending(database: Database, archive: Archive | null): Promise<void> {
  if (archive === null) return;
  const pending = await database.rows<{ name: string }>(
    sql`SELECT name FROM archive_pending LIMIT ${RANGE_ROWS_MAX}`,
  );
  if (pending.length === 0) return;
  const names = pending.map(({ name }) => name);
  await archive.remove(names);
  await database.transaction([
    sql`DELETE FROM archive_pending WHERE name IN (SELECT value FROM json_each(${JSON.stringify(names)}))`,
  ]);
}

async function firstRange(
  database: Database,
  overdue: Overdue,
  after: number | null,
  isArchived: boolean,
): Promise<readonly Candidate[]> {
  const { key, from, where } = await selectOverdue(database, overdue, after);
  const { kind } = overdue.group;
  const objects = objectColumns(kind);
  const bytes = [
    ...LARGE_COLUMNS[kind].map((column) => `coalesce(octet_length(t.${column}), 0)`),
    // How large an object is, only R2 knows: an event is bounded at a megabyte.
    ...objects.map((column) => `(t.${column} IS NOT NULL) * ${RANGE_BYTES_MAX}`),
  ];
  const found = await database.rows<Candidate>(
    sql`SELECT t.seq AS seq, t.revision AS revision, t.archived_revision IS t.revision AS archived,
      ${sql.raw([`${bytes.join(' + ')} AS bytes`, ...objects.map((column) => `t.${column} AS ${column}`)].join(', '))} FROM ${from} WHERE ${where} ORDER BY ${key} LIMIT ${RANGE_ROWS_MAX}`,
  );
  if (!isArchived) return found;
  const hour = hourOf(found[0]?.seq ?? 0);
  let room = RANGE_BYTES_MAX;
  const end = found.findIndex((candidate, place) => {
    room -= candidate.bytes;
    return hourOf(candidate.seq) !== hour || (room < 0 && place > 0);
  });
  return end === -1 ? found : found.slice(0, end);
}

function hourOf(key: number): number {
  return Math.floor(timeOfKey(key) / HOUR);
}

/** @throws Error when a row names an object and there is no bucket: its value would be lost */
async function readRows(
  { database, payloads }: RetentionStores,
  kind: Kind,
  wanted: readonly Candidate[],
): Promise<readonly EventRow[]> {
  if (wanted.length === 0) return [];
  const seqs = JSON.stringify(wanted.map(({ seq }) => seq));
  const rows = await database.rows<EventRow>(
    sql`SELECT t.* FROM json_each(${seqs}) l CROSS JOIN ${sql.raw(TABLES[kind].rows)} t ON t.seq = l.value ORDER BY t.seq`,
  );
  return Promise.all(
    rows.map(async (row) => {
      if (objectsOf(row).length === 0) return row;
      if (payloads === null)
        throw new Error('the bucket PAYLOADS is not bound, though rows name its objects');
      return withLargeValues(payloads, row);
    }),
  );
}

/** Puts rows into the archive; D1 knows the object's name before there is an object, so that none is forgotten. */
async function keepArchived(
  database: Database,
  archive: Archive | null,
  kind: Kind,
  rows: readonly EventRow[],
): Promise<string | null> {
  if (archive === null || rows.length === 0) return null;
  const events = rows.map((row): ArchivedEvent => ({
    key: row.seq,
    event: fromRow(kind, row as never),
  }));
  const object = await archive.pack(kind, events);
  await database.transaction([
    sql`INSERT INTO archive_pending (name) VALUES (${object.name}) ON CONFLICT DO NOTHING`,
  ]);
  await archive.put(object);
  return object.name;
}

/** The time keys of a range, as long as all of its rows have these revisions; else none. */
function unchanged(kind: Kind, revisions: readonly (readonly [number, number])[]): SQL {
  const list = JSON.stringify(revisions);
  return sql`(SELECT l.value ->> 0 FROM json_each(${list}) l WHERE ${revisions.length} = (
    SELECT count(*) FROM json_each(${list}) m CROSS JOIN ${sql.raw(TABLES[kind].rows)} r
      ON r.seq = m.value ->> 0 AND r.revision = m.value ->> 1))`;
}
