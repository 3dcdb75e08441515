/** The port that answers questions; the store room implements it over D1. */
import type { EventOf, Kind } from '../event/event.ts';
import type { Bounds } from './bounds.ts';
import type { Position, Query, Question } from './query.ts';

/** One page of events, in the order that was asked for. */
export type Page<K extends Kind> = {
  readonly events: readonly EventOf[K][];
  /** The place after which the next page begins; null when nothing follows. */
  readonly next: Position | null;
};

/** Sums over the tool calls that a question selects (contracts/mcp-logs.md, `/stats`). */
export type ToolCallStats = {
  readonly total: number;
  readonly success: number;
  readonly error: number;
  /** Milliseconds, over finished calls that have a latency; 0 without any. */
  readonly averageLatency: number;
  /** US dollars, over finished calls. */
  readonly totalCost: number;
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
  /** The sums that list and stats of tool calls show. */
  toolCallStats(question: Question<'tool_call'>): Promise<ToolCallStats>;
  /** Those of the named virtual keys that gatelog has ever been told of. */
  virtualKeys(ids: readonly string[]): Promise<ReadonlyMap<string, VirtualKey>>;
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
