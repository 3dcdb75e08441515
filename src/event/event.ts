/** The noun of gatelog: the three kinds of event, with the field names that `POST /v1/events` gives them. */

/** The kinds of event, in the order in which they are flushed. */
export const KINDS = ['tool_call', 'request', 'server_log'] as const;

/** One kind of event; each kind has its own table and its own dialects. */
export type Kind = (typeof KINDS)[number];

/** The levels of a log line, lowest first (contracts/server-logs.md). */
export const LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const;

/** A level of severity. */
export type Level = (typeof LEVELS)[number];

/** The states of a tool call; only `processing` may still change. */
export const TOOL_CALL_STATUSES = ['processing', 'success', 'error'] as const;

/** The state of a tool call. */
export type ToolCallStatus = (typeof TOOL_CALL_STATUSES)[number];

/** How a tool call ended, and which layer decided it: transport, protocol, tool or the one who let it run. */
export const OUTCOMES = [
  'ok',
  'tool_error',
  'input_required',
  'protocol_error',
  'transport_error',
  'denied',
  'timeout',
  'cancelled',
] as const;

/** The outcome of a tool call. */
export type Outcome = (typeof OUTCOMES)[number];

/** Any JSON value, as `JSON.parse` gives it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/** What went wrong in a tool call; every field is optional on the wire and absent here when not given. */
export type ToolCallError = {
  readonly type?: string;
  readonly code?: string;
  readonly message?: string;
  readonly param?: string;
  readonly event_id?: string;
  readonly status_code?: number;
  readonly is_bifrost_error?: boolean;
  readonly provider?: string;
  readonly model_requested?: string;
  readonly request_type?: string;
};

/** What every kind carries: its identity, its time, and the three fields that bounds are held against. */
type EventBase = {
  /** Unique within project and kind, 128 characters at most. */
  readonly id: string;
  /** Epoch milliseconds; fixed by the first arrival. */
  readonly timestamp: number;
  /** Epoch milliseconds at which gatelog took it in. */
  readonly created_at: number;
  readonly project_id: string | null;
  readonly workspace_id: string | null;
  readonly virtual_key_id: string | null;
  readonly trace_id: string | null;
  readonly metadata: JsonObject | null;
};

/** One call of a tool through a gateway. */
export type ToolCall = EventBase & {
  readonly kind: 'tool_call';
  readonly status: ToolCallStatus;
  /** Null while the call is processing; of the calls that ended only those lack it that were stored without one. */
  readonly outcome: Outcome | null;
  readonly tool_name: string;
  readonly server_label: string | null;
  readonly arguments: Json;
  readonly result: Json;
  readonly error: ToolCallError | null;
  readonly latency_ms: number | null;
  /** US dollars. */
  readonly cost: number | null;
  readonly virtual_key_name: string | null;
  readonly llm_request_id: string | null;
  readonly request_id: string | null;
  readonly session_id: string | null;
  readonly sandbox_id: string | null;
  readonly user_id: string | null;
  readonly connected_account_id: string | null;
  readonly auth_config_id: string | null;
  readonly parent: { readonly log_id?: string; readonly tool_slug?: string } | null;
  readonly source: { readonly host?: string; readonly framework?: string; readonly language?: string } | null;
  readonly message: string | null;
  readonly level: Level | null;
};

/** One request to a model. */
export type ModelRequest = EventBase & {
  readonly kind: 'request';
  readonly model: string;
  readonly provider: string;
  /** The HTTP status of the answer. */
  readonly status: number;
  readonly latency_ms: number | null;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly error: string | null;
  readonly user_id: string | null;
  readonly session_id: string | null;
  /** US dollars. */
  readonly cost: number | null;
};

/** One line that a server wrote. */
export type ServerLog = EventBase & {
  readonly kind: 'server_log';
  readonly workspace_id: string;
  /** Normalised to the last segment of what was sent. */
  readonly server_id: string;
  readonly message: string;
  readonly level: Level;
  readonly pod_name: string | null;
  readonly container_name: string | null;
};

/** The event of each kind. */
export type EventOf = {
  tool_call: ToolCall;
  request: ModelRequest;
  server_log: ServerLog;
};

/** Any event. */
export type Event = EventOf[Kind];
