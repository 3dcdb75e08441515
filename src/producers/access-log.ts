/** Access logs of AI gateways: a JSON line with `gen_ai.*` or `mcp.*` keys is a tool call or a model request. */
import { isJsonObject } from '../event/draft-schema.ts';
import type { Json, JsonObject } from '../event/event.ts';
import { unpacked } from './json-field.ts';
import { presentFields } from './present-fields.ts';
import { recordTime } from './record-time.ts';

/** A record that turned out to be an event. */
export type Promotion = {
  /** Its fields as `POST /v1/events` names them, without `metadata`. */
  readonly body: JsonObject;
  /** What has no field of ours. */
  readonly rest: JsonObject;
  /** The gateway's id of the HTTP request; null without one. */
  readonly requestId: string | null;
};

/** Objects that may stand for a prefix: Filebeat and Vector nest what the gateway wrote with dots. */
const NAMESPACES: ReadonlySet<string> = new Set(['gen_ai', 'mcp', 'jsonrpc']);
const TELLING = /^(?:gen_ai|mcp)\./;

/** The deepest dotted name is `gen_ai.usage.cache_read.input_tokens`. */
const NAMESPACE_LEVELS_MAX = 4;

/** Objects at these names are values, not prefixes. */
const VALUES = /\.(?:arguments|result|messages)$/;

const ERROR_STATUS_MIN = 400;

/** What Envoy writes where no response began, which means that the client disconnected. */
const STATUS_OF_ABANDONED = 0;
const STATUS_MAX = 999;

const NAMES = {
  tool: ['gen_ai.tool.name', 'mcp.tool.name'],
  server: ['mcp.server.name', 'mcp.target', 'mcp.provider.name'],
  arguments: ['gen_ai.tool.call.arguments', 'mcp.tool.arguments'],
  result: ['gen_ai.tool.call.result', 'mcp.tool.result'],
  session: ['mcp.session.id', 'gen_ai.conversation.id', 'session.id'],
  model: ['gen_ai.request.model', 'gen_ai.response.model'],
  provider: ['gen_ai.provider.name', 'gen_ai.system', 'gen_ai.model.provider'],
  input: ['gen_ai.usage.input_tokens', 'gen_ai.usage.prompt_tokens'],
  output: ['gen_ai.usage.output_tokens', 'gen_ai.usage.completion_tokens'],
  status: ['response_code', 'http.response.status_code', 'status_code', 'status'],
  duration: ['duration', 'duration_ms', 'latency_ms'],
  start: ['start_time', 'startTime'],
  request: ['x-request-id', 'x_request_id', 'request_id'],
  trace: ['trace_id', 'traceId', 'trace.id'],
  user: ['enduser.id', 'user.id', 'user_id'],
  errorMessage: ['mcp.error.message', 'error.message'],
} as const;

/**
 * Reads a record as an access log's: Envoy AI Gateway's keys and their aliases. `tools/call`, or a tool's name without
 * a method, is a tool call; another MCP method is a request whose model is that method, as LiteLLM tells
 * `list_mcp_tools`; a model with its provider is a request.
 * @returns null for any other record, which stays a server line
 */
export function promotionOf(record: JsonObject): Promotion | null {
  const attributes = new Attributes(record);
  if (!attributes.hasAny(TELLING)) return null;
  const method = attributes.text(['mcp.method.name']);
  const fields =
    method === null || method === 'tools/call'
      ? (toolCall(attributes) ?? modelRequest(attributes))
      : mcpRequest(method, attributes);
  if (fields === null) return null;
  const requestId = attributes.first(NAMES.request, textOf);
  const common = {
    ...fields,
    ...(fields.type === 'tool_call' ? { request_id: attributes.text(NAMES.request) } : {}),
    timestamp: attributes.take(NAMES.start, (value) => recordTime(value)?.milliseconds ?? null),
    latency_ms: attributes.take(NAMES.duration, amountOf),
    cost: attributes.take(['gen_ai.usage.cost'], amountOf),
    session_id: attributes.text(NAMES.session),
    trace_id: attributes.text(NAMES.trace),
    user_id: attributes.text(NAMES.user),
  };
  return { body: presentFields(common), rest: attributes.rest(), requestId };
}

type Fields = { readonly type: 'tool_call' | 'request' } & { readonly [field: string]: Json };

function toolCall(attributes: Attributes): Fields | null {
  const tool = attributes.text(NAMES.tool);
  if (tool === null) return null;
  return {
    type: 'tool_call',
    tool_name: tool,
    server_label: attributes.text(NAMES.server),
    arguments: attributes.take(NAMES.arguments, (value) => unpacked(value) as Json),
    result: attributes.take(NAMES.result, (value) => unpacked(value) as Json),
    ...failureOf(attributes),
  };
}

