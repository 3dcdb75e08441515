/** Kong's `http-log`: one record of a proxied request, which tells of MCP calls, of model requests, or of both. */
import type { Json, JsonObject } from '../event/event.ts';
import type { Posted } from '../event/intake.ts';
import { isJsonObject } from '../event/draft-schema.ts';
import { boundedMetadata } from './bounded-metadata.ts';
import { epochMilliseconds } from './epoch-time.ts';
import { amountAt, at, countAt, objectAt, textAt, unpacked, without } from './json-field.ts';
import { plainAnswer, plainRefusal } from './plain-answer.ts';
import type { Producer } from './producer.ts';
import { fittingId, recognisedBy, recordByRecord } from './record-by-record.ts';

/** The lowest HTTP status of an error. */
const ERROR_STATUS_MIN = 400;

/** Where looking for sanitized items ends; Kong has them two levels below `ai`. */
const SANITIZED_LEVELS_MAX = 8;

/** Kong with its `http-log` plugin; it looks at nothing but whether the status is 2xx. */
export const kong: Producer = {
  name: 'kong',
  paths: ['/v1/ingest/kong'],
  recognise: recognisedBy(isRecord),
  ...recordByRecord(translateRecord),
  answer: (receipt) => plainAnswer(receipt),
  refuse: plainRefusal,
};

function isRecord(record: JsonObject): boolean {
  const hasEnvelope = Object.hasOwn(record, 'latencies') || Object.hasOwn(record, 'started_at');
  return hasEnvelope && isJsonObject(at(record, 'ai')) && isJsonObject(at(record, 'request'));
}

function translateRecord(record: JsonObject): readonly Posted[] {
  const ai = objectAt({ ai: withoutOriginals(objectAt(record, 'ai'), SANITIZED_LEVELS_MAX) }, 'ai');
  const clean = { ...record, ai };
  const posted = [
    ...mcpEntries(ai).map((entry, place) => toolCall(entry, place, clean)),
    ...modelEntries(ai).map(([plugin, entry]) => modelRequest(plugin, entry, clean)),
  ];
  return posted.length === 0
    ? [{ problem: 'ai: neither an MCP call nor a model request in this record' }]
    : posted;
}

/** Calls that were made; without any, the calls of tools that the access list turned away. */
function mcpEntries(ai: JsonObject): readonly JsonObject[] {
  const calls = itemsOf(at(ai, 'mcp', 'rpc'));
  return calls.length > 0
    ? calls
    : denials(ai).map((denial) => ({ tool_name: at(denial, 'primitive_name') as Json }));
}

function denials(ai: JsonObject): readonly JsonObject[] {
  return itemsOf(at(ai, 'mcp', 'audit')).filter(
    (entry) => at(entry, 'action') === 'deny' && at(entry, 'primitive') === 'tool',
  );
}

/** Every plugin that asked a model has an entry of its own: `ai.proxy`, `ai.ai-request-transformer`. */
function modelEntries(ai: JsonObject): readonly (readonly [string, JsonObject])[] {
  return Object.entries(ai).flatMap(([plugin, entry]) => {
    const model = textAt(entry, 'meta', 'request_model') ?? textAt(entry, 'meta', 'response_model');
    return isJsonObject(entry) && model !== undefined ? [[plugin, entry] as const] : [];
  });
}

function toolCall(entry: JsonObject, place: number, record: JsonObject): Posted {
  const request = unpacked(at(entry, 'payload', 'request'));
  const response = rpcResponse(at(entry, 'payload', 'response'));
  const toolName = textAt(entry, 'tool_name') ?? textAt(request, 'params', 'name') ?? textAt(entry, 'method');
  const denial = denials(objectAt(record, 'ai')).find(
    (audit) => textAt(audit, 'primitive_name') === toolName,
  );
  const error =
    denial === undefined
      ? (rpcError(entry, response) ?? httpError(record))
      : { type: 'denied', message: 'denied by access list' };
  const requestId = requestIdOf(record);
  return {
    body: {
      type: 'tool_call',
      ...commonFields(record),
      id: requestId === undefined ? undefined : fittingId(`${requestId}:${place}`),
      tool_name: toolName,
      server_label: textAt(record, 'service', 'name') ?? textAt(record, 'route', 'name'),
      arguments: at(request, 'params', 'arguments'),
      result: at(response, 'result'),
      error,
      latency_ms: amountAt(entry, 'latency'),
      request_id: requestId,
      session_id: textAt(record, 'ai', 'mcp', 'mcp_session_id'),
      metadata: boundedMetadata({
        ...without(record, 'ai'),
        ai: {
          ...objectAt(record, 'ai'),
          mcp: without(objectAt(record, 'ai', 'mcp'), 'rpc', 'mcp_session_id'),
        },
        mcp: {
          ...without(entry, 'tool_name', 'latency', 'payload'),
          payload: unread(entry, isJsonObject(request), isJsonObject(response)),
        },
      }),
    },
  };
}

