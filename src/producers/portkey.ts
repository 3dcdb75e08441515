/** Portkey's gateway: the bodies that its plugins `default.log` and `default.webhook` post around a request. */
import { isJsonObject } from '../event/draft-schema.ts';
import type { JsonObject } from '../event/event.ts';
import type { Posted } from '../event/intake.ts';
import { boundedMetadata, sideBySide } from './bounded-metadata.ts';
import { amountAt, at, countAt, objectAt, textAt, unpacked, without } from './json-field.ts';
import { plainAnswer, plainRefusal } from './plain-answer.ts';
import type { Answer, Producer } from './producer.ts';
import { recognisedBy, recordByRecord } from './record-by-record.ts';

/** The hook that runs before a request: there is no answer yet, so nothing to store. */
const BEFORE = 'beforeRequestHook';

/** The lowest HTTP status of an error. */
const ERROR_STATUS_MIN = 400;

/**
 * Portkey. Each answer carries `{"verdict":true}`, since a webhook is a guardrail too: a log must never turn the user's
 * request away. It sends nothing twice and has no id of its own: a trace spans requests, and cached answers share theirs.
 */
export const portkey: Producer = {
  name: 'portkey',
  paths: ['/v1/ingest/portkey'],
  recognise: recognisedBy(isContext),
  ...recordByRecord(translateRecord),
  answer: (receipt) =>
    receipt.rejected.length === 0
      ? { ...plainAnswer(receipt), body: JSON.stringify({ verdict: true }) }
      : withVerdict(plainAnswer(receipt)),
  refuse: (fault) => withVerdict(plainRefusal(fault)),
};

function isContext(record: JsonObject): boolean {
  const request = objectAt(record, 'request');
  const hasRequest = Object.hasOwn(request, 'json') || Object.hasOwn(request, 'text');
  const isHook = /^(?:before|after)RequestHook$/.test(textAt(record, 'eventType') ?? '');
  return hasRequest && (isHook || typeof at(record, 'requestType') === 'string');
}

function translateRecord(record: JsonObject): readonly Posted[] {
  if (!isJsonObject(at(record, 'request'))) return [{ problem: 'request: must be an object' }];
  const request = objectAt(record, 'request');
  const response = objectAt(record, 'response');
  const status = countAt(response, 'statusCode');
  if (status === undefined && (at(record, 'eventType') === BEFORE || isUnanswered(response))) return [];
  const headers = objectAt(request, 'headers');
  const own = ownMetadata(record, headers);
  return [
    {
      body: {
        type: 'request',
        model: textAt(request, 'json', 'model') ?? textAt(response, 'json', 'model'),
        provider: textAt(record, 'provider'),
        status,
        input_tokens: tokensOf(response, 'prompt_tokens', 'input_tokens'),
        output_tokens: tokensOf(response, 'completion_tokens', 'output_tokens'),
        latency_ms: amountAt(response, 'response_time'),
        error: status !== undefined && status >= ERROR_STATUS_MIN ? errorOf(response) : undefined,
        trace_id: textAt(headers, 'x-portkey-trace-id') ?? textAt(own, 'traceId'),
        project_id: textAt(own, 'project') ?? textAt(own, 'project_id'),
        user_id: textAt(own, '_user'),
        session_id: textAt(own, 'session_id'),
        metadata: boundedMetadata(
          sideBySide(without(own, '_user', 'project'), without(record, 'provider', 'metadata')),
        ),
      },
    },
  ];
}

/** Before a request the gateway sends no response, or one without a body and a status. */
function isUnanswered(response: JsonObject): boolean {
  const hasBody =
    Object.keys(objectAt(response, 'json')).length > 0 || textAt(response, 'text') !== undefined;
  return !hasBody && (at(response, 'statusCode') ?? null) === null;
}

/** `default.webhook` strips the headers, and with `default.log` they may have what the body lacks. */
function ownMetadata(record: JsonObject, headers: JsonObject): JsonObject {
  const own = objectAt(record, 'metadata');
  if (Object.keys(own).length > 0) return own;
  return objectAt({ value: unpacked(at(headers, 'x-portkey-metadata')) }, 'value');
}

function tokensOf(response: JsonObject, ...names: readonly string[]): number | undefined {
  const usage = at(response, 'json', 'usage');
  return names.map((name) => countAt(usage, name)).find((count) => count !== undefined);
}

function errorOf(response: JsonObject): string | undefined {
  const error = at(response, 'json', 'error');
  return textAt(error, 'message') ?? textAt({ error }, 'error') ?? textAt(response, 'text');
}

function withVerdict(answer: Answer): Answer {
  const body = objectAt({ body: unpacked(answer.body) }, 'body');
  return { ...answer, body: JSON.stringify({ verdict: true, ...body }) };
}
