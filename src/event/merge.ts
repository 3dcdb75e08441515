/** The law by which arrivals of one event become one event, in whatever order and grouping they come. */
import type { EventOf, Kind } from './event.ts';

/** How firmly a status is held: a later status replaces an earlier one of the same or a lower rank. */
export const STATUS_RANK = { processing: 0, implied: 1, stated: 2, proven: 3 } as const;

/** The fields that merge one by one; a field's place is its bit in `Arrival.settled`. Append only: rows keep the bits. */
export const MERGED_FIELDS = {
  tool_call: [
    'workspace_id',
    'virtual_key_id',
    'virtual_key_name',
    'tool_name',
    'server_label',
    'llm_request_id',
    'request_id',
    'trace_id',
    'session_id',
    'sandbox_id',
    'user_id',
    'connected_account_id',
    'auth_config_id',
    'latency_ms',
    'cost',
    'level',
    'message',
    'parent',
    'source',
    'metadata',
    'error',
    'arguments',
    'result',
  ],
  request: [
    'workspace_id',
    'virtual_key_id',
    'user_id',
    'session_id',
    'trace_id',
    'model',
    'provider',
    'latency_ms',
    'input_tokens',
    'output_tokens',
    'cost',
    'error',
    'metadata',
  ],
  server_log: [
    'workspace_id',
    'virtual_key_id',
    'server_id',
    'level',
    'pod_name',
    'container_name',
    'trace_id',
    'message',
    'metadata',
  ],
} as const satisfies { [K in Kind]: readonly (keyof EventOf[K])[] };

/** The fields that follow the status: whichever arrival's status wins brings all of them. */
export const STATUS_FIELDS = {
  tool_call: ['status', 'outcome'],
  request: ['status'],
  server_log: [],
} as const satisfies { [K in Kind]: readonly (keyof EventOf[K])[] };

/** An event as it arrives, with what merging it needs to know. */
export type Arrival<K extends Kind = Kind> = {
  readonly event: EventOf[K];
  /** Whose writes may merge: '' for a poster bound by its project alone, else the poster's narrower bounds. */
  readonly owner: string;
  readonly statusRank: number;
  /** Bits of the fields that a settled event gave; a `processing` event settles none. */
  readonly settled: number;
};

/** The bits of those fields that an event has. */
export function settledFields(event: EventOf[Kind]): number {
  const fields: readonly string[] = MERGED_FIELDS[event.kind];
  const values = event as unknown as Record<string, unknown>;
  return fields.reduce((bits, field, place) => (values[field] === null ? bits : bits | (1 << place)), 0);
}

/**
 * Merges a later arrival of the same event into an earlier one (contracts/events.md, "Posting the same id again").
 * A later non-null field wins, but what a settled event said is never replaced by a `processing` one; so the order of
 * the two does not matter. The status that is held more firmly wins, and of two alike the later one; its outcome comes
 * with it. The time of the first arrival stays.
 */
export function merge<K extends Kind>(earlier: Arrival<K>, later: Arrival<K>): Arrival<K> {
  const event: Record<string, unknown> = { ...earlier.event };
  const incoming = later.event as unknown as Record<string, unknown>;
  const fields: readonly string[] = MERGED_FIELDS[earlier.event.kind];
  fields.forEach((field, place) => {
    const settledBefore = (earlier.settled & (1 << place)) !== 0;
    const settlesNow = (later.settled & (1 << place)) !== 0;
    if (incoming[field] !== null && (settlesNow || !settledBefore)) event[field] = incoming[field];
  });
  if (later.statusRank >= earlier.statusRank)
    for (const field of STATUS_FIELDS[earlier.event.kind]) event[field] = incoming[field];
  return {
    event: event as unknown as EventOf[K],
    owner: earlier.owner,
    statusRank: Math.max(earlier.statusRank, later.statusRank),
    settled: earlier.settled | later.settled,
  };
}

/** The text under which arrivals of one event find each other: an id is unique within its project and kind. */
export function identityOf(arrival: Arrival): string {
  const { kind, project_id, id } = arrival.event;
  return JSON.stringify([kind, project_id ?? '', arrival.owner, id]);
}
