/** Spans as events: tool spans are tool calls, model spans are requests. */
import { isJsonObject } from '../event/draft-schema.ts';
import type { Json, JsonObject } from '../event/event.ts';
import type { Posted } from '../event/intake.ts';
import {
  Attributes,
  idOf,
  jsonOfKeyValues,
  listOf,
  millisecondsOf,
  nanosecondsOf,
  textOf,
  withoutGaps,
} from './otlp-attributes.ts';
import { boundFieldsOf, type Origin } from './otlp-origin.ts';

/** Operations of agents around their calls: their tokens are sums over the spans below them. */
const OPERATIONS_AROUND = new Set(['invoke_agent', 'create_agent', 'invoke_workflow', 'plan', 'retrieval']);

/** Operations that are a request to a model, even where the span does not name it. */
const MODEL_OPERATIONS = new Set(['chat', 'text_completion', 'generate_content', 'embeddings']);

const MODEL_NAMES = ['gen_ai.request.model', 'gen_ai.response.model', 'llm.model_name'] as const;
const TOOL_NAMES = ['gen_ai.tool.name', 'mcp.tool.name'] as const;
const NAMED_TOOL = /^(?:tools\/call|execute_tool) (.+)$/s;
const STATUS_ERROR = 2;
const NANOSECONDS_IN_MICROSECOND = 1000n;

/**
 * A span as a tool call or a request. Its trace and span id are the event's id, so that a redelivery merges.
 * @returns null for a span that is neither
 * @throws UnreadableRecord when it cannot be used
 */
export function postedOfSpan(span: JsonObject, origin: Origin): Posted | null {
  const attributes = new Attributes(jsonOfKeyValues(span['attributes']));
  const kind = kindOf(attributes, textOf(span['name']) ?? '');
  if (kind === null) return null;
  const start = nanosecondsOf(span, 'startTimeUnixNano');
  const end = nanosecondsOf(span, 'endTimeUnixNano');
  const traceId = idOf(span, 'traceId');
  const spanId = idOf(span, 'spanId');
  const fields = {
    type: kind,
    id: traceId === null || spanId === null ? null : `${traceId}-${spanId}`,
    timestamp: start === null ? null : millisecondsOf(start),
    trace_id: traceId,
    latency_ms:
      start === null || end === null || end < start
        ? null
        : Number((end - start) / NANOSECONDS_IN_MICROSECOND) / 1000,
    ...boundFieldsOf(attributes, origin),
    ...(kind === 'tool_call'
      ? toolCallFields(attributes, span, origin)
      : requestFields(attributes, span, origin)),
  };
  const metadata = { ...attributes.rest(), ...withoutGaps({ 'otel.span': about(span) }), ...origin.metadata };
  return { body: { ...fields, metadata } };
}

/** Instrumentations that name neither operation nor method say what a span is in words of their own. */
function kindOf(attributes: Attributes, name: string): 'tool_call' | 'request' | null {
  const operation = attributes.peek('gen_ai.operation.name');
  const method = attributes.peek('mcp.method.name');
  if (operation === 'execute_tool' || method === 'tools/call') return 'tool_call';
  if (operation !== null && MODEL_OPERATIONS.has(operation)) return 'request';
  if (method !== null || (operation !== null && OPERATIONS_AROUND.has(operation))) return null;
  const own = (attributes.peek('openinference.span.kind') ?? attributes.peek('traceloop.span.kind') ?? '')
    .toLowerCase()
    .trim();
  if (own === 'tool') return 'tool_call';
  if (own !== '' && own !== 'llm' && own !== 'embedding') return null;
  if (operation === null && (attributes.has(...TOOL_NAMES) || NAMED_TOOL.test(name))) return 'tool_call';
  return attributes.has(...MODEL_NAMES) ? 'request' : null;
}

function toolCallFields(attributes: Attributes, span: JsonObject, { resource }: Origin): JsonObject {
  const name = textOf(span['name']);
  return {
    tool_name:
      attributes.text(...TOOL_NAMES, 'tool.name', 'tool_name', 'traceloop.entity.name') ??
      (name === null ? null : (NAMED_TOOL.exec(name)?.[1] ?? name)),
    server_label:
      attributes.text('mcp.server.name', 'mcp.target', 'mcp.provider.name', 'server.address') ??
      textOf(resource['service.name']),
    arguments: attributes.json(
      'gen_ai.tool.call.arguments',
      'mcp.tool.arguments',
      'traceloop.entity.input',
      'input.value',
    ),
    result: attributes.json(
      'gen_ai.tool.call.result',
      'mcp.tool.result',
      'traceloop.entity.output',
      'output.value',
    ),
    ...toolErrorFields(attributes, span),
    cost: attributes.amount('gen_ai.usage.cost'),
    request_id: attributes.text('gen_ai.tool.call.id', 'jsonrpc.request.id', 'mcp.request.id'),
    session_id: attributes.text('mcp.session.id', 'gen_ai.conversation.id', 'session.id'),
    user_id: attributes.text('enduser.id', 'user.id'),
    virtual_key_name: attributes.text('virtual_key_name'),
  };
}

