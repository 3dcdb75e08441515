/** OTLP's protobuf encoding: requests read into the shape of OTLP's JSON, answers written. */
import { PbfReader, PbfWriter } from 'pbf';

/** How a scalar is encoded, and what it becomes: as OTLP's JSON mapping has it, but doubles stay numbers. */
type Scalar = 'string' | 'hex' | 'base64' | 'bool' | 'int64' | 'int32' | 'double' | 'fixed64' | 'fixed32';

type Field = {
  readonly name: string;
  readonly holds: Scalar | (() => Message);
  readonly isRepeated?: true;
};

/** The fields of a message by their number in the published .proto files; others are skipped. */
export type Message = Readonly<Record<number, Field>>;

/** Protobuf's wire types: varint, eight bytes, bytes with their length before them, four bytes. */
const WIRE = { varint: 0, eight: 1, bytes: 2, four: 5 } as const;

const WIRE_OF: Readonly<Record<Scalar, number>> = {
  string: WIRE.bytes,
  hex: WIRE.bytes,
  base64: WIRE.bytes,
  bool: WIRE.varint,
  int64: WIRE.varint,
  int32: WIRE.varint,
  double: WIRE.eight,
  fixed64: WIRE.eight,
  fixed32: WIRE.four,
};

/** The deepest nesting of messages: a list in a list is two of them. Readers recurse, and others end at 100. */
const MESSAGES_DEEP_MAX = 500;

const one = (name: string, holds: Field['holds']): Field => ({ name, holds });
const many = (name: string, holds: () => Message): Field => ({ name, holds, isRepeated: true });

// opentelemetry/proto/common/v1/common.proto
const anyValue: Message = {
  1: one('stringValue', 'string'),
  2: one('boolValue', 'bool'),
  3: one('intValue', 'int64'),
  4: one('doubleValue', 'double'),
  5: one('arrayValue', () => ({ 1: many('values', () => anyValue) })),
  6: one('kvlistValue', () => ({ 1: many('values', () => keyValue) })),
  7: one('bytesValue', 'base64'),
};
const keyValue: Message = { 1: one('key', 'string'), 2: one('value', () => anyValue) };
const attributes = many('attributes', () => keyValue);
const scope: Message = { 1: one('name', 'string'), 2: one('version', 'string'), 3: attributes };
const resource: Message = { 1: attributes };

// opentelemetry/proto/trace/v1/trace.proto
const spanEvent: Message = { 1: one('timeUnixNano', 'fixed64'), 2: one('name', 'string'), 3: attributes };
const spanLink: Message = {
  1: one('traceId', 'hex'),
  2: one('spanId', 'hex'),
  3: one('traceState', 'string'),
  4: attributes,
};
const span: Message = {
  1: one('traceId', 'hex'),
  2: one('spanId', 'hex'),
  3: one('traceState', 'string'),
  4: one('parentSpanId', 'hex'),
  5: one('name', 'string'),
  6: one('kind', 'int32'),
  7: one('startTimeUnixNano', 'fixed64'),
  8: one('endTimeUnixNano', 'fixed64'),
  9: attributes,
  11: many('events', () => spanEvent),
  13: many('links', () => spanLink),
  15: one('status', () => ({ 2: one('message', 'string'), 3: one('code', 'int32') })),
  16: one('flags', 'fixed32'),
};
const scopeSpans: Message = { 1: one('scope', () => scope), 2: many('spans', () => span) };
const resourceSpans: Message = {
  1: one('resource', () => resource),
  2: many('scopeSpans', () => scopeSpans),
};

// opentelemetry/proto/logs/v1/logs.proto
const logRecord: Message = {
  1: one('timeUnixNano', 'fixed64'),
  2: one('severityNumber', 'int32'),
  3: one('severityText', 'string'),
  5: one('body', () => anyValue),
  6: attributes,
  8: one('flags', 'fixed32'),
  9: one('traceId', 'hex'),
  10: one('spanId', 'hex'),
  11: one('observedTimeUnixNano', 'fixed64'),
  12: one('eventName', 'string'),
};
const scopeLogs: Message = { 1: one('scope', () => scope), 2: many('logRecords', () => logRecord) };
const resourceLogs: Message = { 1: one('resource', () => resource), 2: many('scopeLogs', () => scopeLogs) };

