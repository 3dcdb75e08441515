/** Helicone's manual logger: what a program tells of a model request, a tool call or a look-up that it made itself. */
import type { JsonObject } from '../event/event.ts';
import type { Posted } from '../event/intake.ts';
import { isJsonObject } from '../event/draft-schema.ts';
import { boundedMetadata } from './bounded-metadata.ts';
import { epochMilliseconds, millisecondsBetween } from './epoch-time.ts';
import { amountAt, at, countAt, objectAt, textAt, without } from './json-field.ts';
import { plainAnswer, plainRefusal } from './plain-answer.ts';
import type { Delivery, Producer } from './producer.ts';
import { fittingId, recognisedBy, recordByRecord } from './record-by-record.ts';

/** The lowest HTTP status of an error. */
const ERROR_STATUS_MIN = 400;

/** What the logger writes for a stream that was cancelled, and the status by which proxies know that. */
const CANCELLED = -3;
const CANCELLED_STATUS = 499;

/** Words in a tool's own result that say that it failed. */
const FAILED = new Set(['error', 'failed', 'failure']);

const PROPERTY_PREFIX = 'helicone-property-';

/** Helicone's manual logger in its languages; it looks at nothing but whether the status is 2xx. */
export const helicone: Producer = {
  name: 'helicone',
  // The logger puts the provider that it was told into the path.
  paths: ['/custom/v1/log', '/oai/v1/log', '/anthropic/v1/log', '/googleapis/v1/log'],
  recognise: recognisedBy(
    (record) =>
      isJsonObject(at(record, 'providerRequest', 'json')) && isJsonObject(at(record, 'providerResponse')),
  ),
  ...recordByRecord(translateRecord),
  answer: (receipt) => plainAnswer(receipt),
  refuse: plainRefusal,
};

function translateRecord(record: JsonObject, delivery: Delivery): readonly Posted[] {
  const request = objectAt(record, 'providerRequest', 'json');
  const type = textAt(request, '_type') ?? '';
  switch (type) {
    case 'tool':
      return [toolCall(record, delivery, textAt(request, 'toolName'), at(request, 'input'))];
    case 'vector_db':
    case 'data': {
      const name = textAt(request, type === 'data' ? 'name' : 'operation') ?? type;
      return [toolCall(record, delivery, name, without(request, '_type', 'name'))];
    }
    default:
      return [modelRequest(record, delivery)];
  }
}

function toolCall(
  record: JsonObject,
  delivery: Delivery,
  toolName: string | undefined,
  input: unknown,
): Posted {
  const response = objectAt(record, 'providerResponse', 'json');
  const result = without(response, '_type', 'toolName', 'name');
  const text = textAt(record, 'providerResponse', 'textBody');
  const status = statusOf(record);
  const word = textAt(response, 'status')?.toLowerCase();
  const isFailed = (status !== undefined && status >= ERROR_STATUS_MIN) || FAILED.has(word ?? '');
  return {
    body: {
      type: 'tool_call',
      ...commonFields(record, delivery),
      tool_name: toolName,
      server_label: textAt(record, 'providerRequest', 'json', 'databaseName'),
      arguments: input,
      result: text !== undefined && Object.keys(result).length === 0 ? text : result,
      status: isFailed ? 'error' : status === undefined ? undefined : 'success',
      error: isFailed ? { message: textAt(response, 'message') ?? text, status_code: status } : undefined,
      metadata: metadataOf(record, delivery, {
        helicone_type: textAt(record, 'providerRequest', 'json', '_type'),
        request: without(objectAt(record, 'providerRequest', 'json'), '_type', 'toolName', 'input'),
      }),
    },
  };
}

