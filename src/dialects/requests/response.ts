/** Answers of requests: events and problems in the gateway's shapes. */
import type { Context } from 'hono';
import type { GateEnv } from '../../edge/env.ts';
import type { Problem, ProblemCode } from '../../edge/problem.ts';
import type { Standing } from '../../edge/rate-limit-headers.ts';
import type { ModelRequest, ToolCall } from '../../event/event.ts';
import type { WalkedPage } from '../../query/walk.ts';
import type { ListRequest } from './request.ts';

/** The header under which the gateway names a request, beside `x-request-id`. */
export const REQUEST_ID_HEADER = 'x-gateway-request-id';

/** What the envelope says of each problem. */
const ERRORS: Readonly<Record<ProblemCode, { readonly type: string; readonly code: string | null }>> = {
  invalid_request: { type: 'invalid_request_error', code: 'invalid_parameter' },
  invalid_cursor: { type: 'invalid_request_error', code: 'invalid_cursor' },
  unauthenticated: { type: 'authentication_error', code: 'invalid_api_key' },
  forbidden: { type: 'permission_error', code: 'permission_denied' },
  not_found: { type: 'not_found_error', code: 'not_found' },
  method_not_allowed: { type: 'invalid_request_error', code: 'method_not_allowed' },
  conflict: { type: 'invalid_request_error', code: 'conflict' },
  payload_too_large: { type: 'invalid_request_error', code: 'payload_too_large' },
  unsupported_encoding: { type: 'invalid_request_error', code: 'unsupported_encoding' },
  rate_limited: { type: 'rate_limit_error', code: null },
  internal: { type: 'server_error', code: 'internal_error' },
  unavailable: { type: 'service_unavailable', code: 'service_unavailable' },
  not_configured: { type: 'service_unavailable', code: 'not_configured' },
};

/** A request as a row: ten keys, nulls included. */
export function fromEvent(request: ModelRequest): Record<string, unknown> {
  return {
    id: request.id,
    timestamp: new Date(request.timestamp).toISOString(),
    model: request.model,
    provider: request.provider,
    status: request.status,
    latency_ms: request.latency_ms,
    input_tokens: request.input_tokens,
    output_tokens: request.output_tokens,
    project_id: request.project_id,
    error: request.error,
  };
}

/**
 * One request with everything that was recorded of it.
 * @param toolCalls those that it led to
 */
export function fromRequest(request: ModelRequest, toolCalls: readonly ToolCall[]): Record<string, unknown> {
  return {
    ...fromEvent(request),
    virtual_key_id: request.virtual_key_id,
    user_id: request.user_id,
    session_id: request.session_id,
    trace_id: request.trace_id,
    cost: request.cost,
    metadata: request.metadata,
    tool_calls: toolCalls.map(({ id, tool_name: name, status }) => ({ id, name, status })),
  };
}

/** The answer to a list. */
export function fromPage(
  page: WalkedPage<'request'>,
  total: number,
  { page: { limit, offset } }: ListRequest,
): Record<string, unknown> {
  return { total, limit, offset, data: page.events.map(fromEvent), next_cursor: page.nextCursor };
}

/** Where a caller stands, as the gateway's page on rate limiting names it; the reset is an epoch second. */
export function limitHeaders({ limit, remaining, resetAt }: Standing): Record<string, string> {
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(resetAt),
  };
}

/** A problem in the OpenAI envelope that the gateway documents. */
export function fromProblem(problem: Problem, context: Context<GateEnv>): Response {
  const headers = { [REQUEST_ID_HEADER]: context.get('requestId') };
  const error = { message: messageOf(problem), ...ERRORS[problem.code] };
  return context.json({ error }, problem.status, headers);
}

function messageOf({ code, message, extras: { quota } }: Problem): string {
  if (quota !== undefined) {
    const whose = quota.isOfAddress ? ' from this IP' : '';
    const { retryAfterSeconds: seconds } = quota;
    return `Too many requests${whose}. Please wait ${seconds} second${seconds === 1 ? '' : 's'} before retrying.`;
  }
  if (code === 'unauthenticated') return 'Invalid authentication credentials.';
  if (code === 'invalid_cursor')
    return 'cursor: invalid, or of another query; send the next_cursor of an answer with the same filters';
  return message;
}
