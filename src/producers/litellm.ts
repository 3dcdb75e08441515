/** LiteLLM's `generic_api` logger: standard logging payloads, its older payload of strings, and webhook alerts. */
import type { JsonObject } from '../event/event.ts';
import type { Posted } from '../event/intake.ts';
import { boundedMetadata, sideBySide } from './bounded-metadata.ts';
import { epochMilliseconds, millisecondsBetween } from './epoch-time.ts';
import { amountAt, at, countAt, objectAt, textAt, without } from './json-field.ts';
import { plainAnswer, plainRefusal } from './plain-answer.ts';
import type { Delivery, Producer } from './producer.ts';
import { failureStatus, hasFailed, toolEnd } from './litellm-failure.ts';
import { isOfStrings, readBack } from './litellm-strings.ts';
import { fittingId, recognisedBy, recordByRecord } from './record-by-record.ts';

/** What stands before the name of a tool where LiteLLM writes it as a model. */
const MCP_MODEL_PREFIX = 'MCP: ';

/** Fields of a payload, and of its metadata, that become fields of an event and need not be kept twice. */
const TAKEN_FIELDS = [
  'status',
  'prompt_tokens',
  'completion_tokens',
  'response_cost',
  'cost',
  'metadata',
  'model',
];
const TAKEN_METADATA = ['mcp_tool_call_metadata', 'user_api_key_hash', 'user_api_key_alias'];

/**
 * LiteLLM. It forgets a batch whatever the answer is, and in later versions sends the whole again on a failure: so what
 * was kept in part is a success, and ids are LiteLLM's own, so that a batch sent again merges.
 */
export const litellm: Producer = {
  name: 'litellm',
  paths: ['/v1/ingest/litellm'],
  recognise: recognisedBy((record) => isPayload(record) || isAlert(record)),
  ...recordByRecord(translateRecord),
  answer: (receipt) => plainAnswer(receipt),
  refuse: plainRefusal,
};

function isPayload(record: JsonObject): boolean {
  const hasTimes = Object.hasOwn(record, 'startTime') && Object.hasOwn(record, 'endTime');
  return hasTimes && typeof at(record, 'call_type') === 'string' && Object.hasOwn(record, 'id');
}

function isAlert(record: JsonObject): boolean {
  return ['event', 'event_group', 'event_message'].every((field) => typeof at(record, field) === 'string');
}

function translateRecord(record: JsonObject, delivery: Delivery): readonly Posted[] {
  if (isAlert(record)) return [alertLine(record, delivery)];
  const payload = isOfStrings(record) ? readBack(record) : record;
  const isCall = at(payload, 'call_type') === 'call_mcp_tool' || isNamed(objectAt(payload, 'metadata'));
  const isTool = isCall && at(payload, 'call_type') !== 'list_mcp_tools';
  return [isTool ? toolCall(payload) : modelRequest(payload)];
}

function isNamed(metadata: JsonObject): boolean {
  return textAt(metadata, 'mcp_tool_call_metadata', 'name') !== undefined;
}

function toolCall(payload: JsonObject): Posted {
  const tool = objectAt(payload, 'metadata', 'mcp_tool_call_metadata');
  const model = textAt(payload, 'model');
  const isNamedByModel = model?.startsWith(MCP_MODEL_PREFIX) === true;
  const toolName = textAt(tool, 'name') ?? (isNamedByModel ? model?.slice(MCP_MODEL_PREFIX.length) : model);
  const hasResult = Object.hasOwn(tool, 'result');
  return {
    body: {
      type: 'tool_call',
      ...commonFields(payload),
      tool_name: toolName,
      server_label: textAt(tool, 'mcp_server_name') ?? serverOf(textAt(tool, 'namespaced_tool_name')),
      arguments: at(tool, 'arguments'),
      result: hasResult ? at(tool, 'result') : answerOf(payload),
      ...toolEnd(payload),
      cost: costOf(payload, tool, toolName),
      virtual_key_name: textAt(payload, 'metadata', 'user_api_key_alias'),
      llm_request_id: textAt(payload, 'trace_id'),
      session_id: textAt(tool, 'mcp_session_id'),
      metadata: metadataOf(payload, {
        ...without(payload, ...TAKEN_FIELDS, ...(hasResult ? [] : ['response'])),
        ...without(tool, 'name', 'arguments', 'result', 'mcp_session_id'),
      }),
    },
  };
}

/** A tool that the server does not have is named with the server all the same: `weather/nosuch`. */
function serverOf(namespacedName: string | undefined): string | undefined {
  return /^([^/]+)\//.exec(namespacedName ?? '')?.[1];
}

