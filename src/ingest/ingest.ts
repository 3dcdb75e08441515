/** The ingest object: the one writer of a database. It logs, answers, and then flushes; the verbs are files beside it. */
import { DurableObject } from 'cloudflare:workers';
import type { Kind } from '../event/event.ts';
import type { IntakeResult, Receipt } from '../event/intake.ts';
import type { Bounds } from '../query/bounds.ts';
import { createMeter } from '../query/meter.ts';
import { openDatabase } from '../store/database.ts';
import { searchSettings } from '../store/text-index.ts';
import { openEventWriter, type EventWriter } from '../store/event-writer.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { flushOldest } from './persist.ts';
import { WriteAheadLog, type Entry } from './write-ahead-log.ts';

/** Logged bytes above which nothing more is taken in (platform.md, 7.9). */
const BACKLOG_BYTES_MAX = 16_000_000;

/** Age of the oldest logged event above which nothing more is taken in, in milliseconds. */
const BACKLOG_AGE_MAX = 60_000;

/** How long `wait` waits for the flush, in milliseconds (contracts/events.md). */
const WAIT_MILLISECONDS_MAX = 10_000;

/** When the safety net looks after the log, in milliseconds after it was armed. */
const ALARM_DELAY = 10_000;

/** The pauses after failed flushes, in milliseconds: D1 recovers sooner when it is left alone. */
const RETRY_DELAY_FIRST = 250;
const RETRY_DELAY_MAX = 30_000;

/** How long one flush may take, in milliseconds: D1 ends a batch after 30 seconds, so a longer one has lost its answer. */
const FLUSH_MILLISECONDS_MAX = 45_000;

/** What the Worker hands to the object. */
export type Append = {
  readonly entries: readonly Entry[];
  readonly receipt: Receipt;
  readonly idempotency: { readonly credential: string; readonly key: string } | null;
  readonly wait: boolean;
};

/** What became of it: the receipt to show, or after how many seconds to come back. */
export type Appended = IntakeResult & { readonly outcome: 'kept' | 'behind' };

/** The bindings that the object uses. */
export type IngestEnv = {
  readonly DB: D1Database;
  readonly SEARCH_INDEX?: string;
  readonly SEARCH_TEXT_CHARACTERS?: string;
};

/** One for each D1 database. */
export class Ingest extends DurableObject<IngestEnv> {
  readonly #log: WriteAheadLog;
  readonly #idempotencyKeys: IdempotencyKeys;
  #flushing: Promise<void> | null = null;
  #failures = 0;
  #retryAt = 0;
  #alarmAt = 0;
  #bookmark: string | null = null;
  #waiting: { readonly number: number; readonly flushed: () => void }[] = [];

