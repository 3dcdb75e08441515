/** What OTLP's signals have in common: requests in JSON or protobuf, walked record by record, and their answers. */
import { isJsonObject } from '../event/draft-schema.ts';
import type { JsonObject } from '../event/event.ts';
import type { Posted, Receipt } from '../event/intake.ts';
import { parsed } from './json-body.ts';
import { listOf, UnreadableRecord } from './otlp-attributes.ts';
import { type Origin, originOf } from './otlp-origin.ts';
import { decodeProtobuf, encodeExportResponse, encodeStatus, type Message } from './otlp-protobuf.ts';
import { type Answer, type Delivery, type Fault, type Producer, UnreadableDelivery } from './producer.ts';

/** One signal of OTLP: the names of its levels in JSON, its request in protobuf, and what its records become. */
export type Signal = {
  readonly name: string;
  readonly path: string;
  readonly resources: string;
  readonly scopes: string;
  readonly records: string;
  /** The name of the count in a partial success. */
  readonly rejected: string;
  readonly request: Message;
  /** Gives the translation of one call's records; a record that is none of our kinds becomes null. */
  readonly translation: () => (record: JsonObject, origin: Origin) => Posted | null;
};

/** The levels at the top of the signals: a body that has another's was sent to the wrong path. */
const TOPS = ['resourceSpans', 'resourceLogs', 'resourceMetrics', 'resourceProfiles'];

/** How many different reasons a partial success tells, and how long they may get: SDKs write them to their own log. */
const REASONS_MAX = 3;
const REASON_CHARACTERS_MAX = 300;

const OPENING_BRACE = 0x7b;
const TYPE = { json: 'application/json', protobuf: 'application/x-protobuf' } as const;

/** The producer of a signal. */
export function producerOfSignal(signal: Signal): Producer {
  const translate = (body: unknown, delivery: Delivery) => translateBody(signal, body, delivery);
  return {
    name: signal.name,
    paths: [signal.path],
    recognise: (body) => isJsonObject(body) && Array.isArray(body[signal.resources]),
    read: (delivery) => translate(readBody(signal, delivery), delivery),
    translate,
    answer: (receipt, _posted, delivery) => answer(signal, receipt, delivery),
    refuse,
  };
}

/**
 * The body as OTLP's JSON, whatever the Content-Type says. Nothing at all is an empty request in protobuf, and what
 * OpenRouter sends to test a connection.
 */
function readBody(signal: Signal, { bytes, text }: Delivery): unknown {
  if (bytes.length === 0 || text.trim() === '') return {};
  // A protobuf request may begin with a line feed and an opening brace, so that JSON is known by its parsing alone.
  const json = /^\s*\{/.test(text) ? parsed(text.replace(/^\uFEFF/, '')) : null;
  if (json !== null) return json.value;
  const message = bytes[0] === OPENING_BRACE ? null : decodeProtobuf(bytes, signal.request);
  // Plain text can happen to be protobuf of unknown fields.
  if (message === null || !(signal.resources in message))
    throw new UnreadableDelivery(`body: neither OTLP JSON with ${signal.resources} nor OTLP protobuf`);
  return message;
}

function translateBody(signal: Signal, body: unknown, delivery: Delivery): readonly Posted[] {
  if (!isJsonObject(body)) throw new UnreadableDelivery('body: must be a JSON object');
  const resources = body[signal.resources] ?? null;
  const other = TOPS.find((top) => top !== signal.resources && (body[top] ?? null) !== null);
  if (resources === null && other !== undefined)
    throw new UnreadableDelivery(`${other}: does not belong to ${signal.path}`);
  if (
    resources === null &&
    (Object.keys(body).length === 0 || delivery.header('x-test-connection') === 'true')
  )
    return [];
  if (!Array.isArray(resources)) throw new UnreadableDelivery(`${signal.resources}: must be an array`);
  const translateRecord = signal.translation();
  const posted: Posted[] = [];
  for (const resource of listOf(resources)) {
    for (const scope of children(resource, signal.scopes, posted)) {
      const records = children(scope, signal.records, posted);
      if (records.length > 0) translateScope(resource as JsonObject, scope as JsonObject, records);
    }
  }
  return posted;

  function translateScope(resource: JsonObject, scope: JsonObject, records: readonly unknown[]): void {
    const origin = attempt(() => originOf(resource, scope, delivery));
    for (const record of records) {
      const result = 'problem' in origin ? origin : attempt(() => recordOf(record, origin, translateRecord));
      if (result !== null) posted.push(result);
    }
  }
}

function recordOf(
  record: unknown,
  origin: Origin,
  translate: ReturnType<Signal['translation']>,
): Posted | null {
  if (isJsonObject(record)) return translate(record, origin);
  throw new UnreadableRecord('record: must be an object');
}

/** The list inside one level; what stands there instead becomes a problem. */
function children(parent: unknown, field: string, posted: Posted[]): readonly unknown[] {
  const list = isJsonObject(parent) ? (parent[field] ?? []) : null;
  if (Array.isArray(list)) return list;
  posted.push({ problem: `${field}: must be an array in an object` });
  return [];
}

function attempt<T>(translate: () => T): T | { readonly problem: string } {
  try {
    return translate();
  } catch (error) {
    if (error instanceof UnreadableRecord) return { problem: error.message };
    throw error;
  }
}

/** OTLP/HTTP, "Full Success" and "Partial Success": 200 for both, since clients must not send either again. */
function answer(signal: Signal, receipt: Receipt, delivery: Delivery): Answer {
  const rejected = receipt.rejected.length;
  const errorMessage = reasonsOf(receipt);
  const isProtobuf = answersInProtobuf(delivery);
  const partial = { partialSuccess: { [signal.rejected]: String(rejected), errorMessage } };
  return {
    status: 200,
    headers: { 'content-type': isProtobuf ? TYPE.protobuf : TYPE.json },
    body: isProtobuf
      ? encodeExportResponse(rejected, errorMessage)
      : JSON.stringify(rejected > 0 ? partial : {}),
  };
}

function reasonsOf({ rejected }: Receipt): string {
  const reasons = [...new Set(rejected.map(({ error }) => error.slice(0, REASON_CHARACTERS_MAX)))];
  const more = reasons.length - REASONS_MAX;
  return [...reasons.slice(0, REASONS_MAX), ...(more > 0 ? [`and ${more} other reasons`] : [])].join(' | ');
}

/** OTLP/HTTP, "Failures": a `google.rpc.Status`. Clients retry 429, 502, 503 and 504, and nothing else. */
function refuse(fault: Fault, delivery: Delivery): Answer {
  const isProtobuf = answersInProtobuf(delivery);
  const retry = fault.retryAfterSeconds === null ? {} : { 'retry-after': String(fault.retryAfterSeconds) };
  return {
    status: fault.status,
    headers: { 'content-type': isProtobuf ? TYPE.protobuf : TYPE.json, ...retry },
    body: isProtobuf ? encodeStatus(fault.message) : JSON.stringify({ message: fault.message }),
  };
}

/** The answer has the type of the request; where that names neither encoding, what the body looks like. */
function answersInProtobuf({ header, bytes, text }: Delivery): boolean {
  const type = (header('content-type') ?? '').toLowerCase();
  if (type.includes('protobuf')) return true;
  return !type.includes('json') && bytes.length > 0 && !/^\s*[[{]/.test(text);
}
