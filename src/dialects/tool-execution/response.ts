/** Answers of tool-execution: events and problems in Composio's shapes. */
import type { Context } from 'hono';
import type { GateEnv } from '../../edge/env.ts';
import { WINDOW_SECONDS } from '../../edge/limits.ts';
import type { Problem, ProblemCode, RefusedQuota } from '../../edge/problem.ts';
import type { Standing } from '../../edge/rate-limit-headers.ts';
import type { Level, ToolCall } from '../../event/event.ts';
import type { WalkedPage } from '../../query/walk.ts';

/** The three levels of this tongue, by the five of events. */
const LEVELS: Record<Level, 'info' | 'warn' | 'error'> = {
  debug: 'info',
  info: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'error',
};

/** Ignored keys that a warning names, and the characters of each: a header has room for some hundred in all. */
const WARNED_KEYS_MAX = 10;
const WARNED_CHARACTERS_MAX = 40;

/** A finished call as a row of a list. */
export function fromEvent(call: ToolCall): Record<string, unknown> {
  const isFailed = call.status === 'error';
  const level = call.level ?? (isFailed ? 'error' : 'info');
  return {
    id: call.id,
    timestamp: new Date(call.timestamp).toISOString(),
    type: 'tool.execution',
    status: isFailed ? 'failed' : 'success',
    level: LEVELS[level],
    ...present({ message: messageOf(call) }),
    metadata: metadataOf(call),
    metrics: present({ duration_ms: call.latency_ms }),
    parent: parentOf(call),
  };
}

/** A finished call in full: what is not known is absent and never null, and timings come whole or not at all. */
export function fromEventInFull(call: ToolCall): Record<string, unknown> {
  const { timestamp, latency_ms: latency, session_id, trace_id, request_id } = call;
  const { host, framework, language } = call.source ?? {};
  return {
    ...fromEvent(call),
    ...(latency === null ? {} : { timings: { start_time: timestamp, end_time: timestamp + latency } }),
    context: present({ session_id, trace_id, request_id }),
    source: present({ host, framework, language }),
    data: {
      request: present({ payload: call.arguments }),
      response: {
        body: {
          successful: call.status !== 'error',
          ...present({ data: call.result }),
          error: call.error?.message ?? null,
        },
      },
    },
  };
}

/** The answer to a list. */
export function fromPage(page: WalkedPage<ToolCall['kind']>): Record<string, unknown> {
  return { logs: page.events.map(fromEvent), next_cursor: page.nextCursor };
}

/**
 * Names the keys of a body that were ignored in `x-gatelog-warning`, where there are any.
 * @param keys may hold any character; the header is ASCII
 */
export function warn(context: Context<GateEnv>, keys: readonly string[]): void {
  if (keys.length === 0) return;
  const named = keys.slice(0, WARNED_KEYS_MAX).map((key) => asciiJson(key.slice(0, WARNED_CHARACTERS_MAX)));
  const rest = keys.length - named.length;
  const more = rest > 0 ? ` and ${rest} more` : '';
  context.header('x-gatelog-warning', `ignored unknown fields: ${named.join(', ')}${more}`);
}

/** Where a caller stands, as Composio's page on rate limits names it. */
export function limitHeaders({ limit, remaining }: Standing): Record<string, string> {
  return {
    'x-ratelimit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-window-size': `${WINDOW_SECONDS}s`,
  };
}

/** A problem in Composio's envelope; a rate limit is told without it. */
export function fromProblem(problem: Problem, context: Context<GateEnv>): Response {
  const { quota } = problem.extras;
  if (quota !== undefined) return context.json({ message: rateLimitWords(quota) }, problem.status);
  const { message = problem.message, code, slug, fix } = faultOf(problem);
  const errors = problem.status === 400 ? { errors: problem.extras.errors ?? [message] } : {};
  const request_id = context.get('requestId');
  return context.json(
    { error: { message, code, slug, status: problem.status, request_id, suggested_fix: fix, ...errors } },
    problem.status,
  );
}

function rateLimitWords({ by, limit }: RefusedQuota): string {
  const unit = by === 'minute' ? 'requests per 1 minutes' : 'concurrent requests';
  return `Rate limit exceeded. Limit: ${limit} ${unit}`;
}

function present(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}

function messageOf(call: ToolCall): string | null {
  if (call.message !== null || call.status !== 'error') return call.message;
  const reason = call.error?.message ?? null;
  return reason === null ? null : `${call.tool_name} failed: ${reason}`;
}

