/** Shipped log records: each becomes a server line with its home, or the typed event that its JSON tells of. */
import { isJsonObject } from '../event/draft-schema.ts';
import type { Json, JsonObject } from '../event/event.ts';
import { promotionOf, type Promotion } from './access-log.ts';
import { sideBySide } from './bounded-metadata.ts';
import type { Coordinate, Identifiable } from './derived-id.ts';
import { parsed } from './json-body.ts';
import { at, textAt } from './json-field.ts';
import type { Delivery } from './producer.ts';
import { homeOf, type Home } from './record-home.ts';
import { presentFields } from './present-fields.ts';
import { recordTime, type RecordTime } from './record-time.ts';
import { sourceLevel } from './source-level.ts';

/** Where a shipper's records keep what matters; the first name that fits wins. */
export type Reading = {
  readonly texts: readonly string[];
  readonly times: readonly string[];
  /** Further names of the program, which is the server where nothing else says it. */
  readonly servers: readonly string[];
  /** Whether the text is a raw line for the line parser; else it is a message as it stands. */
  readonly isRaw: boolean;
};

/** One record, with its text and its time apart. */
export type LogRecord = {
  /** All of the record but its text and its time. */
  readonly fields: JsonObject;
  readonly text: string | null;
  readonly isRaw: boolean;
  readonly time: RecordTime | null;
  readonly servers: readonly string[];
};

const LEVEL_PATHS = [
  ['level'],
  ['severity'],
  ['lvl'],
  ['levelname'],
  ['log.level'],
  ['log', 'level'],
  ['detected_level'],
  ['LEVEL'],
  ['SEVERITY'],
  ['PRIORITY'],
  ['priority'],
];

/** JSON text, alone or behind the head that the container runtime writes. */
const JSON_LINE = /^\s*(?:\S+ (?:stdout|stderr) F )?(\{.*\})\s*$/s;

/** What a text must hold to be worth parsing. */
const TELLING = /gen_ai|mcp/;

/** Fields that tell where a record arose, beside its pod and container. */
const SOURCES = ['host', 'hostname', 'HOST', 'file', 'stream', 'pid', 'PID'];

/** Reads a JSON record as its shipper writes it; of several times the first counts, and the exact one tells it apart. */
export function logRecord(record: JsonObject, reading: Reading): LogRecord {
  const textName = reading.texts.find((name) => isText(at(record, name)));
  const times = reading.times
    .map((name) => ({ name, time: recordTime(at(record, name)) }))
    .filter(({ time }) => time !== null);
  const [first] = times;
  const exact = times.find(({ time }) => time?.exact !== null)?.time?.exact ?? null;
  // A time finer than a millisecond stays beside the text, since ours is cut.
  const taken = new Set([textName, first?.time?.exact === null ? first.name : undefined]);
  return {
    fields: Object.fromEntries(Object.entries(record).filter(([name]) => !taken.has(name))),
    text: textName === undefined ? null : String(at(record, textName)),
    isRaw: reading.isRaw,
    time: first?.time ? { ...first.time, exact } : null,
    servers: reading.servers,
  };
}

/** A line of which nothing is known but its text. */
export function rawLine(text: string): LogRecord {
  return { fields: {}, text, isRaw: true, time: null, servers: [] };
}

/** Whether a record is a blank line, which no server log keeps (contracts/server-logs.md). */
export function isBlank({ text, isRaw }: LogRecord): boolean {
  return isRaw && text !== null && text.trim() === '';
}

/** What a record is: a typed event where it, or the JSON in its text, has an access log's keys; else a server line. */
export function eventOf(record: LogRecord, delivery: Delivery): Identifiable {
  const home = homeOf(record.fields, record.servers, delivery);
  const inner = jsonIn(record.text);
  const promoted = inner === null ? null : promotionOf(inner);
  if (inner !== null && promoted !== null) {
    const fields = withoutRepeated(home.rest, inner);
    return typed({ ...record, text: null }, home, promoted, sideBySide(promoted.rest, fields));
  }
  const own = promotionOf(home.rest);
  return own === null ? serverLine(record, home) : typed(record, home, own, own.rest);
}

