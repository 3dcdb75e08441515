/** The formats of producers, as the bench posts them: the same seeded events, each in the words of its gateway or shipper. */
import type { ServerLog, ToolCall } from '../../src/event/event.ts';
import { PORTKEY_LOG } from '../producers/golden.ts';
import {
  encodeLogs,
  encodeTraces,
  jsonLogs,
  jsonTraces,
  pairsOf,
  type Span,
} from '../producers/otlp-encoder.ts';
import { eventAt } from './data.ts';

/** One format: where it goes, how many events a call holds, and a call's body for events from a place on. */
export type Format = {
  readonly name: string;
  /** The name of its producer in src/producers. */
  readonly producer: string;
  readonly path: string;
  readonly type: string;
  readonly eventsPerCall: number;
  readonly body: (place: number) => string | Uint8Array;
};

/** Events of one call of what sends batches; what sends one by one holds one. */
const BATCH = 100;

/** Where lines belong whose body does not say so. */
const HOME = '?workspace_id=550e8400-e29b-41d4-a716-446655440000&server_id=echo';

/** The end of the data's thirty days: a fixed one, so that bodies are the same in every run. */
const END = Date.parse('2026-01-31T00:00:00Z');

const callAt = (place: number): ToolCall => eventAt('tool_call', place, END);
const lineAt = (place: number): ServerLog => eventAt('server_log', place, END);
const nanoseconds = (milliseconds: number): string => `${Math.floor(milliseconds)}000000`;
const hex = (place: number, digits: number): string => place.toString(16).padStart(digits, '0');
const batch = <T>(place: number, make: (place: number) => T): T[] =>
  Array.from({ length: BATCH }, (_, offset) => make(place + offset));
const lines = (records: readonly unknown[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

const gateway = (name: string, path: string, body: Format['body'], more: Partial<Format> = {}): Format => ({
  name,
  producer: name,
  path,
  type: 'application/json',
  eventsPerCall: BATCH,
  body,
  ...more,
});

const shipper = (name: string, path: string, body: Format['body'], more: Partial<Format> = {}): Format =>
  gateway(name, path + HOME, body, more);

function spanAt(place: number): Span {
  const { timestamp, latency_ms, tool_name, arguments: input, result, session_id } = callAt(place);
  return {
    traceId: hex(place + 1, 32),
    spanId: hex(place + 1, 16),
    name: `execute_tool ${tool_name}`,
    kind: 3,
    startTimeUnixNano: nanoseconds(timestamp),
    endTimeUnixNano: nanoseconds(timestamp + (latency_ms ?? 0)),
    attributes: pairsOf({
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': tool_name,
      'gen_ai.tool.call.arguments': JSON.stringify(input),
      'gen_ai.tool.call.result': JSON.stringify(result),
      'gen_ai.conversation.id': session_id ?? '',
    }),
  };
}

const recordAt = (place: number) => {
  const { timestamp, message } = lineAt(place);
  return { timeUnixNano: nanoseconds(timestamp), severityNumber: 9, body: { stringValue: message } };
};

function litellmAt(place: number): unknown {
  const { timestamp, latency_ms, tool_name, server_label, arguments: input, result, cost } = callAt(place);
  const startTime = timestamp / 1000;
  return {
    id: `litellm-${place}`,
    trace_id: `trace-${place}`,
    call_type: 'call_mcp_tool',
    status: 'success',
    response_cost: cost ?? 0,
    startTime,
    endTime: startTime + (latency_ms ?? 0) / 1000,
    model: `MCP: ${tool_name}`,
    metadata: {
      user_api_key_hash: 'hash-1',
      mcp_tool_call_metadata: { name: tool_name, arguments: input, result, mcp_server_name: server_label },
    },
  };
}

function kongAt(place: number): unknown {
  const { timestamp, latency_ms, tool_name, server_label, arguments: input, result } = callAt(place);
  const call = {
    jsonrpc: '2.0',
    id: place,
    method: 'tools/call',
    params: { name: tool_name, arguments: input },
  };
  const answer = { jsonrpc: '2.0', id: place, result };
  return {
    request: { id: `kong-${place}`, method: 'POST', uri: '/mcp' },
    response: { status: 200 },
    started_at: timestamp,
    service: { name: server_label },
    ai: {
      mcp: {
        rpc: [
          {
            method: 'tools/call',
            id: String(place),
            latency: latency_ms,
            tool_name,
            payload: { request: JSON.stringify(call), response: JSON.stringify(answer) },
          },
        ],
      },
    },
  };
}

function portkeyAt(place: number): unknown {
  const { arguments: input, result } = callAt(place);
  const { request, response } = PORTKEY_LOG;
  const json = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: JSON.stringify(input) }] };
  return {
    ...PORTKEY_LOG,
    metadata: {},
    request: { ...request, json },
    response: {
      ...response,
      json: { ...response.json, id: `portkey-${place}` },
      text: JSON.stringify(result),
    },
  };
}

