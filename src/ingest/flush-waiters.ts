/** Waiting for flushes: callers wait for theirs, and a flush itself waits for D1; nobody waits without end. */
import { StoreFailure } from '../query/event-reader.ts';
import { inTime } from '../query/in-time.ts';

/** How long `wait` waits for the flush, in milliseconds (contracts/events.md). */
const WAIT_MILLISECONDS_MAX = 10_000;

/** How long one flush may take, in milliseconds: D1 ends a batch after 30 seconds, so a longer one has lost its answer. */
const FLUSH_MILLISECONDS_MAX = 45_000;

/** Those who wait until the log was flushed through a number. */
export class FlushWaiters {
  #waiting: { readonly number: number; readonly flushed: () => void }[] = [];

  /** Whether the entry with a number was flushed in time. */
  wait(number: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), WAIT_MILLISECONDS_MAX);
      const flushed = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      this.#waiting.push({ number, flushed });
    });
  }

  /** Tells those whose entry is among what was flushed. */
  tell(through: number): void {
    for (const waiter of this.#waiting) if (waiter.number <= through) waiter.flushed();
    this.#waiting = this.#waiting.filter((waiter) => waiter.number > through);
  }
}

/**
 * Gives up on an answer that does not come. What it may still do is harmless: a flush can be repeated, and one that
 * comes after a later one is refused by its number.
 * @throws StoreFailure `busy` then
 */
export function withinTime<T>(flush: Promise<T>): Promise<T> {
  return inTime(flush, FLUSH_MILLISECONDS_MAX, () => new StoreFailure('busy', 'flush timed out'));
}