function modelRequest(plugin: string, entry: JsonObject, record: JsonObject): Posted {
  const id = requestIdOf(record);
  const isProxy = /^(?:ai-)?proxy/.test(plugin);
  const status = countAt(record, 'response', 'status');
  const answer = unpacked(at(entry, 'payload', 'response'));
  return {
    body: {
      type: 'request',
      ...commonFields(record),
      id: fittingId(id === undefined || isProxy ? id : `${id}:${plugin}`),
      model: textAt(entry, 'meta', 'request_model') ?? textAt(entry, 'meta', 'response_model'),
      provider: textAt(entry, 'meta', 'provider_name'),
      status,
      latency_ms: amountAt(entry, 'meta', 'llm_latency') ?? amountAt(record, 'latencies', 'request'),
      // The older form of the log has the singular.
      input_tokens: countAt(entry, 'usage', 'prompt_tokens') ?? countAt(entry, 'usage', 'prompt_token'),
      output_tokens:
        countAt(entry, 'usage', 'completion_tokens') ?? countAt(entry, 'usage', 'completion_token'),
      cost: amountAt(entry, 'usage', 'cost'),
      error:
        status !== undefined && status >= ERROR_STATUS_MIN
          ? (textAt(answer, 'error', 'message') ?? textAt(answer, 'message'))
          : undefined,
      metadata: boundedMetadata({
        ...without(record, 'ai'),
        ai: { ...without(objectAt(record, 'ai'), 'mcp'), [plugin]: without(entry, 'payload') },
        request_body: at(record, 'ai', 'payload', 'request'),
        response_body: at(entry, 'payload', 'response'),
      }),
    },
  };
}

function commonFields(record: JsonObject) {
  const consumer = objectAt(record, 'consumer');
  const audited = objectAt(itemsOf(at(record, 'ai', 'mcp', 'audit'))[0], 'consumer');
  return {
    timestamp: epochMilliseconds(at(record, 'started_at')),
    user_id:
      textAt(consumer, 'custom_id') ??
      textAt(consumer, 'username') ??
      textAt(consumer, 'id') ??
      textAt(audited, 'name') ??
      textAt(audited, 'id'),
    trace_id: textAt(record, 'trace_id', 'w3c') ?? textAt(record, 'trace_id'),
  };
}

/** The request's id: 32 hex digits, the same in each attempt to deliver the record. */
function requestIdOf(record: JsonObject): string | undefined {
  return textAt(record, 'request', 'id');
}

function rpcError(entry: JsonObject, response: unknown) {
  const error = objectAt(response, 'error');
  const message = textAt(entry, 'error') ?? textAt(entry, 'error', 'message') ?? textAt(error, 'message');
  const code = textAt(error, 'code') ?? textAt(entry, 'error', 'code');
  return message === undefined && code === undefined ? undefined : { type: 'protocol_error', code, message };
}

/** A call without a JSON-RPC error has still failed when its HTTP request has. */
function httpError(record: JsonObject) {
  const status = countAt(record, 'response', 'status');
  return status !== undefined && status >= ERROR_STATUS_MIN ? { status_code: status } : undefined;
}

/** A JSON-RPC response as JSON text, or as the last event of a stream of them. */
function rpcResponse(payload: unknown): unknown {
  const whole = unpacked(payload);
  if (typeof whole !== 'string') return whole;
  const events = whole.split('\n').filter((line) => line.startsWith('data:'));
  return unpacked(events.at(-1)?.slice('data:'.length).trim());
}

/** The payload that could not be read, as it came. */
function unread(entry: JsonObject, hasRequest: boolean, hasResponse: boolean): JsonObject | null {
  const rest = without(
    objectAt(entry, 'payload'),
    ...(hasRequest ? ['request'] : []),
    ...(hasResponse ? ['response'] : []),
  );
  return Object.keys(rest).length === 0 ? null : rest;
}

/** What the sanitizer took out of a prompt stands in its log as it was: that is never taken over. */
function withoutOriginals(value: Json, levels: number): Json {
  if (levels === 0 || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => withoutOriginals(item, levels - 1));
  const entries = Object.entries(value).map(([name, inner]): [string, Json] => {
    if (name !== 'sanitized_items') return [name, withoutOriginals(inner, levels - 1)];
    // Lua writes an empty list as an object, and a list with gaps too.
    return [name, itemsOf(inner).map((item) => without(item, 'original'))];
  });
  return Object.fromEntries(entries);
}

/** The objects in a list, or in an object that stands for one. */
function itemsOf(value: unknown): readonly JsonObject[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).filter(isJsonObject);
}