/** A failed call has an empty object for its answer. */
function answerOf(payload: JsonObject) {
  const response = at(payload, 'response');
  return hasFailed(payload) === true && JSON.stringify(response) === '{}' ? undefined : response;
}

function modelRequest(payload: JsonObject): Posted {
  const isFailed = hasFailed(payload) ?? false;
  const usage = at(payload, 'usage');
  return {
    body: {
      type: 'request',
      ...commonFields(payload),
      // `model` is the deployment that answered; a call that was turned away early has no group.
      model: textAt(payload, 'model_group') ?? textAt(payload, 'model'),
      provider: providerOf(payload),
      status: isFailed ? failureStatus(payload) : 200,
      input_tokens: countAt(payload, 'prompt_tokens') ?? tokensIn(usage, 'prompt_tokens'),
      output_tokens: countAt(payload, 'completion_tokens') ?? tokensIn(usage, 'completion_tokens'),
      cost: amountAt(payload, 'response_cost') ?? amountAt(payload, 'cost'),
      error: isFailed
        ? (textAt(payload, 'error_information', 'error_class') ?? textAt(payload, 'error_str'))
        : undefined,
      session_id: textAt(payload, 'metadata', 'session_id') ?? textAt(payload, 'session_id'),
      metadata: metadataOf(payload, without(payload, ...TAKEN_FIELDS)),
    },
  };
}

function commonFields(payload: JsonObject) {
  const start = epochMilliseconds(at(payload, 'startTime'));
  const seconds = amountAt(payload, 'response_time');
  const key = objectAt(payload, 'metadata');
  return {
    id: fittingId(textAt(payload, 'id')),
    timestamp: start,
    latency_ms:
      millisecondsBetween(start, epochMilliseconds(at(payload, 'endTime'))) ??
      millisecondsBetween(0, seconds === undefined ? undefined : seconds * 1000),
    trace_id: textAt(payload, 'trace_id'),
    virtual_key_id: textAt(key, 'user_api_key_hash') ?? textAt(key, 'user_api_key'),
    project_id: textAt(key, 'user_api_key_project_id') ?? textAt(key, 'user_api_key_team_id'),
    user_id:
      textAt(payload, 'end_user') ??
      textAt(key, 'user_api_key_end_user_id') ??
      textAt(key, 'user_api_key_user_id') ??
      textAt(payload, 'user'),
  };
}

function metadataOf(payload: JsonObject, further: JsonObject): JsonObject | undefined {
  return boundedMetadata(sideBySide(without(objectAt(payload, 'metadata'), ...TAKEN_METADATA), further));
}

/** What the call cost, else the price of the tool, else the price of any call to its server. */
function costOf(payload: JsonObject, tool: JsonObject, toolName: string | undefined): number | undefined {
  const prices = objectAt(tool, 'mcp_server_cost_info');
  return (
    amountAt(payload, 'response_cost') ??
    amountAt(payload, 'cost') ??
    amountAt(prices, 'tool_name_to_cost_per_query', toolName ?? '') ??
    amountAt(prices, 'default_cost_per_query')
  );
}

/** Payloads before `custom_llm_provider` name it elsewhere, or as the model's prefix; MCP calls have none. */
function providerOf(payload: JsonObject): string {
  const model = textAt(payload, 'model') ?? '';
  return (
    textAt(payload, 'custom_llm_provider') ??
    textAt(payload, 'error_information', 'llm_provider') ??
    textAt(payload, 'hidden_params', 'custom_llm_provider') ??
    (at(payload, 'call_type') === 'list_mcp_tools' || model.startsWith(MCP_MODEL_PREFIX)
      ? 'mcp'
      : undefined) ??
    /^([a-z0-9_-]+)\/./i.exec(model)?.[1] ??
    'litellm'
  );
}

/** The older payload has its usage as an object, as Python's `repr` of one, or as `Usage(prompt_tokens=9, …)`. */
function tokensIn(usage: unknown, name: string): number | undefined {
  if (typeof usage !== 'string') return countAt(usage, name);
  const digits = new RegExp(`\\b${name}=(\\d+)`).exec(usage)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** A budget or outage alert: a line of the server that the URL names. */
function alertLine(record: JsonObject, delivery: Delivery): Posted {
  const home = {
    workspace_id: delivery.parameter('workspace_id'),
    server_id: delivery.parameter('server_id'),
  };
  const missing = Object.entries(home).find(([, value]) => value === null)?.[0];
  if (missing !== undefined)
    return {
      problem: `${missing}: required; an alert belongs to the server that ?workspace_id= and ?server_id= name`,
    };
  const message = textAt(record, 'event_message');
  const metadata = boundedMetadata(without(record, 'event_message'));
  return { body: { type: 'server_log', ...home, message, level: 'warning', metadata } };
}
