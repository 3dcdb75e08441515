/** OpenTelemetry logs over OTLP/HTTP: records become server lines, Claude Code's events tool calls and requests. */
import { isUuid } from '../event/draft-schema.ts';
import type { Json, JsonObject, Level } from '../event/event.ts';
import type { Posted } from '../event/intake.ts';
import { levelOfWord } from '../event/level.ts';
import {
  Attributes,
  idOf,
  jsonOfAnyValue,
  jsonOfKeyValues,
  millisecondsOf,
  nanosecondsOf,
  textOf,
  withoutGaps,
} from './otlp-attributes.ts';
import { claudeCodeFields } from './otlp-claude-code.ts';
import { EXPORT_LOGS } from './otlp-protobuf.ts';
import { boundFieldsOf, type Origin } from './otlp-origin.ts';
import { producerOfSignal } from './otlp-signal.ts';

/** The highest `SeverityNumber` of each level (opentelemetry/proto/logs/v1/logs.proto); 0 is unspecified. */
const HIGHEST_SEVERITY: readonly (readonly [number, Level])[] = [
  [8, 'debug'],
  [12, 'info'],
  [16, 'warning'],
  [20, 'error'],
  [24, 'critical'],
];

/** What an SDK calls a service that its user gave no name; a line goes there only when the call names no server. */
const UNNAMED_SERVICE = /^unknown_service(?::|$)/;

const NO_SERVER = 'server_id: required; set the resource attribute service.name, or ?server_id=';
const NO_WORKSPACE = 'workspace_id: required; set it as a resource attribute, or ?workspace_id=';

/** `POST /v1/logs`. */
export const otlpLogs = producerOfSignal({
  name: 'otlp-logs',
  path: '/v1/logs',
  resources: 'resourceLogs',
  scopes: 'scopeLogs',
  records: 'logRecords',
  rejected: 'rejectedLogRecords',
  request: EXPORT_LOGS,
  translation: () => {
    const seen = new Map<string, number>();
    return (record, origin) => postedOfRecord(record, origin, seen);
  },
});

function postedOfRecord(record: JsonObject, origin: Origin, seen: Map<string, number>): Posted {
  const values = jsonOfKeyValues(record['attributes']);
  const attributes = new Attributes(values);
  const body = jsonOfAnyValue(record['body']);
  const nanoseconds = nanosecondsOf(record, 'timeUnixNano') ?? nanosecondsOf(record, 'observedTimeUnixNano');
  const time = nanoseconds === null ? null : millisecondsOf(nanoseconds);
  const uid = attributes.text('log.record.uid');
  const bounds = boundFieldsOf(attributes, origin);
  const names = [textOf(record['eventName']), attributes.peek('event.name'), textOf(body)];
  const typed = claudeCodeFields(names, attributes, time, origin);
  const fields = typed ?? lineFields(record, body, attributes, origin);
  if (typed === null && (fields['workspace_id'] ?? bounds.workspace_id) === null)
    return { problem: NO_WORKSPACE };
  if (typed === null && fields['server_id'] === null) return { problem: NO_SERVER };
  const about = aboutRecord(record);
  const same = [about, idOf(record, 'traceId'), body, values, bounds, fields['server_id'] ?? null];
  return {
    body: {
      id: uid ?? derivedId(same, origin, nanoseconds, seen),
      timestamp: time,
      trace_id: idOf(record, 'traceId'),
      ...bounds,
      ...fields,
      metadata: { ...attributes.rest(), ...about, ...origin.metadata },
    },
  };
}

function lineFields(
  record: JsonObject,
  body: Json,
  attributes: Attributes,
  { resource, delivery }: Origin,
): JsonObject {
  const shared = new Attributes(resource);
  const field = (...names: readonly string[]) => attributes.text(...names) ?? shared.text(...names);
  const service = shared.peek('service.name');
  const named = service === null || UNNAMED_SERVICE.test(service) ? null : service;
  const workspace = attributes.peek('workspace_id') ?? shared.peek('workspace_id');
  const event = textOf(record['eventName']) ?? attributes.peek('event.name');
  return {
    type: 'server_log',
    // One that is no UUID goes on only where there is no other, so that it is refused by its name.
    ...(isUuid(workspace ?? '') || delivery.parameter('workspace_id') !== null
      ? {}
      : { workspace_id: workspace }),
    server_id: field('server_id') ?? named ?? delivery.parameter('server_id') ?? service,
    ...contentOf(record, body ?? event ?? attributes.peek('exception.message')),
    pod_name: field('k8s.pod.name'),
    container_name: field('k8s.container.name', 'container.name'),
  };
}

/** A collector that reads files sends the raw line and knows no severity: the line is to say it then. */
function contentOf(record: JsonObject, body: Json): JsonObject {
  const level = levelOf(record);
  const isUnrated = (record['severityNumber'] ?? 0) === 0 && textOf(record['severityText']) === null;
  if (typeof body === 'string' && isUnrated) return { line: body };
  const message = typeof body === 'string' || body === null ? body : JSON.stringify(body);
  return { message, level };
}

/** Bridges from syslog send 18 or 19 for what their word calls critical, so that such a word goes first. */
function levelOf(record: JsonObject): Level | null {
  const word = textOf(record['severityText']);
  const level = word === null ? null : levelOfWord(word);
  const number = record['severityNumber'];
  if (level === 'critical' || typeof number !== 'number' || number < 1) return level;
  return HIGHEST_SEVERITY.find(([highest]) => number <= highest)?.[1] ?? level;
}

/** What a record says of itself and has no field of ours, with the words that a level may have lost. */
function aboutRecord(record: JsonObject): JsonObject {
  const about = withoutGaps({
    severity_text: textOf(record['severityText']),
    severity_number: typeof record['severityNumber'] === 'number' ? record['severityNumber'] : null,
    'otel.event_name': textOf(record['eventName']),
    'otel.span_id': idOf(record, 'spanId'),
  });
  return about ?? {};
}

/**
 * An id for a record, since OTLP gives it none and clients send a batch again: its time, a digest of all that it says,
 * and which of several equal records of this call it is.
 * @param nanoseconds null leaves a record without an id: nothing would then tell a repetition from a redelivery
 */
function derivedId(
  content: Json,
  { identity, delivery }: Origin,
  nanoseconds: bigint | null,
  seen: Map<string, number>,
): string | null {
  if (nanoseconds === null) return null;
  const base = `otlp_${nanoseconds}_${delivery.fingerprint(JSON.stringify(content) + identity)}`;
  const times = seen.get(base) ?? 0;
  seen.set(base, times + 1);
  return times === 0 ? base : `${base}_${times}`;
}
