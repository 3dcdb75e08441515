/** A draft: one posted value, checked and put into the fields of its kind, before it has an id, a time or a bound. */
import type * as z from 'zod';
import type { EventOf, JsonObject, Kind } from './event.ts';
import {
  isJsonObject,
  ModelRequestBody,
  NESTING_LEVELS_MAX,
  ServerLogBody,
  ToolCallBody,
} from './draft-schema.ts';
import { parseLine } from './line.ts';
import { STATUS_RANK } from './merge.ts';
import { isDeeperThan } from './nesting.ts';
import { storableText } from './text.ts';
import { verdictOf } from './verdict.ts';

type Unidentified<E> = Omit<E, 'id' | 'timestamp' | 'created_at'> & {
  readonly id: string | null;
  /** Epoch milliseconds; null means the time of receipt. */
  readonly timestamp: number | null;
};

/** A checked event of one kind that still lacks what admission gives it. */
export type DraftOf = { [K in Kind]: Unidentified<EventOf[K]> };

/** A draft of any kind with the rank of its status. */
export type Draft = { readonly event: DraftOf[Kind]; readonly statusRank: number };

/** Either a draft, or why there is none: a sentence for the caller that names the field. */
export type DraftResult = { readonly draft: Draft } | { readonly problem: string };

/** The names under which one body may say its kind. */
const SCHEMAS = { tool_call: ToolCallBody, request: ModelRequestBody, server_log: ServerLogBody } as const;

const KIND_UNKNOWN =
  'type: without it an event needs tool_name (tool_call), model and a numeric status (request), or server_id (server_log)';

/**
 * Checks one posted value (contracts/events.md).
 * @param body anything that `JSON.parse` gives
 */
export function draftOf(body: unknown): DraftResult {
  if (!isJsonObject(body)) return { problem: 'event: must be a JSON object' };
  const kind = kindOf(body);
  if (kind === null)
    return { problem: 'type' in body && body['type'] !== null ? KIND_INVALID : KIND_UNKNOWN };
  const deep = Object.keys(body).find((field) => isDeeperThan(body[field], NESTING_LEVELS_MAX));
  if (deep !== undefined) return { problem: `${deep}: nested deeper than ${NESTING_LEVELS_MAX} levels` };
  switch (kind) {
    case 'tool_call':
      return checked(ToolCallBody, body, toolCallDraft);
    case 'request':
      return checked(ModelRequestBody, body, modelRequestDraft);
    case 'server_log':
      return checked(ServerLogBody, body, serverLogDraft);
  }
}

const KIND_INVALID = 'type: must be tool_call, request or server_log';

/** The kind of a posted body, by its `type` or else by its fields; null when neither tells (contracts/events.md). */
export function kindOf(body: JsonObject): Kind | null {
  const type = body['type'] ?? null;
  if (type !== null) return typeof type === 'string' && Object.hasOwn(SCHEMAS, type) ? (type as Kind) : null;
  if ((body['tool_name'] ?? null) !== null) return 'tool_call';
  if ((body['model'] ?? null) !== null && typeof body['status'] === 'number') return 'request';
  return (body['server_id'] ?? null) === null ? null : 'server_log';
}

function checked<B>(
  schema: z.ZodType<B> & { shape: object },
  body: JsonObject,
  toDraft: (parsed: B, metadata: JsonObject | null) => DraftResult,
): DraftResult {
  const result = schema.safeParse(body);
  if (result.success) return toDraft(result.data, metadataOf(body, Object.keys(schema.shape)));
  return { problem: result.error.issues.map((issue) => problemOf(issue, body)).join('; ') };
}

function problemOf(issue: z.core.$ZodIssue, body: JsonObject): string {
  const [field] = issue.path;
  const isMissing = issue.path.length === 1 && (body[String(field)] ?? null) === null;
  return `${issue.path.join('.')}: ${isMissing ? 'required' : issue.message}`;
}