/** A span that failed without a reason has the status alone; one that did not fail leaves the status to its result. */
function toolErrorFields(attributes: Attributes, span: JsonObject): JsonObject {
  const rpcStatus = attributes.peek('rpc.response.status_code');
  const isRpcError = rpcStatus !== null && rpcStatus !== '0' && rpcStatus.toUpperCase() !== 'OK';
  const isError =
    isErrorStatus(span) || isRpcError || attributes.has('error.type', 'mcp.error.code', 'mcp.error.message');
  if (!isError) return {};
  const type = attributes.text('error.type');
  const code = attributes.text('mcp.error.code', ...(isRpcError ? ['rpc.response.status_code'] : []));
  const error = withoutGaps({
    type,
    code: code ?? (type !== null && /^-?\d+$/.test(type) ? type : null),
    message: attributes.text('mcp.error.message') ?? statusMessage(span) ?? exceptionMessage(span),
    status_code: attributes.count('http.response.status_code', 'http.status_code'),
  });
  return { status: 'error', error };
}

function requestFields(attributes: Attributes, span: JsonObject, { resource }: Origin): JsonObject {
  const model = attributes.text(...MODEL_NAMES);
  const errorType = attributes.text('error.type');
  const httpStatus = attributes.count('http.response.status_code', 'http.status_code');
  const isError = errorType !== null || isErrorStatus(span);
  const typeAsStatus = errorType !== null && /^[1-5]\d\d$/.test(errorType) ? Number(errorType) : null;
  const message = isError ? (statusMessage(span) ?? exceptionMessage(span)) : null;
  return {
    model,
    provider:
      attributes.text(
        'gen_ai.provider.name',
        'gen_ai.system',
        'gen_ai.model.provider',
        'llm.provider',
        'llm.system',
      ) ??
      providerOfModel(model) ??
      attributes.text('server.address') ??
      textOf(resource['service.name']),
    status: httpStatus ?? typeAsStatus ?? (isError ? 500 : 200),
    error: errorType ?? message,
    input_tokens: attributes.count(
      'gen_ai.usage.input_tokens',
      'gen_ai.usage.prompt_tokens',
      'llm.token_count.prompt',
    ),
    output_tokens: attributes.count(
      'gen_ai.usage.output_tokens',
      'gen_ai.usage.completion_tokens',
      'llm.token_count.completion',
    ),
    cost: attributes.amount('gen_ai.usage.cost'),
    session_id: attributes.text('gen_ai.conversation.id', 'session.id'),
    user_id: attributes.text('enduser.id', 'user.id'),
  };
}

/** Gateways write `openai/gpt-4o`. */
function providerOfModel(model: string | null): string | null {
  return model === null ? null : textOf(/^([^/]+)\/./.exec(model)?.[1]);
}

function isErrorStatus({ status }: JsonObject): boolean {
  return isJsonObject(status) && status['code'] === STATUS_ERROR;
}

function statusMessage({ status }: JsonObject): string | null {
  return isJsonObject(status) ? textOf(status['message']) : null;
}

function exceptionMessage({ events }: JsonObject): string | null {
  const exception = listOf(events)
    .filter(isJsonObject)
    .findLast((event) => event['name'] === 'exception');
  return exception === undefined
    ? null
    : textOf(jsonOfKeyValues(exception['attributes'])['exception.message']);
}

/** What a span says of itself and has no field of ours. */
function about(span: JsonObject): JsonObject | null {
  return withoutGaps({
    name: textOf(span['name']),
    kind: typeof span['kind'] === 'number' ? span['kind'] : null,
    parent_span_id: idOf(span, 'parentSpanId'),
    trace_state: textOf(span['traceState']),
    status_message: statusMessage(span),
    events: listOf(span['events']).filter(isJsonObject).map(aboutEvent),
    links: listOf(span['links']).filter(isJsonObject).map(aboutLink),
  });
}

function aboutEvent(event: JsonObject): Json {
  return withoutGaps({
    name: textOf(event['name']),
    time_unix_nano: event['timeUnixNano'],
    attributes: withoutGaps(jsonOfKeyValues(event['attributes'])),
  });
}

function aboutLink(link: JsonObject): Json {
  return withoutGaps({
    trace_id: idOf(link, 'traceId'),
    span_id: idOf(link, 'spanId'),
    attributes: withoutGaps(jsonOfKeyValues(link['attributes'])),
  });
}
