/** Loki's push API in JSON: pino-loki, Grafana Alloy and whatever else writes `{"streams":[…]}`. */
import { isJsonObject } from '../event/draft-schema.ts';
import type { JsonObject } from '../event/event.ts';
import type { Posted, Receipt } from '../event/intake.ts';
import { EARLIEST_TIME, LATEST_TIME } from '../event/time-key.ts';
import { withDerivedIds, type Identifiable } from './derived-id.ts';
import { parsed } from './json-body.ts';
import { at } from './json-field.ts';
import { eventOf, isBlank, type LogRecord } from './log-record.ts';
import { UnreadableDelivery, type Answer, type Delivery, type Fault, type Producer } from './producer.ts';

/** Labels that name the program where neither our own names, the URL nor Kubernetes do. */
const SERVER_LABELS = ['job'];

/** Problems that an answer spells out; Loki too cuts its list. */
const PROBLEMS_MAX = 10;

const UNSUPPORTED_MEDIA_TYPE = 415;
const BAD_REQUEST = 400;

/** Digits of nanoseconds below the millisecond. */
const NANOSECOND_DIGITS = 6;

/** A client of Loki. It takes 204 for success; it logs a 4xx and goes on, and sends again on 429 and 5xx. */
export const loki: Producer = {
  name: 'loki',
  paths: ['/loki/api/v1/push'],
  recognise: () => false,
  read: (delivery) => {
    if (delivery.text.trim() === '') return [];
    const whole = parsed(delivery.text);
    if (whole === null)
      throw new UnreadableDelivery(isProtobuf(delivery) ? PROTOBUF_REFUSED : 'body: not JSON');
    return postedStreams(whole.value, delivery);
  },
  translate: postedStreams,
  answer: answerOf,
  refuse: refusalOf,
};

const PROTOBUF_REFUSED =
  'body: snappy-compressed protobuf is not supported; push JSON ({"streams":[…]}, Content-Type application/json)';

function isProtobuf(delivery: Delivery): boolean {
  return (delivery.header('content-type') ?? '').includes('protobuf') || !/^\s*[[{]/.test(delivery.text);
}

function postedStreams(body: unknown, delivery: Delivery): readonly Posted[] {
  const streams = at(body, 'streams');
  if (!Array.isArray(streams)) throw new UnreadableDelivery('streams: must be an array');
  return withDerivedIds(
    streams.flatMap((stream: unknown, index) => ofStream(stream, index, delivery)),
    delivery.fingerprint,
  );
}

function ofStream(stream: unknown, index: number, delivery: Delivery): readonly Identifiable[] {
  const labels = at(stream, 'stream') ?? {};
  const values = at(stream, 'values') ?? [];
  if (!isJsonObject(labels)) return [{ problem: `streams.${index}.stream: must be an object of labels` }];
  if (!Array.isArray(values)) return [{ problem: `streams.${index}.values: must be an array` }];
  const names = Object.entries(labels).filter(([, label]) => typeof label === 'string');
  const identity = JSON.stringify(names.toSorted(([one], [other]) => (one < other ? -1 : 1)));
  return values.flatMap((value: unknown, place): readonly Identifiable[] => {
    const entry = entryOf(value, labels);
    if (entry === null)
      return [
        { problem: `streams.${index}.values.${place}: must be ["<nanoseconds since 1970>", "<line>"]` },
      ];
    if (isBlank(entry.record)) return [];
    const event = eventOf(entry.record, delivery);
    if ('problem' in event) return [event];
    // Loki itself drops a line that its stream has already at that nanosecond.
    const { workspace_id: workspace = null, server_id: server = null } = event.body;
    const parts = [JSON.stringify([workspace, server]), identity, entry.nanoseconds, entry.record.text];
    return [{ body: event.body, coordinate: { head: entry.nanoseconds, parts } }];
  });
}

/** Nanoseconds are cut as text: they do not fit a JavaScript number. */
function entryOf(value: unknown, labels: JsonObject): { nanoseconds: string; record: LogRecord } | null {
  const [nanoseconds, text, further] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof nanoseconds !== 'string' || !/^\d{7,19}$/.test(nanoseconds)) return null;
  const milliseconds = Number(nanoseconds.slice(0, -NANOSECOND_DIGITS));
  if (typeof text !== 'string' || milliseconds < EARLIEST_TIME || milliseconds >= LATEST_TIME) return null;
  const fields = { ...labels, ...(isJsonObject(further) ? further : {}) };
  const time = { milliseconds, exact: nanoseconds };
  return { nanoseconds, record: { fields, text, isRaw: true, time, servers: SERVER_LABELS } };
}

/** Loki keeps what it can of a push and answers 400 with the sentences of what it could not. */
function answerOf({ rejected }: Receipt): Answer {
  if (rejected.length === 0) return { status: 204, headers: {}, body: null };
  const sentences = rejected.slice(0, PROBLEMS_MAX).map(({ index, error }) => `entry ${index}: ${error}`);
  const more = rejected.length > PROBLEMS_MAX ? [`and ${rejected.length - PROBLEMS_MAX} more`] : [];
  return textAnswer(BAD_REQUEST, [...sentences, ...more].join('\n'), null);
}

function refusalOf({ status, message, retryAfterSeconds }: Fault): Answer {
  const isUnsupported = message === PROTOBUF_REFUSED;
  return textAnswer(isUnsupported ? UNSUPPORTED_MEDIA_TYPE : status, message, retryAfterSeconds);
}

function textAnswer(status: number, text: string, retryAfterSeconds: number | null): Answer {
  const retry = retryAfterSeconds === null ? {} : { 'retry-after': String(retryAfterSeconds) };
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...retry }, body: `${text}\n` };
}
