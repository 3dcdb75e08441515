/** Answers of mcp-logs: events and problems in Bifrost's shapes. */
import type { Context } from 'hono';
import type { GateEnv } from '../../edge/env.ts';
import type { Problem } from '../../edge/problem.ts';
import type { ToolCall, ToolCallError } from '../../event/event.ts';
import { formatTime } from '../../event/time.ts';
import type { Totals, VirtualKey } from '../../query/event-reader.ts';
import type { ListRequest } from './request.ts';

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
  const key = known.get(id) ?? { id, name, isActive: true };
  return { id, name: key.isActive ? key.name : `${key.name} (deleted)`, value: '', is_active: key.isActive };
}
