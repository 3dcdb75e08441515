/** The running counts: an operator's sums in one row of the object's SQLite, so that no eviction sets them back. */
import { spentOf, sumOf, type Counts } from '../query/counts.ts';
import { createMeter, type Meter } from '../query/meter.ts';
import type { WriterState } from '../query/writer-monitor.ts';

/** How often counts are saved that no flush carries along, in milliseconds: six written rows a minute at most. */
const SAVE_MILLISECONDS = 10_000;

type Saved = { readonly counts: Counts; readonly lastFlush: WriterState['lastFlush'] };

/**
 * Sums over the storage of one object. They are changed in memory and saved by one written row with each flush,
 * however many events that has. What an acknowledged call counts waits in the log until then, beside its events.
 */
export class RunningCounts {
  /** What the object itself spends in D1; it counts with the rest. */
  readonly meter: Meter = createMeter();
  readonly #sql: SqlStorage;
  #counts: Counts;
  #lastFlush: WriterState['lastFlush'];
  #savedAt = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(
      'CREATE TABLE IF NOT EXISTS counts (one INTEGER PRIMARY KEY CHECK (one = 1), saved TEXT NOT NULL)',
    );
    const [row] = sql.exec<{ saved: string }>('SELECT saved FROM counts').toArray();
    const saved = row === undefined ? null : (JSON.parse(row.saved) as Saved);
    this.#counts = saved?.counts ?? {};
    this.#lastFlush = saved?.lastFlush ?? null;
  }

  /** The sums so far. */
  get counts(): Counts {
    return sumOf([this.#counts, spentOf(this.meter, 'writer')]);
  }

  /** The newest flush that D1 took. */
  get lastFlush(): WriterState['lastFlush'] {
    return this.#lastFlush;
  }

  /** Adds in memory; it is saved with the next flush. */
  add(counts: Counts): void {
    this.#counts = sumOf([this.#counts, counts]);
  }

  /** Adds, and saves unless that was done just now. */
  addAndSave(counts: Counts, now: number): void {
    this.add(counts);
    if (now - this.#savedAt >= SAVE_MILLISECONDS) this.save(now);
  }

  /** Notes a flush that D1 took. */
  noteFlush(at: number, lagMilliseconds: number): void {
    this.#lastFlush = { at, lagMilliseconds };
  }

  /** Writes the one row. */
  save(now: number): void {
    this.#savedAt = now;
    this.#counts = this.counts;
    Object.assign(this.meter, createMeter());
    const saved: Saved = { counts: this.#counts, lastFlush: this.#lastFlush };
    this.#sql.exec('INSERT OR REPLACE INTO counts (one, saved) VALUES (1, ?)', JSON.stringify(saved));
  }
}
