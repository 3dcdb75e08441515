/** The port that answers questions; the store room implements it over D1. */
import type { EventOf, Kind } from '../event/event.ts';
import type { Bounds } from './bounds.ts';
import type { Dimension } from './filter.ts';
import type { Position, Query, Question } from './query.ts';

/** One page of events, in the order that was asked for. */
export type Page<K extends Kind> = {
  readonly events: readonly EventOf[K][];
  /** The place after which the next page begins; null when nothing follows. */
  readonly next: Position | null;
};

/**
 * Sums over the events that a question selects. A tool call succeeds and fails by its status, a request succeeds with a
 * 2xx and fails with any other; latency and cost are those of finished events.
 */
export type Totals = {
  readonly total: number;
  readonly success: number;
  readonly error: number;
  /** Finished events that have a latency. */
  readonly latencyCount: number;
  /** Milliseconds. */
  readonly latencySum: number;
  /** US dollars. */
  readonly cost: number;
};

/** The sums of the events that share a value of one dimension; null where they have none. */
export type ValueTotals = Totals & {
  readonly value: string | null;
  /** Epoch milliseconds before the first of them, by a day at the most; null for the group without a value. */
  readonly earliest: number | null;
};

/** The sums of the events of one bucket of time. */
export type BucketTotals = Totals & {
  /** Epoch milliseconds at which the bucket begins: a multiple of its length. */
  readonly start: number;
};

/** What is known today of a gateway's virtual key. */
export type VirtualKey = { readonly id: string; readonly name: string; readonly isActive: boolean };

/** Answers questions about events. Every method may throw `StoreFailure`. */
export interface EventReader {
  /** One page; `limit` rows at most. */
  page<K extends Kind>(query: Query<K>): Promise<Page<K>>;
  /** How many events a question selects, exactly. */
  count(question: Question): Promise<number>;
  /** Whether a question selects any event. */
  exists(question: Question): Promise<boolean>;
  /** The newest event of an id inside the bounds. */
  find<K extends Kind>(kind: K, id: string, bounds: Bounds): Promise<EventOf[K] | null>;
  /** The sums over everything that a question selects. */
  totals(question: Question): Promise<Totals>;
  /** The same for each value of a dimension, the most frequent first. */
  totalsByValue<K extends Kind>(
    question: Question<K>,
    dimension: Dimension<K>,
    limit: number,
  ): Promise<readonly ValueTotals[]>;
  /** The same for each bucket of time that holds any event, the earliest first. */
  totalsByTime(question: Question, bucketMilliseconds: number): Promise<readonly BucketTotals[]>;
  /** How many different values a dimension has among what a question selects. */
  countValues<K extends Kind>(question: Question<K>, dimension: Dimension<K>): Promise<number>;
  /** Those of the named virtual keys that gatelog was told of, as far as the bounds reach. */
  virtualKeys(ids: readonly string[], bounds: Bounds): Promise<ReadonlyMap<string, VirtualKey>>;
}

/**
 * Why the store could not answer: `busy` passes by itself, `refused` is the data's own fault, `failed` is all else.
 * `detail` is the database's own sentence, for our log and never for callers.
 */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
  readonly reason: 'busy' | 'refused' | 'failed';
  readonly detail: string;

  constructor(reason: StoreFailure['reason'], detail: string) {
    super(`store ${reason}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}
