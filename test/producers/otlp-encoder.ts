/** OTLP in protobuf for the tests, written with the numbers of the published .proto files. */
import { PbfWriter } from 'pbf';

/** A value in OTLP's JSON shape, as the tests write it. */
export type Value =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: number | string }
  | { doubleValue: number }
  | { arrayValue: { values: Value[] } }
  | { kvlistValue: { values: KeyValue[] } }
  | { bytesValue: string };

/** An attribute in OTLP's JSON shape. */
export type KeyValue = { key: string; value: Value };

/** A span in OTLP's JSON shape. */
export type Span = {
  traceId?: string;
  spanId?: string;
  parentSpanId?: string;
  name?: string;
  kind?: number;
  startTimeUnixNano?: string;
  endTimeUnixNano?: string;
  attributes?: KeyValue[];
  events?: { timeUnixNano: string; name: string; attributes: KeyValue[] }[];
  status?: { code?: number; message?: string };
};

/** A log record in OTLP's JSON shape. */
export type LogRecord = {
  timeUnixNano?: string;
  observedTimeUnixNano?: string;
  severityNumber?: number;
  severityText?: string;
  body?: Value;
  attributes?: KeyValue[];
  traceId?: string;
  spanId?: string;
  eventName?: string;
};

const bytesOfHex = (digitsOfBytes: string) =>
  Uint8Array.from(digitsOfBytes.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));

function fixed64(number: number, value: string | undefined, pbf: PbfWriter): void {
  if (value === undefined) return;
  pbf.writeTag(number, 1);
  pbf.writeFixed32(Number(BigInt(value) & 0xffffffffn));
  pbf.writeFixed32(Number(BigInt(value) >> 32n));
}

function varint64(number: number, value: bigint, pbf: PbfWriter): void {
  pbf.writeTag(number, 0);
  let rest = BigInt.asUintN(64, value);
  while (rest > 127n) {
    pbf.writeVarint(0);
    pbf.buf[pbf.pos - 1] = Number(rest & 127n) | 128;
    rest >>= 7n;
  }
  pbf.writeVarint(Number(rest));
}

function text(number: number, value: string | undefined, pbf: PbfWriter): void {
  if (value !== undefined) pbf.writeStringField(number, value);
}

function hex(number: number, value: string | undefined, pbf: PbfWriter): void {
  if (value !== undefined) pbf.writeBytesField(number, bytesOfHex(value));
}

function writeValue(value: Value, pbf: PbfWriter): void {
  if ('stringValue' in value) pbf.writeStringField(1, value.stringValue);
  else if ('boolValue' in value) pbf.writeBooleanField(2, value.boolValue);
  else if ('intValue' in value) varint64(3, BigInt(value.intValue), pbf);
  else if ('doubleValue' in value) pbf.writeDoubleField(4, value.doubleValue);
  else if ('arrayValue' in value)
    pbf.writeMessage(
      5,
      (list, inner) => list.forEach((item) => inner.writeMessage(1, writeValue, item)),
      value.arrayValue.values,
    );
  else if ('kvlistValue' in value)
    pbf.writeMessage(
      6,
      (list, inner) => list.forEach((item) => inner.writeMessage(1, writePair, item)),
      value.kvlistValue.values,
    );
  else
    pbf.writeBytesField(
      7,
      Uint8Array.from(atob(value.bytesValue), (character) => character.charCodeAt(0)),
    );
}

function writePair(pair: KeyValue, pbf: PbfWriter): void {
  pbf.writeStringField(1, pair.key);
  pbf.writeMessage(2, writeValue, pair.value);
}

function pairs(number: number, list: readonly KeyValue[] | undefined, pbf: PbfWriter): void {
  list?.forEach((pair) => pbf.writeMessage(number, writePair, pair));
}

function writeSpan(span: Span, pbf: PbfWriter): void {
  hex(1, span.traceId, pbf);
  hex(2, span.spanId, pbf);
  hex(4, span.parentSpanId, pbf);
  text(5, span.name, pbf);
  if (span.kind !== undefined) pbf.writeVarintField(6, span.kind);
  fixed64(7, span.startTimeUnixNano, pbf);
  fixed64(8, span.endTimeUnixNano, pbf);
  pairs(9, span.attributes, pbf);
  span.events?.forEach((event) =>
    pbf.writeMessage(
      11,
      (fields, inner) => {
        fixed64(1, fields.timeUnixNano, inner);
        text(2, fields.name, inner);
        pairs(3, fields.attributes, inner);
      },
      event,
    ),
  );
  if (span.status !== undefined)
    pbf.writeMessage(
      15,
      (status, inner) => {
        text(2, status.message, inner);
        if (status.code !== undefined) inner.writeVarintField(3, status.code);
      },
      span.status,
    );
  // Numbers that no version has used yet, of every wire type.
  pbf.writeStringField(901, 'unknown');
  pbf.writeVarintField(902, 2 ** 40);
  pbf.writeDoubleField(903, 1.5);
  pbf.writeFixed32Field(904, 7);
}

function writeLogRecord(record: LogRecord, pbf: PbfWriter): void {
  fixed64(1, record.timeUnixNano, pbf);
  if (record.severityNumber !== undefined) pbf.writeVarintField(2, record.severityNumber);
  text(3, record.severityText, pbf);
  if (record.body !== undefined) pbf.writeMessage(5, writeValue, record.body);
  pairs(6, record.attributes, pbf);
  pbf.writeFixed32Field(8, 1);
  hex(9, record.traceId, pbf);
  hex(10, record.spanId, pbf);
  fixed64(11, record.observedTimeUnixNano, pbf);
  text(12, record.eventName, pbf);
}

/** An export request with one resource and one scope, whose levels have the same numbers for every signal. */
function exportRequest<R>(
  resource: readonly KeyValue[],
  records: readonly R[],
  write: (record: R, pbf: PbfWriter) => void,
): Uint8Array {
  const root = new PbfWriter();
  root.writeMessage(
    1,
    (_, level) => {
      level.writeMessage(1, (list, pbf) => pairs(1, list, pbf), resource);
      level.writeMessage(
        2,
        (__, pbf) => {
          pbf.writeMessage(1, (name, scope) => scope.writeStringField(1, name), 'scope');
          records.forEach((record) => pbf.writeMessage(2, write, record));
        },
        null,
      );
      level.writeStringField(3, 'https://opentelemetry.io/schemas/1.37.0');
    },
    null,
  );
  return root.finish();
}

/** `ExportTraceServiceRequest`. */
export const encodeTraces = (resource: readonly KeyValue[], spans: readonly Span[]) =>
  exportRequest(resource, spans, writeSpan);

/** `ExportLogsServiceRequest`. */
export const encodeLogs = (resource: readonly KeyValue[], records: readonly LogRecord[]) =>
  exportRequest(resource, records, writeLogRecord);

/** The same traces in OTLP's JSON. */
export const jsonTraces = (resource: readonly KeyValue[], spans: readonly unknown[]) => ({
  resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ scope: { name: 'scope' }, spans }] }],
});

/** The same logs in OTLP's JSON. */
export const jsonLogs = (resource: readonly KeyValue[], logRecords: readonly unknown[]) => ({
  resourceLogs: [
    { resource: { attributes: resource }, scopeLogs: [{ scope: { name: 'scope' }, logRecords }] },
  ],
});

/** Attributes of plain text, numbers and truth values; integers as numbers, as the JavaScript SDK sends them. */
export function pairsOf(values: Readonly<Record<string, string | number | boolean>>): KeyValue[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: valueOf(value) }));
}

function valueOf(value: string | number | boolean): Value {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
}