/** Both spellings that consumers read, over the event's own metadata: its keys never hide ours. */
function metadataOf(call: ToolCall): Record<string, unknown> {
  const { server_label: toolkit, user_id, connected_account_id, auth_config_id, session_id } = call;
  return {
    ...call.metadata,
    tool: { slug: call.tool_name },
    tool_slug: call.tool_name,
    ...(toolkit === null ? {} : { toolkit: { slug: toolkit }, toolkit_slug: toolkit }),
    ...present({ user_id, connected_account_id, auth_config_id, session_id }),
  };
}

/** The SDKs take a parent's two fields as texts that are always there, so an unknown one is empty. */
function parentOf({ parent }: ToolCall): { log_id: string; tool_slug: string } | null {
  const { log_id = '', tool_slug = '' } = parent ?? {};
  return log_id === '' && tool_slug === '' ? null : { log_id, tool_slug };
}

/** A header takes neither line feeds nor letters beyond Latin-1. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

type Fault = {
  readonly message?: string;
  readonly code: number;
  readonly slug: string;
  readonly fix: string;
};

/** The numbers and slugs of problems; those of credentials and validation are Composio's own. */
const FAULTS: Record<Exclude<ProblemCode, 'unauthenticated'>, Fault> = {
  invalid_request: {
    code: 10400,
    slug: 'HTTP_BadRequest',
    fix: 'Correct what "errors" names and send the request again.',
  },
  invalid_cursor: {
    message: 'cursor: must be the next_cursor of a page with the same filters, time_range and case_sensitive',
    code: 10400,
    slug: 'HTTP_BadRequest',
    fix: 'Leave the cursor out to begin at the newest log.',
  },
  forbidden: {
    code: 812,
    slug: 'APIKey_InsufficientPermissions',
    fix: 'Use an API key with the scope read; a session cookie works from its own origin alone.',
  },
  not_found: { code: 10404, slug: 'HTTP_NotFound', fix: 'Check the path and the log id.' },
  method_not_allowed: {
    code: 10405,
    slug: 'HTTP_MethodNotAllowed',
    fix: 'Use a method that the Allow header names.',
  },
  conflict: { code: 10409, slug: 'HTTP_Conflict', fix: 'Read the current state and try again.' },
  payload_too_large: { code: 10413, slug: 'HTTP_PayloadTooLarge', fix: 'Send a smaller body.' },
  unsupported_encoding: {
    code: 10415,
    slug: 'HTTP_UnsupportedMediaType',
    fix: 'Send the body with one of those encodings, or without Content-Encoding.',
  },
  rate_limited: {
    code: 10429,
    slug: 'HTTP_TooManyRequests',
    fix: 'Try again after the seconds that Retry-After names.',
  },
  internal: {
    code: 10500,
    slug: 'HTTP_InternalServerError',
    fix: 'Try again; if it persists, tell the operator the request_id.',
  },
  unavailable: {
    code: 10503,
    slug: 'HTTP_ServiceUnavailable',
    fix: 'Try again after the seconds that Retry-After names.',
  },
  not_configured: {
    code: 10503,
    slug: 'HTTP_ServiceUnavailable',
    fix: 'The operator has to finish the set-up of this service.',
  },
};

function faultOf(problem: Problem): Fault {
  return problem.code === 'unauthenticated' ? refusalOf(problem) : FAULTS[problem.code];
}

function refusalOf({ message, extras }: Problem): Fault {
  const { reason = 'conflicting', masked = '***' } = extras;
  switch (reason) {
    case 'missing':
      return {
        message: 'No API key provided',
        code: 906,
        slug: 'Auth_NoAuthProvided',
        fix: 'Send an API key in the x-api-key header, or a session cookie.',
      };
    case 'invalid':
      return {
        message: `Invalid API key: ${masked}`,
        code: 801,
        slug: 'APIKey_InvalidAPIKey',
        fix: 'Check the API key; it may have been revoked.',
      };
    case 'expired':
      return {
        message: `API key expired: ${masked}`,
        code: 811,
        slug: 'APIKey_APIKeyExpired',
        fix: 'Create a new API key.',
      };
    case 'conflicting':
      return { message, code: 10401, slug: 'HTTP_Unauthorized', fix: 'Send exactly one credential.' };
  }
}
