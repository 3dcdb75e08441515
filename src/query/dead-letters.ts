/** The port to the dead letters: events that were acknowledged and that D1 refuses for good. Nothing drops them unasked. */
import type { Event } from '../event/event.ts';
import type { Bounds } from './bounds.ts';

/** One event that was put aside. */
export type DeadLetter = {
  /** Rises with every letter, and is never given again. */
  readonly number: number;
  /** Epoch milliseconds. */
  readonly parkedAt: number;
  /** The database's own sentence, which names tables and columns and holds nothing of the event. */
  readonly reason: string;
  /** The event's size as it is kept. */
  readonly bytes: number;
  readonly event: Event;
};

/** A page of letters, and after which number the next begins; null when nothing follows. */
export type LetterPage = { readonly letters: readonly DeadLetter[]; readonly next: number | null };

/** What became of a letter that was sent again: `readable` is null where nobody waited for it. */
export type Resent =
  | { readonly outcome: 'resent'; readonly readable: boolean | null }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'behind'; readonly retryAfterSeconds: number };

/** Lists, re-sends and drops dead letters. A letter outside the bounds is unknown. Throws when the writer is gone. */
export interface DeadLetters {
  /**
   * The newest letters first; fewer than `limit` where their bytes would be too many for one answer.
   * @param before only letters with smaller numbers; null begins at the newest
   */
  page(limit: number, before: number | null, bounds: Bounds): Promise<LetterPage>;
  /** One letter; null when there is none. */
  find(number: number, bounds: Bounds): Promise<DeadLetter | null>;
  /**
   * Moves a letter back into the log, from where it goes to D1 as if it had just arrived.
   * @param wait whether to answer only once D1 has taken or refused it
   */
  resend(number: number, bounds: Bounds, wait: boolean): Promise<Resent>;
  /** Forgets a letter for good; false when there is none. */
  drop(number: number, bounds: Bounds): Promise<boolean>;
}
