/** Counting anew: what the counters must say, from the events alone and by nothing that the writer uses. */
import type { EventOf, Kind } from '../src/event/event.ts';

/** Whether an event is a success: by its status, and a line of a server never is. */
export function isSuccess(event: EventOf[Kind]): boolean {
  if (event.kind === 'tool_call') return event.status === 'success';
  return event.kind === 'request' && event.status >= 200 && event.status < 300;
}

/** Whether an event has ended, so that its latency and its cost count. */
export function isFinished(event: EventOf[Kind]): boolean {
  return event.kind === 'tool_call' ? event.status !== 'processing' : event.kind === 'request';
}

/** The dimensions by which each kind is counted: those by which exact totals are promised (README, "What a read costs"). */
const COUNTED: Record<Kind, readonly string[]> = {
  tool_call: ['', 'project_id', 'tool_name', 'server_label', 'virtual_key_id', 'workspace_id'],
  request: ['', 'project_id', 'provider', 'model', 'status', 'virtual_key_id', 'workspace_id'],
  server_log: ['', 'project_id', 'workspace_id', 'server'],
};

/** Minutes of the spans; by the minute only everything, and each project, is counted. */
const SPANS = [1, 60, 1440];
const BY_THE_MINUTE = new Set(['', 'project_id']);

const MINUTE = 60_000;

/** The sums of one counter, in the order of its columns. */
export const COUNTER_SUMS = [
  'total',
  'success',
  'error',
  'success_latency_count',
  'success_latency_sum',
  'success_cost',
  'error_latency_count',
  'error_latency_sum',
  'error_cost',
] as const;

/** The counters that events make, as sums by `kind dimension value span start`. */
export function recountCounters(events: readonly EventOf[Kind][]): Map<string, readonly number[]> {
  const counters = new Map<string, readonly number[]>();
  for (const event of events)
    for (const dimension of COUNTED[event.kind]) {
      const value = valueIn(event, dimension);
      if (value === null) continue;
      for (const span of SPANS) {
        if (span === 1 && !BY_THE_MINUTE.has(dimension)) continue;
        const start = Math.floor(event.timestamp / MINUTE / span) * span;
        const key = counterKey(event.kind, dimension, value, span, start);
        const before = counters.get(key);
        counters.set(
          key,
          sumsOf(event).map((sum, place) => sum + (before?.[place] ?? 0)),
        );
      }
    }
  return counters;
}

/** The text under which a counter is compared. */
export function counterKey(
  kind: string,
  dimension: string,
  value: string,
  span: number,
  start: number,
): string {
  return JSON.stringify([kind, dimension, value, span, start]);
}

function valueIn(event: EventOf[Kind], dimension: string): string | null {
  if (dimension === '') return '';
  if (dimension === 'server' && event.kind === 'server_log')
    return `${event.workspace_id}/${event.server_id}`;
  const value = (event as unknown as Record<string, string | number | null>)[dimension] ?? null;
  return value === null ? null : String(value);
}

function sumsOf(event: EventOf[Kind]): readonly number[] {
  const success = isSuccess(event) ? 1 : 0;
  const error = isFinished(event) && !isSuccess(event) ? 1 : 0;
  const latency = 'latency_ms' in event ? event.latency_ms : null;
  const cost = ('cost' in event ? event.cost : null) ?? 0;
  const measures = [latency === null ? 0 : 1, latency ?? 0, cost];
  return [
    1,
    success,
    error,
    ...measures.map((measure) => measure * success),
    ...measures.map((measure) => measure * error),
  ];
}