function heliconeAt(place: number): unknown {
  const { timestamp, tool_name, arguments: input, result } = callAt(place);
  const time = { seconds: Math.floor(timestamp / 1000), milliseconds: timestamp % 1000 };
  return {
    providerRequest: {
      url: 'custom-model-nopath',
      json: { _type: 'tool', toolName: tool_name, input },
      meta: {},
    },
    providerResponse: {
      headers: {},
      status: 200,
      json: { _type: 'tool', toolName: tool_name, status: 'success', message: result },
    },
    timing: { startTime: time, endTime: time },
  };
}

const kubernetes = { pod_name: 'echo-1', container_name: 'echo' };
const protobuf = 'application/x-protobuf';

/** Every format. */
export const FORMATS: readonly Format[] = [
  gateway('otlp-traces', '/v1/traces', (place) => JSON.stringify(jsonTraces([], batch(place, spanAt)))),
  gateway('otlp-traces', '/v1/traces', (place) => encodeTraces([], batch(place, spanAt)), {
    name: 'otlp-traces, protobuf',
    type: protobuf,
  }),
  shipper('otlp-logs', '/v1/logs', (place) => JSON.stringify(jsonLogs([], batch(place, recordAt)))),
  shipper('otlp-logs', '/v1/logs', (place) => encodeLogs([], batch(place, recordAt)), {
    name: 'otlp-logs, protobuf',
    type: protobuf,
  }),
  gateway('litellm', '/v1/ingest/litellm', (place) => JSON.stringify(batch(place, litellmAt))),
  gateway('portkey', '/v1/ingest/portkey', (place) => JSON.stringify(portkeyAt(place)), { eventsPerCall: 1 }),
  gateway('kong', '/v1/ingest/kong', (place) => JSON.stringify(batch(place, kongAt))),
  gateway('helicone', '/custom/v1/log', (place) => JSON.stringify(heliconeAt(place)), { eventsPerCall: 1 }),
  shipper('fluent-bit', '/v1/ingest/fluentbit', (place) =>
    JSON.stringify(
      batch(place, (each) => ({
        date: lineAt(each).timestamp / 1000,
        log: `${lineAt(each).message}\n`,
        stream: 'stderr',
        kubernetes,
      })),
    ),
  ),
  shipper('vector', '/v1/ingest/vector', (place) =>
    JSON.stringify(
      batch(place, (each) => ({
        message: lineAt(each).message,
        timestamp: new Date(lineAt(each).timestamp).toISOString(),
        kubernetes,
      })),
    ),
  ),
  shipper('loki', '/loki/api/v1/push', (place) =>
    JSON.stringify({
      streams: [
        {
          stream: { level: 'warning' },
          values: batch(place, (each) => [
            nanoseconds(lineAt(each).timestamp),
            JSON.stringify({ level: 40, msg: lineAt(each).message }),
          ]),
        },
      ],
    }),
  ),
  shipper(
    'elasticsearch',
    '/_bulk',
    (place) =>
      lines(
        batch(place, (each) => [
          { index: { _index: 'logs', _id: `document-${each}` } },
          { '@timestamp': new Date(lineAt(each).timestamp).toISOString(), message: lineAt(each).message },
        ]).flat(),
      ),
    { type: 'application/x-ndjson' },
  ),
  shipper('winston', '/v1/ingest/winston', (place) =>
    JSON.stringify(
      batch(place, (each) => ({
        level: 'error',
        message: lineAt(each).message,
        requestId: `request-${each}`,
      })),
    ),
  ),
  shipper('pino', '/v1/ingest/pino', (place) =>
    lines(batch(place, (each) => ({ level: 50, time: lineAt(each).timestamp, msg: lineAt(each).message }))),
  ),
  shipper('syslog', '/v1/ingest/syslog', (place) =>
    batch(
      place,
      (each) =>
        `<27>1 ${new Date(lineAt(each).timestamp).toISOString()} host echo 42 - - ${lineAt(each).message}\n`,
    ).join(''),
  ),
];
