/** The parked events: what D1 refuses for good, in the object's own SQLite, until an operator decides about it. */
import { withinBounds, type Bounds } from '../query/bounds.ts';
import type { DeadLetter, LetterPage } from '../query/dead-letters.ts';
import { ALL_TIME } from '../query/filter.ts';
import { matches } from '../query/matches.ts';
import { arrivalOfRow } from '../store/event-rows.ts';
import type { LoggedRow } from './write-ahead-log.ts';

/** The most parked events: that many are no accident of single events, but a fault that somebody must look at. */
export const PARKED_EVENTS_MAX = 10_000;

/** The most bytes of them: far below the 10 GB of an object, and as much again as the log may hold, four times. */
export const PARKED_BYTES_MAX = 64_000_000;

/** Bytes of one page, unless a single event is larger: an answer between a Worker and an object ends at 32 MiB. */
const PAGE_BYTES_MAX = 4_000_000;

/** Letters that one page looks at: a narrow credential goes on from the cursor. */
const PAGE_LOOKED_AT_MAX = 2000;

/** The longest sentence that is kept beside an event, in characters. */
const REASON_CHARACTERS_MAX = 500;

/** An event to park, and what the database said. */
export type Refused = { readonly row: LoggedRow; readonly reason: string };

type ParkedRow = { number: number; parked_at: number; reason: string; body: string; bytes: number };

/** The parked events over the storage of one object. Nothing here awaits, so each call is one atomic change. */
export class ParkedEvents {
  readonly #sql: SqlStorage;
  /** How much is held; null until it is asked for, since most objects hold nothing. */
  #held: { count: number; bytes: number } | null = null;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS parked (
      number INTEGER PRIMARY KEY AUTOINCREMENT, parked_at INTEGER NOT NULL, reason TEXT NOT NULL, body TEXT NOT NULL)`);
  }

  /** How much is held: events, and bytes of text. */
  held(): { readonly count: number; readonly bytes: number } {
    this.#held ??= this.#sql
      .exec<{ count: number; bytes: number }>(
        'SELECT count(*) AS count, coalesce(sum(octet_length(body)), 0) AS bytes FROM parked',
      )
      .one();
    return this.#held;
  }

  /** How full it is, from 0 to 1 and a little beyond. */
  fullness(): number {
    const { count, bytes } = this.held();
    return Math.max(count / PARKED_EVENTS_MAX, bytes / PARKED_BYTES_MAX);
  }

  /** Puts events aside; false, and none of them, when they are more than may be held. */
  park(refused: readonly Refused[], now: number): boolean {
    if (refused.length === 0) return true;
    const bodies = refused.map(({ row, reason }) => ({ reason, body: JSON.stringify(row) }));
    const bytes = bodies.reduce((sum, { body }) => sum + bytesOf(body), 0);
    const held = this.held();
    if (held.count + bodies.length > PARKED_EVENTS_MAX || held.bytes + bytes > PARKED_BYTES_MAX) return false;
    for (const { reason, body } of bodies)
      this.#sql.exec(
        'INSERT INTO parked (parked_at, reason, body) VALUES (?, ?, ?)',
        now,
        reason.slice(0, REASON_CHARACTERS_MAX),
        body,
      );
    this.#held = { count: held.count + bodies.length, bytes: held.bytes + bytes };
    return true;
  }

  /** The number of the newest parked event, 0 when there is none. */
  newest(): number {
    return this.#sql.exec<{ newest: number }>('SELECT coalesce(max(number), 0) AS newest FROM parked').one()
      .newest;
  }

  /** The events that were parked after a number. */
  since(number: number): readonly LoggedRow[] {
    return this.#sql
      .exec<{ body: string }>('SELECT body FROM parked WHERE number > ?', number)
      .toArray()
      .map(({ body }) => JSON.parse(body) as LoggedRow);
  }

  /** The newest letters inside the bounds: see `DeadLetters.page`. */
  page(limit: number, before: number | null, bounds: Bounds): LetterPage {
    const letters: DeadLetter[] = [];
    let [bytes, lookedAt, last] = [0, 0, before];
    for (const row of this.#sql.exec<ParkedRow>(
      `SELECT number, parked_at, reason, body, octet_length(body) AS bytes FROM parked WHERE number < ?
        ORDER BY number DESC`,
      before ?? Number.MAX_SAFE_INTEGER,
    )) {
      const isFull = letters.length === limit || (letters.length > 0 && bytes + row.bytes > PAGE_BYTES_MAX);
      if (isFull || lookedAt === PAGE_LOOKED_AT_MAX) return { letters, next: last };
      lookedAt += 1;
      last = row.number;
      const letter = letterOf(row);
      if (!isInside(letter, bounds)) continue;
      letters.push(letter);
      bytes += row.bytes;
    }
    return { letters, next: null };
  }

  /** One letter; null when there is none inside the bounds. */
  find(number: number, bounds: Bounds): DeadLetter | null {
    const [row] = this.#sql
      .exec<ParkedRow>(
        'SELECT number, parked_at, reason, body, octet_length(body) AS bytes FROM parked WHERE number = ?',
        number,
      )
      .toArray();
    const letter = row === undefined ? null : letterOf(row);
    return letter !== null && isInside(letter, bounds) ? letter : null;
  }

  /** Takes an event out, and gives it; null when there is none inside the bounds. */
  take(number: number, bounds: Bounds): LoggedRow | null {
    const letter = this.find(number, bounds);
    if (letter === null) return null;
    const { count, bytes } = this.held();
    const { body } = this.#sql
      .exec<{ body: string }>('DELETE FROM parked WHERE number = ? RETURNING body', number)
      .one();
    this.#held = { count: count - 1, bytes: bytes - letter.bytes };
    return JSON.parse(body) as LoggedRow;
  }
}

function letterOf({ number, parked_at, reason, body, bytes }: ParkedRow): DeadLetter {
  const [kind, row] = JSON.parse(body) as LoggedRow;
  return { number, parkedAt: parked_at, reason, bytes, event: arrivalOfRow(kind, row).event };
}

function isInside({ event }: DeadLetter, bounds: Bounds): boolean {
  return matches(withinBounds({ time: ALL_TIME, conditions: [] }, bounds), event);
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