/** A line with an error status or the words of an error; one whose client went away has not failed by itself. */
function failureOf(attributes: Attributes): JsonObject {
  const status = attributes.first(NAMES.status, statusOf);
  const cause = presentFields({
    type: attributes.text(['error.type']),
    code: attributes.text(['mcp.error.code']) ?? attributes.take(['rpc.response.status_code'], rpcErrorOf),
    message: attributes.text(NAMES.errorMessage),
  });
  const hasCause = Object.keys(cause).length > 0;
  const isAbandoned = status === STATUS_OF_ABANDONED;
  const isFailed = isAbandoned || (status !== null && status >= ERROR_STATUS_MIN);
  if (!isFailed && !hasCause) return {};
  return {
    error: presentFields({ ...cause, status_code: status }),
    outcome: isAbandoned && !hasCause ? 'cancelled' : null,
  };
}

function modelRequest(attributes: Attributes): Fields | null {
  if (attributes.first(NAMES.model, textOf) === null || attributes.first(NAMES.provider, textOf) === null)
    return null;
  return {
    type: 'request',
    model: attributes.text(NAMES.model),
    provider: attributes.text(NAMES.provider),
    input_tokens: attributes.take(NAMES.input, countOf),
    output_tokens: attributes.take(NAMES.output, countOf),
    ...outcome(attributes),
  };
}

function mcpRequest(method: string, attributes: Attributes): Fields {
  const provider = attributes.text(NAMES.server) ?? 'mcp';
  return { type: 'request', model: method, provider, ...outcome(attributes) };
}

/** A line that says no status succeeded, or else names its error. */
function outcome(attributes: Attributes): { readonly status: number; readonly error: string | null } {
  const error = attributes.text(['error.type', 'mcp.error.code']) ?? attributes.text(NAMES.errorMessage);
  return { status: attributes.take(NAMES.status, statusOf) ?? (error === null ? 200 : 500), error };
}

/** The attributes of a record under their dotted names; what is taken is not left over. */
class Attributes {
  readonly #left = new Map<string, Json>();

  constructor(record: JsonObject) {
    for (const [name, value] of Object.entries(record)) {
      if (NAMESPACES.has(name)) this.#spread(name, value, NAMESPACE_LEVELS_MAX);
      else this.#left.set(name, value);
    }
  }

  hasAny(names: RegExp): boolean {
    return this.#left.entries().some(([name, value]) => names.test(name) && isPresent(value));
  }

  /** The first of these that `read` can read. */
  first<T>(names: readonly string[], read: (value: Json) => T | null): T | null {
    for (const name of names) {
      const found = this.#read(name, read);
      if (found !== null) return found;
    }
    return null;
  }

  /** The same, which is not left over then; the others stay. */
  take<T>(names: readonly string[], read: (value: Json) => T | null): T | null {
    const name = names.find((candidate) => this.#read(candidate, read) !== null);
    if (name === undefined) return null;
    const found = this.#read(name, read);
    this.#left.delete(name);
    return found;
  }

  text(names: readonly string[]): string | null {
    return this.take(names, textOf);
  }

  rest(): JsonObject {
    return Object.fromEntries(this.#left);
  }

  #read<T>(name: string, read: (value: Json) => T | null): T | null {
    const value = this.#left.get(name);
    return isPresent(value) ? read(value) : null;
  }

  #spread(name: string, value: Json, levels: number): void {
    if (!isJsonObject(value) || levels === 0 || VALUES.test(name)) this.#left.set(name, value);
    else
      for (const [part, inner] of Object.entries(value)) this.#spread(`${name}.${part}`, inner, levels - 1);
  }
}

/** Envoy writes `null` or `-` for what a request does not have. */
function isPresent(value: Json | undefined): value is Exclude<Json, null> {
  return value !== undefined && value !== null && value !== '' && value !== '-';
}

function textOf(value: Json | undefined): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && isPresent(value) ? value : null;
}

function amountOf(value: Json): number | null {
  const number = Number(textOf(value) ?? NaN);
  return Number.isFinite(number) && number >= 0 ? number : null;
}

function countOf(value: Json): number | null {
  const amount = amountOf(value);
  return Number.isSafeInteger(amount) ? amount : null;
}

function statusOf(value: Json): number | null {
  const count = countOf(value);
  return count !== null && count <= STATUS_MAX ? count : null;
}

/** Codes of JSON-RPC errors are negative; `0` and `OK` are none. */
function rpcErrorOf(value: Json): string | null {
  const code = textOf(value);
  return code !== null && /^-\d+$/.test(code) ? code : null;
}
