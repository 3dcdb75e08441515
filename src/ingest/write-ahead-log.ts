/** The write-ahead log: what was acknowledged and is not in D1 yet, in the object's own SQLite. */
import type { Kind } from '../event/event.ts';
import { sumOf, type Counts } from '../query/counts.ts';
import type { RowValues } from '../store/event-rows.ts';

/** The most bytes of one entry, unless a single event is larger: small enough to re-read in one go. */
export const ENTRY_BYTES_MAX = 256_000;

/** The largest event in the log and in D1, in bytes: a row, a value and a parameter of D1 end at 2,000,000. */
export const ROW_BYTES_MAX = 1_900_000;

/** Logged bytes above which nothing more is taken in (platform.md, 7.9). */
const BACKLOG_BYTES_MAX = 16_000_000;

/** Age of the oldest logged event above which nothing more is taken in, in milliseconds. */
const BACKLOG_AGE_MAX = 60_000;

/** One logged event: its kind and its row. */
export type LoggedRow = readonly [kind: Kind, row: RowValues];

/** One entry of the log: the JSON text of a `LoggedRow[]`. */
export type Entry = { readonly body: string; readonly events: number };

/** An entry with its number, which is never used again, even after the log was drained. */
export type NumberedEntry = Entry & {
  readonly number: number;
  readonly bytes: number;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** What its call counted; it stands in the first entry of a call. */
  readonly counts: Counts;
};

type EntryRow = {
  number: number;
  events: number;
  bytes: number;
  body: string;
  received_at: number;
  counts: string | null;
};

/** What tells events apart: the kind, and what the store's unique keys hold. */
export function identitiesOf(rows: readonly LoggedRow[]): readonly string[] {
  return rows.map(([kind, row]) => JSON.stringify([kind, ...row.slice(0, 3)]));
}

/** How much waits: bytes of text, and when the oldest of it was received, in epoch milliseconds. */
export type Backlog = { readonly bytes: number; readonly oldest: number | null };

/** The log over the storage of one object. Nothing here awaits, so each call is one atomic change. */
export class WriteAheadLog {
  readonly #sql: SqlStorage;
  /** Kept in memory, since the sum over all entries would be read anew for each call. */
  #bytes: number;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    // AUTOINCREMENT: a plain key would be given out again after a drain.
    sql.exec(`CREATE TABLE IF NOT EXISTS wal (
      number INTEGER PRIMARY KEY AUTOINCREMENT, received_at INTEGER NOT NULL, events INTEGER NOT NULL, body TEXT NOT NULL,
      counts TEXT)`);
    // Objects that are older than the counts have a log without them.
    const columns = sql.exec<{ name: string }>("SELECT name FROM pragma_table_info('wal')").toArray();
    if (!columns.some(({ name }) => name === 'counts')) sql.exec('ALTER TABLE wal ADD COLUMN counts TEXT');
    this.#bytes = this.#bytesThrough(Number.MAX_SAFE_INTEGER);
  }

  /**
   * Appends entries; returns the number of the last.
   * @param counts what their call counted, which is as durable as they are
   */
  append(entries: readonly Entry[], receivedAt: number, counts: Counts = {}): number {
    let [last, bytes] = [0, 0];
    for (const [place, entry] of entries.entries()) {
      const row = this.#sql
        .exec<{ number: number; bytes: number }>(
          'INSERT INTO wal (received_at, events, body, counts) VALUES (?, ?, ?, ?) RETURNING number, octet_length(body) AS bytes',
          receivedAt,
          entry.events,
          entry.body,
          place === 0 ? JSON.stringify(counts) : null,
        )
        .one();
      last = row.number;
      bytes += row.bytes;
    }
    this.#bytes += bytes;
    return last;
  }

  /** The oldest entries, at least one where there is any, until they hold that many events or bytes. */
  oldest(eventsMax: number, bytesMax: number): readonly NumberedEntry[] {
    const taken: NumberedEntry[] = [];
    let events = 0;
    let bytes = 0;
    for (const row of this.#sql.exec<EntryRow>(
      'SELECT number, received_at, events, counts, octet_length(body) AS bytes, body FROM wal ORDER BY number',
    )) {
      events += row.events;
      bytes += row.bytes;
      if (taken.length > 0 && (events > eventsMax || bytes > bytesMax)) break;
      const { received_at: receivedAt, counts, ...entry } = row;
      taken.push({ ...entry, receivedAt, counts: counts === null ? {} : (JSON.parse(counts) as Counts) });
    }
    return taken;
  }

  /** The number of the newest entry, null when none waits. */
  newest(): number | null {
    const [row] = this.#sql
      .exec<{ number: number }>('SELECT number FROM wal ORDER BY number DESC LIMIT 1')
      .toArray();
    return row?.number ?? null;
  }

  /** The number of the oldest entry, null when none waits. */
  oldestNumber(): number | null {
    const [row] = this.#sql
      .exec<{ number: number }>('SELECT number FROM wal ORDER BY number LIMIT 1')
      .toArray();
    return row?.number ?? null;
  }

  /** Forgets the entries up to a number. */
  removeThrough(number: number): void {
    this.#bytes -= this.#bytesThrough(number);
    this.#sql.exec('DELETE FROM wal WHERE number <= ?', number);
  }

  /** What the calls counted whose entries still wait. */
  waitingCounts(): Counts {
    const rows = this.#sql
      .exec<{ series: string; amount: number }>(
        'SELECT key AS series, sum(value) AS amount FROM wal, json_each(wal.counts) WHERE wal.counts IS NOT NULL GROUP BY key',
      )
      .toArray();
    return sumOf(rows.map(({ series, amount }) => ({ [series]: amount })));
  }

  /** How much waits. */
  backlog(): Backlog {
    const [row] = this.#sql
      .exec<{ received_at: number }>('SELECT received_at FROM wal ORDER BY number LIMIT 1')
      .toArray();
    return { bytes: this.#bytes, oldest: row?.received_at ?? null };
  }

  /** How full it is, by bytes or by age, whichever is more: beyond 1, nothing more is taken in. */
  fullness(now: number): number {
    const { bytes, oldest } = this.backlog();
    return Math.max(bytes / BACKLOG_BYTES_MAX, oldest === null ? 0 : (now - oldest) / BACKLOG_AGE_MAX);
  }

  #bytesThrough(number: number): number {
    return this.#sql
      .exec<{ bytes: number }>(
        'SELECT coalesce(sum(octet_length(body)), 0) AS bytes FROM wal WHERE number <= ?',
        number,
      )
      .one().bytes;
  }
}
