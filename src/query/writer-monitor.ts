/** The port through which an operator looks at the writer: how far behind it is, and its sums. */
import type { Counts } from './counts.ts';

/** How the writer is. Times are epoch milliseconds. */
export type WriterState = {
  readonly backlog: {
    readonly bytes: number;
    /** When the oldest waiting event was received; null when none waits. */
    readonly oldest: number | null;
    /** How full the backlog is, by bytes or by age, whichever is more: from 1 on, nothing more is taken in. */
    readonly fullness: number;
  };
  readonly deadLetters: {
    readonly count: number;
    readonly bytes: number;
    /** From 1 on, an event that D1 refuses stops the flush, since it could not be put aside. */
    readonly fullness: number;
  };
  /** The newest flush that D1 took, and how long the oldest of its events had waited; null before the first. */
  readonly lastFlush: { readonly at: number; readonly lagMilliseconds: number } | null;
};

/** Watches the writer. */
export interface WriterMonitor {
  /** How the writer is; throws when it does not answer. Asking is cheap, and wakes it up. */
  state(): Promise<WriterState>;
  /** All sums, with what was counted here; throws when the writer does not answer. It goes through all that waits. */
  counts(): Promise<Counts>;
  /** Counts what happened outside the writer. It reaches the writer some time later, with other counts. */
  count(counts: Counts): void;
}
