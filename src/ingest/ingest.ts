/** The ingest object: the one writer of a database. It logs, answers, and then flushes; the verbs are files beside it. */
import { DurableObject } from 'cloudflare:workers';
import type { Kind } from '../event/event.ts';
import type { IntakeResult, Receipt } from '../event/intake.ts';
import type { Bounds } from '../query/bounds.ts';
import { seriesOf, sumOf, type Counts } from '../query/counts.ts';
import type { Resent } from '../query/dead-letters.ts';
import { StoreFailure } from '../query/event-reader.ts';
import type { WriterState } from '../query/writer-monitor.ts';
import { openDatabase } from '../store/database.ts';
import { openPayloadObjects } from '../store/payload-objects.ts';
import { searchSettings } from '../store/text-index.ts';
import { openEventWriter, type EventWriter } from '../store/event-writer.ts';
import { FlushWaiters, withinTime } from './flush-waiters.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { ParkedEvents } from './parked-events.ts';
import { flushOldest, ParkedFull, type Ledger } from './persist.ts';
import { RunningCounts } from './running-counts.ts';
import { WriterOrder } from './writer-order.ts';
import { identitiesOf, WriteAheadLog, type Entry } from './write-ahead-log.ts';

/** When the safety net looks after the log, in milliseconds after it was armed. */
const ALARM_DELAY = 10_000;

/** The pauses after failed flushes, in milliseconds: D1 recovers sooner when it is left alone. */
const RETRY_DELAY_FIRST = 250;
const RETRY_DELAY_MAX = 30_000;

/** What the Worker hands to the object. */
export type Append = {
  readonly entries: readonly Entry[];
  readonly receipt: Receipt;
  readonly idempotency: { readonly credential: string; readonly key: string } | null;
  readonly wait: boolean;
  /** What the call counts when it is kept. */
  readonly counts: Counts;
};

/** What became of it: the receipt to show, or after how many seconds to come back. */
export type Appended = IntakeResult & { readonly outcome: 'kept' | 'behind' };

/** The bindings that the object uses. */
export type IngestEnv = {
  readonly DB: D1Database;
  readonly PAYLOADS?: R2Bucket;
  readonly SEARCH_INDEX?: string;
  readonly SEARCH_TEXT_CHARACTERS?: string;
};

/** One for each D1 database. */
export class Ingest extends DurableObject<IngestEnv> {
  readonly #log: WriteAheadLog;
  readonly #parked: ParkedEvents;
  readonly #counts: RunningCounts;
  readonly #order: WriterOrder;
  readonly #idempotencyKeys: IdempotencyKeys;
  #flushing: Promise<void> | null = null;
  #failures = 0;
  #retryAt = 0;
  #alarmAt = 0;
  #bookmark: string | null = null;
  readonly #waiters = new FlushWaiters();