function modelRequest(record: JsonObject, delivery: Delivery): Posted {
  const request = objectAt(record, 'providerRequest', 'json');
  const response = objectAt(record, 'providerResponse', 'json');
  const text = textAt(record, 'providerResponse', 'textBody');
  const status = statusOf(record);
  const isFailed = status !== undefined && status >= ERROR_STATUS_MIN;
  return {
    body: {
      type: 'request',
      ...commonFields(record, delivery),
      model: textAt(request, 'model') ?? textAt(response, 'model'),
      provider: providerOf(record),
      status,
      input_tokens: countAt(response, 'usage', 'prompt_tokens') ?? countAt(response, 'usage', 'input_tokens'),
      output_tokens:
        countAt(response, 'usage', 'completion_tokens') ?? countAt(response, 'usage', 'output_tokens'),
      error: isFailed
        ? (textAt(response, 'error', 'message') ??
          textAt(response, 'error') ??
          text ??
          textAt(response, 'message'))
        : undefined,
      metadata: metadataOf(record, delivery, {
        request,
        response: Object.keys(response).length === 0 ? text : response,
      }),
    },
  };
}

function commonFields(record: JsonObject, delivery: Delivery) {
  const start = timeOf(record, 'startTime');
  const meta = objectAt(record, 'providerRequest', 'meta');
  return {
    id: fittingId(headerOf(record, delivery, 'helicone-request-id')),
    timestamp: start,
    latency_ms: millisecondsBetween(start, timeOf(record, 'endTime')),
    user_id: headerOf(record, delivery, 'helicone-user-id') ?? textAt(meta, 'user_id'),
    session_id: headerOf(record, delivery, 'helicone-session-id') ?? textAt(meta, 'session_id'),
  };
}

/** What has no field of ours; properties stand under their own names, in lower case as headers are, the call's first. */
function metadataOf(record: JsonObject, delivery: Delivery, further: Readonly<Record<string, unknown>>) {
  const headers = objectAt(record, 'providerResponse', 'headers');
  const properties = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => name.startsWith(PROPERTY_PREFIX))
    .map(([name, value]) => [name.slice(PROPERTY_PREFIX.length), value] as const);
  const status = at(record, 'providerResponse', 'status');
  return boundedMetadata({
    ...Object.fromEntries(properties),
    ...delivery.headersUnder(PROPERTY_PREFIX),
    ...objectAt(record, 'providerRequest', 'meta'),
    ...without(record, 'providerRequest', 'providerResponse', 'timing', 'provider'),
    url: at(record, 'providerRequest', 'url'),
    response_headers: Object.keys(headers).length === 0 ? undefined : headers,
    session_name: headerOf(record, delivery, 'helicone-session-name'),
    session_path: headerOf(record, delivery, 'helicone-session-path'),
    time_to_first_token_ms: amountAt(record, 'timing', 'timeToFirstToken'),
    cancelled: status === CANCELLED ? true : undefined,
    ...further,
  });
}

/** A header of the call itself, which has those of this one event; else of the logger, which the body repeats. */
function headerOf(record: JsonObject, delivery: Delivery, name: string): string | undefined {
  const headers = objectAt(record, 'providerResponse', 'headers');
  const key = Object.keys(headers).find((header) => header.toLowerCase() === name);
  return (delivery.header(name) || undefined) ?? (key === undefined ? undefined : textAt(headers, key));
}

function statusOf(record: JsonObject): number | undefined {
  const isCancelled = at(record, 'providerResponse', 'status') === CANCELLED;
  return isCancelled ? CANCELLED_STATUS : countAt(record, 'providerResponse', 'status');
}

function timeOf(record: JsonObject, name: string): number | undefined {
  const seconds = amountAt(record, 'timing', name, 'seconds');
  if (seconds === undefined) return undefined;
  return epochMilliseconds(seconds * 1000 + (amountAt(record, 'timing', name, 'milliseconds') ?? 0));
}

/** The provider that the program told, else the host that it called; for a model of its own, `custom`. */
function providerOf(record: JsonObject): string {
  const url = textAt(record, 'providerRequest', 'url') ?? '';
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  return textAt(record, 'provider')?.toLowerCase() ?? (host === '' ? 'custom' : host);
}
