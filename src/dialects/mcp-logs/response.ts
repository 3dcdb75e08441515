/** Answers of mcp-logs: events and problems in Bifrost's shapes. */
import type { Context } from 'hono';
import type { GateEnv } from '../../edge/env.ts';
import type { Problem } from '../../edge/problem.ts';
import type { ToolCall, ToolCallError } from '../../event/event.ts';
import { formatTime } from '../../event/time.ts';
import type { BucketTotals, Totals, ValueTotals, VirtualKey } from '../../query/event-reader.ts';
import type { ValueDimension } from './contract.ts';
import type { HistogramRequest, ListRequest } from './request.ts';

/** What a bucket shows in which nothing happened. */
const NOTHING: Totals = { total: 0, success: 0, error: 0, latencyCount: 0, latencySum: 0, cost: 0 };

/** A tool call as a row: `virtual_key_id` and `virtual_key_name` always, every other unset field left out. */
export function fromEvent(
  call: ToolCall,
  virtualKeys: ReadonlyMap<string, VirtualKey>,
): Record<string, unknown> {
  return {
    id: call.id,
    ...present('llm_request_id', call.llm_request_id),
    ...present('request_id', call.request_id),
    timestamp: formatTime(call.timestamp),
    tool_name: call.tool_name,
    ...present('server_label', call.server_label),
    virtual_key_id: call.virtual_key_id,
    virtual_key_name: call.virtual_key_name,
    ...present('arguments', call.arguments),
    ...present('result', call.result),
    ...present('error_details', call.error === null ? null : errorDetails(call.error)),
    ...present('latency', call.latency_ms),
    ...present('cost', call.cost),
    status: call.status,
    ...present('outcome', call.outcome),
    ...present('metadata', call.metadata),
    created_at: formatTime(call.created_at),
    ...present('virtual_key', virtualKeyOf(call, virtualKeys)),
  };
}

/** The answer to a list. */
export function fromPage(
  logs: readonly Record<string, unknown>[],
  request: ListRequest,
  stats: Totals,
  rest: { readonly nextCursor: string | null; readonly hasLogs: boolean },
): Record<string, unknown> {
  const { limit, offset, sort } = request.page;
  const pagination = { limit, offset, sort_by: request.sortBy, order: sort.direction };
  return {
    logs,
    pagination: { ...pagination, total_count: stats.total, next_cursor: rest.nextCursor },
    stats: fromStats(stats),
    has_logs: rest.hasLogs,
  };
}

/** The sums of a list; the rate is in percent of the finished calls. */
export function fromStats(stats: Totals): Record<string, number> {
  const finished = stats.success + stats.error;
  return {
    total_executions: stats.total,
    success_rate: finished === 0 ? 0 : (stats.success / finished) * 100,
    average_latency: stats.latencyCount === 0 ? 0 : stats.latencySum / stats.latencyCount,
    total_cost: stats.cost,
  };
}

/**
 * The distinct values of some dimensions, each in the order of its names.
 * @param virtualKeys what is known of the ids among them
 */
export function fromValues(
  found: readonly (readonly [ValueDimension, readonly string[]])[],
  virtualKeys: ReadonlyMap<string, VirtualKey>,
): Record<string, unknown> {
  return Object.fromEntries(
    found.map(([dimension, values]) => [
      dimension,
      dimension === 'virtual_keys' ? keysByName(values, virtualKeys) : values.toSorted(),
    ]),
  );
}

/** How many calls ended in each bucket, and how. */
export function fromHistogram(
  found: readonly BucketTotals[],
  request: HistogramRequest,
): Record<string, unknown> {
  const buckets = withEmptyBuckets(found, request).map(({ start, total, success, error }) => ({
    timestamp: formatTime(start),
    count: total,
    success,
    error,
  }));
  return { buckets, bucket_size_seconds: request.bucketSeconds };
}

/** What the calls of each bucket cost. */
export function fromCostHistogram(
  found: readonly BucketTotals[],
  request: HistogramRequest,
): Record<string, unknown> {
  const buckets = withEmptyBuckets(found, request).map(({ start, cost }) => ({
    timestamp: formatTime(start),
    total_cost: cost,
  }));
  return { buckets, bucket_size_seconds: request.bucketSeconds };
}

/** The tools that were called most, in the order in which the reader ranks them. */
export function fromTopTools(found: readonly ValueTotals[]): Record<string, unknown> {
  return { tools: found.map(({ value, total, cost }) => ({ tool_name: value, count: total, cost })) };
}

/** A problem in Bifrost's envelope. */
export function fromProblem(problem: Problem, context: Context<GateEnv>): Response {
  const message = problem.code === 'unauthenticated' ? 'Unauthorized' : problem.message;
  return context.json(
    { is_bifrost_error: false, status_code: problem.status, error: { message }, extra_fields: {} },
    problem.status,
  );
}

function present(name: string, value: unknown): Record<string, unknown> {
  return value === null || value === undefined ? {} : { [name]: value };
}

function errorDetails(error: ToolCallError): Record<string, unknown> {
  return {
    is_bifrost_error: error.is_bifrost_error ?? false,
    ...present('status_code', error.status_code),
    ...present('event_id', error.event_id),
    ...present('type', error.type),
    error: {
      ...present('type', error.type),
      ...present('code', error.code),
      message: error.message ?? '',
      ...present('param', error.param),
      ...present('event_id', error.event_id),
    },
    extra_fields: {
      ...present('provider', error.provider),
      ...present('model_requested', error.model_requested),
      ...present('request_type', error.request_type),
    },
  };
}

/** The key by today's name. One that gatelog was never told of is taken by the event's word. */
function virtualKeyOf(
  call: ToolCall,
  known: ReadonlyMap<string, VirtualKey>,
): Record<string, unknown> | null {
  const { virtual_key_id: id, virtual_key_name: name } = call;
  if (id === null || name === null) return null;
  return fromVirtualKey(known.get(id) ?? { id, name, isActive: true });
}

/** Keys alone, without a call: one that gatelog was never told of has no name but its id. */
function keysByName(
  ids: readonly string[],
  known: ReadonlyMap<string, VirtualKey>,
): readonly Record<string, unknown>[] {
  return ids
    .map((id) => fromVirtualKey(known.get(id) ?? { id, name: id, isActive: true }))
    .toSorted((one, other) => compare(one.name, other.name) || compare(one.id, other.id));
}

function fromVirtualKey({ id, name, isActive }: VirtualKey): {
  readonly id: string;
  readonly name: string;
  readonly value: '';
  readonly is_active: boolean;
} {
  return { id, name: isActive ? name : `${name} (deleted)`, value: '', is_active: isActive };
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Where both ends are known, every bucket from the start's to the end's, whether anything happened in it or not. */
function withEmptyBuckets(
  found: readonly BucketTotals[],
  { span, bucketSeconds }: HistogramRequest,
): readonly BucketTotals[] {
  if (span === null) return found;
  if (span.from > span.to) return [];
  const length = bucketSeconds * 1000;
  const first = Math.floor(span.from / length) * length;
  const byStart = new Map(found.map((bucket) => [bucket.start, bucket]));
  return Array.from({ length: Math.floor((span.to - first) / length) + 1 }, (_, place) => {
    const start = first + place * length;
    return byStart.get(start) ?? { ...NOTHING, start };
  });
}