/** The event's own metadata, and every field that its kind does not know. */
function metadataOf(body: JsonObject, known: readonly string[]): JsonObject | null {
  const unknown = Object.entries(body).filter(([field]) => field !== 'type' && !known.includes(field));
  const own = body['metadata'] ?? null;
  if (unknown.length === 0) return isJsonObject(own) ? own : null;
  return Object.fromEntries([...unknown, ...Object.entries(own ?? {})]);
}

function toolCallDraft(body: ToolCallBody, metadata: JsonObject | null): DraftResult {
  const { status, outcome, error, statusRank, isOutcomeTaken } = verdictOf(body, withoutNulls(body.error));
  const own = isOutcomeTaken ? null : (body.outcome ?? null);
  const event: DraftOf['tool_call'] = {
    kind: 'tool_call',
    ...commonFields(body),
    workspace_id: body.workspace_id ?? null,
    metadata: own === null ? metadata : { outcome: own, ...metadata },
    tool_name: body.tool_name,
    status,
    outcome,
    server_label: body.server_label ?? null,
    arguments: body.arguments ?? null,
    result: body.result ?? null,
    error,
    latency_ms: body.latency_ms ?? null,
    cost: body.cost ?? null,
    virtual_key_name: body.virtual_key_name ?? null,
    llm_request_id: body.llm_request_id ?? null,
    request_id: body.request_id ?? null,
    session_id: body.session_id ?? null,
    sandbox_id: body.sandbox_id ?? null,
    user_id: body.user_id ?? null,
    connected_account_id: body.connected_account_id ?? null,
    auth_config_id: body.auth_config_id ?? null,
    parent: withoutNulls(body.parent),
    source: withoutNulls(body.source),
    message: body.message ?? null,
    level: body.level ?? null,
  };
  return { draft: { event, statusRank } };
}

function modelRequestDraft(body: ModelRequestBody, metadata: JsonObject | null): DraftResult {
  const event: DraftOf['request'] = {
    kind: 'request',
    ...commonFields(body),
    workspace_id: body.workspace_id ?? null,
    metadata,
    model: body.model,
    provider: body.provider,
    status: body.status,
    latency_ms: body.latency_ms ?? null,
    input_tokens: body.input_tokens ?? null,
    output_tokens: body.output_tokens ?? null,
    error: body.error ?? null,
    user_id: body.user_id ?? null,
    session_id: body.session_id ?? null,
    cost: body.cost ?? null,
  };
  return { draft: { event, statusRank: STATUS_RANK.stated } };
}

function serverLogDraft(body: ServerLogBody, metadata: JsonObject | null): DraftResult {
  const parsed = typeof body.line === 'string' ? parseLine(body.line) : null;
  const message = body.message ?? parsed?.message ?? null;
  if (message === null) return { problem: 'message: required, or line' };
  const common = commonFields(body);
  const event: DraftOf['server_log'] = {
    kind: 'server_log',
    ...common,
    timestamp: common.timestamp ?? parsed?.timestamp ?? null,
    workspace_id: body.workspace_id,
    metadata: parsed?.metadata === undefined ? metadata : { ...parsed.metadata, ...metadata },
    server_id: body.server_id,
    message: storableText(message),
    level: body.level ?? parsed?.level ?? 'info',
    pod_name: body.pod_name ?? null,
    container_name: body.container_name ?? null,
  };
  return { draft: { event, statusRank: STATUS_RANK.stated } };
}

type CommonBody = Pick<ToolCallBody, 'id' | 'timestamp' | 'project_id' | 'virtual_key_id' | 'trace_id'>;

function commonFields(body: CommonBody): Pick<DraftOf['tool_call'], keyof CommonBody> {
  return {
    id: body.id ?? null,
    timestamp: body.timestamp ?? null,
    project_id: body.project_id ?? null,
    virtual_key_id: body.virtual_key_id ?? null,
    trace_id: body.trace_id ?? null,
  };
}

function withoutNulls<T extends object>(
  value: T | null | undefined,
): { [P in keyof T]: NonNullable<T[P]> } | null {
  if (value === null || value === undefined) return null;
  const entries = Object.entries(value).filter(([, entry]) => (entry ?? null) !== null);
  return Object.fromEntries(entries) as { [P in keyof T]: NonNullable<T[P]> };
}