  constructor(state: DurableObjectState, env: IngestEnv) {
    super(state, env);
    this.#log = new WriteAheadLog(state.storage.sql);
    this.#idempotencyKeys = new IdempotencyKeys(state.storage.sql);
    // Whatever an earlier life left behind is flushed as soon as the object lives again.
    if (this.#log.backlog().oldest !== null) this.#flushSoon();
  }

  /** Logs entries durably: the output gate holds the answer until the write is safe. Then it flushes. */
  async append(append: Append): Promise<Appended> {
    const now = Date.now();
    const { idempotency } = append;
    const answered = idempotency && this.#idempotencyKeys.find(idempotency.credential, idempotency.key, now);
    if (answered !== null) return { outcome: 'kept', receipt: answered, bookmark: null };
    const { bytes, oldest } = this.#log.backlog();
    if (bytes > BACKLOG_BYTES_MAX || (oldest !== null && now - oldest > BACKLOG_AGE_MAX)) {
      this.#flushSoon();
      return { outcome: 'behind', retryAfterSeconds: this.#retryAfterSeconds(now) };
    }
    const number = this.#log.append(append.entries, now);
    if (idempotency !== null)
      this.#idempotencyKeys.remember(idempotency.credential, idempotency.key, append.receipt, now);
    this.#flushSoon();
    if (!append.wait) return { outcome: 'kept', receipt: append.receipt, bookmark: null };
    const readable = await this.#waitForFlush(number);
    return {
      outcome: 'kept',
      receipt: { ...append.receipt, readable },
      bookmark: readable ? this.#bookmark : null,
    };
  }

  /**
   * Removes events, after everything that was logged before has reached D1, so that none of it comes back.
   * @returns false when D1 cannot take the log now
   */
  async remove(kind: Kind, ids: readonly string[], bounds: Bounds): Promise<boolean> {
    const number = this.#log.newest();
    if (number !== null) {
      this.#flushSoon();
      if (!(await this.#waitForFlush(number))) return false;
    }
    try {
      await this.#openWriter(this.env.DB).remove(kind, ids, bounds);
      return true;
    } catch (error) {
      console.error(JSON.stringify({ message: 'removal failed', error: String(error) }));
      return false;
    }
  }

  /** Answers that the object lives; waking it up makes it look after its log. */
  ping(): void {
    this.#flushSoon();
  }

  /** The safety net: flushes what an eviction or a failure left. It never throws, since retries of alarms end. */
  override async alarm(): Promise<void> {
    this.#alarmAt = 0;
    this.#retryAt = 0;
    await this.#flush();
  }

  #flushSoon(): void {
    if (this.#flushing !== null) return;
    this.#armAlarm();
    if (Date.now() >= this.#retryAt) this.ctx.waitUntil(this.#flush());
  }

  /** Flushes until the log is empty or D1 fails; one flush at a time. */
  #flush(): Promise<void> {
    this.#flushing ??= this.#drain().finally(() => {
      this.#flushing = null;
    });
    return this.#flushing;
  }

  async #drain(): Promise<void> {
    const session = this.env.DB.withSession('first-primary');
    const writer = this.#openWriter(session);
    try {
      for (;;) {
        const flushedThrough = await withinTime(flushOldest(this.#log, writer));
        this.#bookmark = session.getBookmark();
        this.#failures = 0;
        this.#retryAt = 0;
        if (flushedThrough === null) return;
        this.#tellWaiting(flushedThrough);
      }
    } catch (error) {
      const delay = Math.min(RETRY_DELAY_FIRST * 2 ** this.#failures, RETRY_DELAY_MAX);
      this.#failures += 1;
      this.#retryAt = Date.now() + delay;
      this.#alarmAt = this.#retryAt;
      await this.ctx.storage.setAlarm(this.#retryAt);
      console.error(
        JSON.stringify({ message: 'flush failed', failures: this.#failures, error: String(error) }),
      );
    }
  }

  #openWriter(d1: D1Database | D1DatabaseSession): EventWriter {
    return openEventWriter(openDatabase(d1, createMeter(), searchSettings(this.env)));
  }

  /** Arms the alarm unless one is due soon: one written row in ten seconds, not one for each event. */
  #armAlarm(): void {
    const now = Date.now();
    if (this.#alarmAt > now) return;
    this.#alarmAt = now + ALARM_DELAY;
    void this.ctx.storage.setAlarm(this.#alarmAt);
  }

  /** Whether the entry with a number was flushed in time. */
  #waitForFlush(number: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), WAIT_MILLISECONDS_MAX);
      const flushed = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#waiting.push({ number, flushed });
    });
  }

  #tellWaiting(flushedThrough: number): void {
    for (const waiter of this.#waiting) if (waiter.number <= flushedThrough) waiter.flushed();
    this.#waiting = this.#waiting.filter((waiter) => waiter.number > flushedThrough);
  }

  #retryAfterSeconds(now: number): number {
    return Math.max(1, Math.ceil((this.#retryAt - now) / 1000));
  }
}

/** Gives up on an answer that does not come; what it may still do is harmless, since a flush can be repeated. */
async function withinTime<T>(flush: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('flush timed out')), FLUSH_MILLISECONDS_MAX);
  });
  try {
    return await Promise.race([flush, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