function typed(
  { text, time }: LogRecord,
  home: Home,
  { body, requestId }: Promotion,
  metadata: JsonObject,
): Identifiable {
  const { workspace_id, project_id, trace_id } = home;
  const message = body['type'] === 'tool_call' ? { message: text } : {};
  const whole: JsonObject = presentFields({
    timestamp: time?.milliseconds ?? null,
    workspace_id,
    project_id,
    trace_id,
    ...message,
    ...body,
    metadata: orNull(
      text === null || body['type'] === 'tool_call' ? metadata : { message: text, ...metadata },
    ),
  });
  const content = jsonText(whole);
  const byRequest = requestId === null ? null : { head: requestId, parts: [content] };
  return {
    body: whole,
    coordinate: content === null ? null : (byRequest ?? placeOf(home, time, content)),
  };
}

function serverLine(record: LogRecord, home: Home): Identifiable {
  if (home.workspace_id === null)
    return { problem: 'workspace_id: required; the record has none, so say it with ?workspace_id=' };
  if (home.server_id === null)
    return { problem: 'server_id: required; the record has none, so say it with ?server_id=' };
  const { rest, ...where } = home;
  const text = record.text?.replace(/\r?\n$/, '') ?? (Object.keys(rest).length === 0 ? null : jsonText(rest));
  if (text === null) return { problem: 'message: required' };
  const { level, metadata } = levelled(rest);
  const body = presentFields({
    type: 'server_log',
    ...where,
    timestamp: record.time?.milliseconds ?? null,
    level,
    [record.isRaw ? 'line' : 'message']: text,
    metadata: orNull(metadata),
  });
  return { body, coordinate: placeOf(home, record.time, text) };
}

/** A pod writes a line once in a nanosecond; at a coarser time, or without a source, two lines might be one. */
function placeOf(home: Home, time: RecordTime | null, content: string): Coordinate | null {
  const exact = time?.exact ?? null;
  const sources = [
    home.pod_name,
    home.container_name,
    ...SOURCES.map((name) => textAt(home.rest, name) ?? null),
  ];
  if (exact === null || sources.every((source) => source === null)) return null;
  return { head: exact, parts: [home.workspace_id, home.server_id, ...sources, exact, content] };
}

/** The source's word stays in `severity_text` where it is not ours, so that `notice` and `alert` survive. */
function levelled(fields: JsonObject): { readonly level: string | null; readonly metadata: JsonObject } {
  for (const path of LEVEL_PATHS) {
    const word = textAt(fields, ...path);
    const level = word === undefined ? null : sourceLevel(word);
    if (word === undefined || level === null) continue;
    const [name] = path;
    const rest =
      path.length > 1 ? fields : Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name));
    return { level, metadata: word.toLowerCase() === level ? rest : { severity_text: word, ...rest } };
  }
  return { level: null, metadata: fields };
}

/** What the shipper lifted out of the text and sent along with it is told once. */
function withoutRepeated(fields: JsonObject, inner: JsonObject): JsonObject {
  const isRepeated = ([name, value]: [string, Json]) =>
    Object.hasOwn(inner, name) && jsonText(inner[name]) === jsonText(value);
  return Object.fromEntries(Object.entries(fields).filter((entry) => !isRepeated(entry)));
}

function jsonIn(text: string | null): JsonObject | null {
  if (text === null || !TELLING.test(text)) return null;
  const json = JSON_LINE.exec(text)?.[1];
  const value = json === undefined ? undefined : parsed(json)?.value;
  return isJsonObject(value) ? value : null;
}

/** Filebeat's `log` is an object that tells of the file: a message is anything but that. */
function isText(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** Null for what is nested too deep to be written. */
function jsonText(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? null;
  } catch {
    return null;
  }
}

function orNull(fields: JsonObject): JsonObject | null {
  return Object.keys(fields).length === 0 ? null : fields;
}
