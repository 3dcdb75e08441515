/** What answering one request cost, summed over its calls to the database. */
import type { StoreFailure } from './event-reader.ts';

/** A running sum; rows are those that D1 charges for. */
export type Meter = {
  calls: number;
  rowsRead: number;
  rowsWritten: number;
  /** Milliseconds spent inside the database, as it reports them. */
  milliseconds: number;
  /** Calls that failed, by why; a reason that never came up is absent. */
  failures: Partial<Record<StoreFailure['reason'], number>>;
};

/** A meter at zero. */
export function createMeter(): Meter {
  return { calls: 0, rowsRead: 0, rowsWritten: 0, milliseconds: 0, failures: {} };
}