  constructor(state: DurableObjectState, env: IngestEnv) {
    super(state, env);
    this.#log = new WriteAheadLog(state.storage.sql);
    this.#parked = new ParkedEvents(state.storage.sql);
    this.#counts = new RunningCounts(state.storage.sql);
    this.#order = new WriterOrder(state.storage.sql);
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
    if (this.#log.fullness(now) > 1) {
      this.#flushSoon();
      this.#counts.add({ [seriesOf('events_rejected', 'behind')]: append.receipt.accepted });
      return { outcome: 'behind', retryAfterSeconds: this.#retryAfterSeconds(now) };
    }
    // As a whole or not at all: a call whose second entry cannot be written must not leave its first.
    const number = this.ctx.storage.transactionSync(() => {
      const last = this.#log.append(append.entries, now, append.counts);
      if (idempotency !== null)
        this.#idempotencyKeys.remember(idempotency.credential, idempotency.key, append.receipt, now);
      return last;
    });
    this.#flushSoon();
    if (!append.wait) return { outcome: 'kept', receipt: append.receipt, bookmark: null };
    const readable = await this.#isReadable(number, append.entries);
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
      if (!(await this.#waiters.wait(number))) return false;
    }
    try {
      await withinTime(this.#openWriter(this.env.DB).remove(kind, ids, bounds, this.#order.next()));
      return true;
    } catch (error) {
      console.error(JSON.stringify({ message: 'removal failed', error: String(error) }));
      return false;
    }
  }

  /** How the object is (`WriterMonitor.state`); being asked, it looks after its log. */
  state(): WriterState {
    if (this.#log.newest() !== null) this.#flushSoon();
    const { count, bytes } = this.#parked.held();
    return {
      backlog: { ...this.#log.backlog(), fullness: this.#log.fullness(Date.now()) },
      deadLetters: { count, bytes, fullness: this.#parked.fullness() },
      lastFlush: this.#counts.lastFlush,
    };
  }

  /** Takes over what a Worker counted, and gives all sums (`WriterMonitor.counts`). */
  countsWith(counts: Counts): Counts {
    this.count(counts);
    return sumOf([this.#counts.counts, this.#log.waitingCounts()]);
  }

  /** Takes over what a Worker counted. */
  count(counts: Counts): void {
    if (Object.keys(counts).length > 0) this.#counts.addAndSave(counts, Date.now());
  }

  /** A page of dead letters (`DeadLetters.page`) as JSON, since the types of calls end at what nests without end. */
  letters(limit: number, before: number | null, bounds: Bounds): string {
    return JSON.stringify(this.#parked.page(limit, before, bounds));
  }

  /** One dead letter or null (`DeadLetters.find`), as JSON. */
  letter(number: number, bounds: Bounds): string {
    return JSON.stringify(this.#parked.find(number, bounds));
  }

  /** Moves a dead letter back into the log (`DeadLetters.resend`): it is never in both, and never in neither. */
  async resend(number: number, bounds: Bounds, wait: boolean): Promise<Resent> {
    const now = Date.now();
    if (this.#log.fullness(now) > 1)
      return { outcome: 'behind', retryAfterSeconds: this.#retryAfterSeconds(now) };
    const counts = { [seriesOf('dead_letters_moved', 'resent')]: 1 };
    const moved = this.ctx.storage.transactionSync(() => {
      const row = this.#parked.take(number, bounds);
      if (row === null) return null;
      const entries = [{ body: JSON.stringify([row]), events: 1 }];
      return { entries, last: this.#log.append(entries, now, counts) };
    });
    if (moved === null) return { outcome: 'unknown' };
    this.#flushSoon();
    return { outcome: 'resent', readable: wait ? await this.#isReadable(moved.last, moved.entries) : null };
  }

  /** Forgets a dead letter (`DeadLetters.drop`). */
  drop(number: number, bounds: Bounds): boolean {
    const isDropped = this.#parked.take(number, bounds) !== null;
    if (isDropped) this.count({ [seriesOf('dead_letters_moved', 'dropped')]: 1 });
    return isDropped;
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
    const ledger: Ledger = {
      log: this.#log,
      parked: this.#parked,
      counts: this.#counts,
      nextNumber: () => this.#order.next(),
      atomically: (change) => this.ctx.storage.transactionSync(change),
    };
    try {
      for (;;) {
        const flushedThrough = await withinTime(flushOldest(ledger, writer));
        this.#bookmark = session.getBookmark();
        this.#failures = 0;
        this.#retryAt = 0;
        if (flushedThrough === null) return;
        this.#waiters.tell(flushedThrough);
      }
    } catch (error) {
      const delay = Math.min(RETRY_DELAY_FIRST * 2 ** this.#failures, RETRY_DELAY_MAX);
      this.#failures += 1;
      this.#retryAt = Date.now() + delay;
      this.#alarmAt = this.#retryAt;
      await this.ctx.storage.setAlarm(this.#retryAt);
      const outcome = outcomeOf(error);
      this.#counts.add({ [seriesOf('flushes', outcome)]: 1 });
      this.#counts.save(Date.now());
      console.error(
        JSON.stringify({
          message: 'flush failed',
          outcome,
          failures: this.#failures,
          retry_in_ms: delay,
          error: String(error),
        }),
      );
    }
  }

  #openWriter(d1: D1Database | D1DatabaseSession): EventWriter {
    const { PAYLOADS } = this.env;
    const payloads = PAYLOADS === undefined ? null : openPayloadObjects(PAYLOADS);
    return openEventWriter(openDatabase(d1, this.#counts.meter, searchSettings(this.env)), payloads);
  }

  /** Arms the alarm unless one is due soon: one written row in ten seconds, not one for each event. */
  #armAlarm(): void {
    const now = Date.now();
    if (this.#alarmAt > now) return;
    this.#alarmAt = now + ALARM_DELAY;
    void this.ctx.storage.setAlarm(this.#alarmAt);
  }

  /** Whether entries, of which the last has this number, were flushed in time, and none of their events was refused. */
  async #isReadable(last: number, entries: readonly Entry[]): Promise<boolean> {
    const parkedBefore = this.#parked.newest();
    if (!(await this.#waiters.wait(last))) return false;
    if (this.#parked.newest() <= parkedBefore) return true;
    const own = new Set(entries.flatMap(({ body }) => identitiesOf(JSON.parse(body))));
    return !identitiesOf(this.#parked.since(parkedBefore)).some((identity) => own.has(identity));
  }

  #retryAfterSeconds(now: number): number {
    return Math.max(1, Math.ceil((this.#retryAt - now) / 1000));
  }
}

/** What a failed flush is counted as. */
function outcomeOf(error: unknown): 'busy' | 'failed' | 'full' {
  if (error instanceof ParkedFull) return 'full';
  return error instanceof StoreFailure && error.reason === 'busy' ? 'busy' : 'failed';
}
