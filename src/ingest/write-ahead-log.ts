/** The write-ahead log: what was acknowledged and is not in D1 yet, in the object's own SQLite. */
import type { Kind } from '../event/event.ts';
import type { RowValues } from '../store/event-rows.ts';

/** The most bytes of one entry, unless a single event is larger: small enough to re-read in one go. */
export const ENTRY_BYTES_MAX = 256_000;

/** The largest event in the log and in D1, in bytes: a row, a value and a parameter of D1 end at 2,000,000. */
export const ROW_BYTES_MAX = 1_900_000;

/** One logged event: its kind and its row. */
export type LoggedRow = readonly [kind: Kind, row: RowValues];

/** One entry of the log: the JSON text of a `LoggedRow[]`. */
export type Entry = { readonly body: string; readonly events: number };

/** An entry with its number, which is never used again, even after the log was drained. */
export type NumberedEntry = Entry & { readonly number: number; readonly bytes: number };

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
      number INTEGER PRIMARY KEY AUTOINCREMENT, received_at INTEGER NOT NULL, events INTEGER NOT NULL, body TEXT NOT NULL)`);
    sql.exec(`CREATE TABLE IF NOT EXISTS parked (
      number INTEGER PRIMARY KEY AUTOINCREMENT, parked_at INTEGER NOT NULL, reason TEXT NOT NULL, body TEXT NOT NULL)`);
    this.#bytes = this.#bytesThrough(Number.MAX_SAFE_INTEGER);
  }

  /** Appends entries; returns the number of the last. */
  append(entries: readonly Entry[], receivedAt: number): number {
    let last = 0;
    for (const entry of entries) {
      const row = this.#sql
        .exec<{ number: number; bytes: number }>(
          'INSERT INTO wal (received_at, events, body) VALUES (?, ?, ?) RETURNING number, octet_length(body) AS bytes',
          receivedAt,
          entry.events,
          entry.body,
        )
        .one();
      last = row.number;
      this.#bytes += row.bytes;
    }
    return last;
  }

  /** The oldest entries, at least one where there is any, until they hold that many events or bytes. */
  oldest(eventsMax: number, bytesMax: number): readonly NumberedEntry[] {
    const taken: NumberedEntry[] = [];
    let events = 0;
    let bytes = 0;
    for (const row of this.#sql.exec<NumberedEntry>(
      'SELECT number, events, octet_length(body) AS bytes, body FROM wal ORDER BY number',
    )) {
      events += row.events;
      bytes += row.bytes;
      if (taken.length > 0 && (events > eventsMax || bytes > bytesMax)) break;
      taken.push(row);
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

  /** Forgets the entries up to a number. */
  removeThrough(number: number): void {
    this.#bytes -= this.#bytesThrough(number);
    this.#sql.exec('DELETE FROM wal WHERE number <= ?', number);
  }

  /** Puts one event aside that D1 refuses for good, where an operator can see it. */
  park(row: LoggedRow, reason: string, now: number): void {
    this.#sql.exec(
      'INSERT INTO parked (parked_at, reason, body) VALUES (?, ?, ?)',
      now,
      reason,
      JSON.stringify(row),
    );
  }

  /** How much waits. */
  backlog(): Backlog {
    const [row] = this.#sql
      .exec<{ received_at: number }>('SELECT received_at FROM wal ORDER BY number LIMIT 1')
      .toArray();
    return { bytes: this.#bytes, oldest: row?.received_at ?? null };
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