/** `opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest`. */
export const EXPORT_TRACES: Message = { 1: many('resourceSpans', () => resourceSpans) };

/** `opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest`. */
export const EXPORT_LOGS: Message = { 1: many('resourceLogs', () => resourceLogs) };

/**
 * Reads a message into the shape of OTLP's JSON: lowerCamelCase names, ids in hex, bytes in base64, 64-bit integers as
 * decimal text. Fields that are unknown or of another wire type are skipped.
 * @returns null when the bytes are no protobuf, or end too early
 */
export function decodeProtobuf(bytes: Uint8Array, message: Message): Record<string, unknown> | null {
  try {
    return readMessage(new PbfReader(bytes), message, bytes.length, MESSAGES_DEEP_MAX);
  } catch {
    return null;
  }
}

function readMessage(pbf: PbfReader, message: Message, end: number, deep: number): Record<string, unknown> {
  if (deep === 0 || end > pbf.length) throw new RangeError('nested too deep, or cut off');
  const result: Record<string, unknown> = {};
  for (let number = pbf.nextField(end); number !== 0; number = pbf.nextField(end)) {
    const field = message[number];
    if (field === undefined || pbf.type !== wireOf(field.holds)) continue;
    const { holds } = field;
    const value =
      typeof holds === 'string'
        ? SCALARS[holds](pbf)
        : readMessage(pbf, holds(), pbf.readVarint() + pbf.pos, deep - 1);
    if (pbf.pos > end) throw new RangeError('cut off');
    if (field.isRepeated === true) ((result[field.name] ??= []) as unknown[]).push(value);
    else result[field.name] = value;
  }
  // The library reads past an end without a word, and takes field number 0 for one.
  if (pbf.pos !== end) throw new RangeError('cut off');
  return result;
}

function wireOf(holds: Field['holds']): number {
  return typeof holds === 'string' ? WIRE_OF[holds] : WIRE.bytes;
}

const SCALARS: Readonly<Record<Scalar, (pbf: PbfReader) => string | number | boolean>> = {
  string: (pbf) => pbf.readString(),
  hex: (pbf) => Array.from(pbf.readBytes(), (byte) => byte.toString(16).padStart(2, '0')).join(''),
  base64: (pbf) => btoa(Array.from(pbf.readBytes(), (byte) => String.fromCharCode(byte)).join('')),
  bool: (pbf) => pbf.readBoolean(),
  int64: readInt64,
  int32: (pbf) => pbf.readVarint(true),
  double: (pbf) => pbf.readDouble(),
  fixed64: (pbf) => {
    const value = pbf.dataView.getBigUint64(pbf.pos, true).toString();
    pbf.pos += 8;
    return value;
  },
  fixed32: (pbf) => pbf.readFixed32(),
};

/** The library reads into a number, which cannot hold all of 64 bits: beyond 2^53 the bytes are read again. */
function readInt64(pbf: PbfReader): string {
  const start = pbf.pos;
  const value = pbf.readVarint(true);
  if (Number.isSafeInteger(value)) return String(value);
  const digits = pbf.buf.subarray(start, pbf.pos);
  return BigInt.asIntN(
    64,
    digits.reduceRight((sum, byte) => (sum << 7n) | BigInt(byte & 0x7f), 0n),
  ).toString();
}

/**
 * Writes `ExportTraceServiceResponse` or `ExportLogsServiceResponse`, which have the same numbers.
 * @param rejected how many records were not kept; with 0 the answer is the empty message
 */
export function encodeExportResponse(rejected: number, errorMessage: string): Uint8Array {
  const pbf = new PbfWriter();
  if (rejected > 0)
    pbf.writeMessage(
      1,
      (count, partial) => {
        partial.writeVarintField(1, count);
        partial.writeStringField(2, errorMessage);
      },
      rejected,
    );
  return pbf.finish();
}

/** Writes `google.rpc.Status`, of which OTLP uses the message alone. */
export function encodeStatus(message: string): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeStringField(2, message);
  return pbf.finish();
}
