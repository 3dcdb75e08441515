/** OTLP logs: records as server lines, and the events of Claude Code. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draftOf } from '../../src/event/draft.ts';
import { otlpLogs } from '../../src/producers/otlp-logs.ts';
import { UnreadableDelivery } from '../../src/producers/producer.ts';
import { deliveryOf, draftsOf, WORKSPACE } from './otlp-delivery.ts';
import { encodeLogs, jsonLogs, pairsOf, type LogRecord } from './otlp-encoder.ts';

const RESOURCE = pairsOf({
  'service.name': 'ai.nimblebrain/echo',
  workspace_id: WORKSPACE,
  'k8s.pod.name': 'echo-abc',
  'k8s.container.name': 'echo',
});

const RECORD: LogRecord = {
  timeUnixNano: '1767225600300999999',
  observedTimeUnixNano: '1767225600400000000',
  severityNumber: 13,
  severityText: 'WARN',
  body: { stringValue: 'tool slow' },
  attributes: pairsOf({ 'http.route': '/mcp', tries: 3 }),
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
};

const DRAFT = {
  kind: 'server_log',
  timestamp: 1_767_225_600_300,
  workspace_id: WORKSPACE,
  server_id: 'echo',
  level: 'warning',
  message: 'tool slow',
  pod_name: 'echo-abc',
  container_name: 'echo',
  trace_id: '5b8efff798038103d269b633813fc60c',
  metadata: {
    'http.route': '/mcp',
    tries: 3,
    severity_text: 'WARN',
    severity_number: 13,
    'otel.span_id': 'eee19b7ec3c1b174',
    'otel.scope': { name: 'scope' },
    'otel.resource': {
      'service.name': 'ai.nimblebrain/echo',
      workspace_id: WORKSPACE,
      'k8s.pod.name': 'echo-abc',
      'k8s.container.name': 'echo',
    },
  },
};

function draftOfRecord(
  record: unknown,
  resource = RESOURCE,
  parameters: Readonly<Record<string, string>> = {},
) {
  const [draft] = draftsOf(otlpLogs.read(deliveryOf(jsonLogs(resource, [record]), parameters)));
  return draft;
}

const idsOf = (records: readonly unknown[], parameters: Readonly<Record<string, string>> = {}) =>
  draftsOf(otlpLogs.read(deliveryOf(jsonLogs(RESOURCE, records), parameters))).map(({ id }) => id);

describe('a record', () => {
  test('is a server line, in JSON and in protobuf', () => {
    expect(draftOfRecord(RECORD)).toMatchObject(DRAFT);
    const protobuf = deliveryOf(encodeLogs(RESOURCE, [RECORD]));
    expect(draftsOf(otlpLogs.read(protobuf))).toEqual([expect.objectContaining(DRAFT)]);
    expect(otlpLogs.read(protobuf)).toEqual(otlpLogs.read(deliveryOf(jsonLogs(RESOURCE, [RECORD]))));
  });

  test.each([
    [1, '', 'debug'],
    [8, '', 'debug'],
    [9, 'Information', 'info'],
    [12, 'notice', 'info'],
    [13, '', 'warning'],
    [16, '', 'warning'],
    [17, '', 'error'],
    [20, 'ERROR', 'error'],
    [21, '', 'critical'],
    [24, '', 'critical'],
    [18, 'critical', 'critical'],
    [19, 'Alert', 'critical'],
    [0, 'FATAL', 'critical'],
    [0, 'err', 'error'],
  ])('of severity %i %s is %s', (severityNumber, severityText, level) => {
    expect(draftOfRecord({ ...RECORD, severityNumber, severityText })).toMatchObject({ level });
  });

  test('without a severity is a raw line', () => {
    const body = { stringValue: '2024-01-01T12:00:00Z ERROR boom' };
    const message = { level: 'error', message: 'boom' };
    expect(draftOfRecord({ timeUnixNano: '1767225600300999999', body })).toMatchObject({
      timestamp: 1_767_225_600_300,
      ...message,
    });
    expect(draftOfRecord({ body })).toMatchObject({
      timestamp: Date.parse('2024-01-01T12:00:00Z'),
      ...message,
    });
  });

  test('with a body that is no text has it as JSON, without one the name of its event', () => {
    const body = { kvlistValue: { values: [{ key: 'a', value: { intValue: '1' } }] } };
    expect(draftOfRecord({ ...RECORD, body })).toMatchObject({ message: '{"a":1}' });
    expect(draftOfRecord({ ...RECORD, body: undefined, eventName: 'device.started' })).toMatchObject({
      message: 'device.started',
    });
    const [posted] = otlpLogs.read(deliveryOf(jsonLogs(RESOURCE, [{ ...RECORD, body: null }])));
    expect(draftOf(posted !== undefined && 'body' in posted ? posted.body : null)).toEqual({
      problem: expect.stringContaining('message: required'),
    });
  });

  test('takes the time at which it was observed when it has no other', () => {
    expect(draftOfRecord({ ...RECORD, timeUnixNano: '0' })).toMatchObject({ timestamp: 1_767_225_600_400 });
  });

  test('finds its home in the query, and is a problem without one', () => {
    const parameters = { workspace_id: WORKSPACE, server_id: 'from-query', project_id: 'p' };
    const home = { workspace_id: WORKSPACE, server_id: 'from-query', project_id: 'p' };
    expect(draftOfRecord(RECORD, [], parameters)).toMatchObject(home);
    const unnamed = pairsOf({ 'service.name': 'unknown_service:node' });
    expect(draftOfRecord(RECORD, unnamed, parameters)).toMatchObject(home);
    const foreign = pairsOf({ workspace_id: 'acme' });
    expect(draftOfRecord(RECORD, foreign, parameters)).toMatchObject(home);
    expect(otlpLogs.read(deliveryOf(jsonLogs([], [RECORD]), { server_id: 's' }))).toEqual([
      { problem: expect.stringMatching(/^workspace_id: required; /) },
    ]);
    expect(otlpLogs.read(deliveryOf(jsonLogs([], [RECORD]), { workspace_id: WORKSPACE }))).toEqual([
      { problem: expect.stringMatching(/^server_id: required; /) },
    ]);
    expect(() => draftOfRecord(RECORD, foreign, { server_id: 's' })).toThrow('workspace_id: must be a UUID');
  });

  test('has an id that a redelivery has again, and that tells it from every other', () => {
    const records = [
      RECORD,
      { ...RECORD, body: { stringValue: 'other' } },
      RECORD,
      { ...RECORD, traceId: 'ab' },
    ];
    const ids = idsOf(records);
    expect(new Set(ids).size).toBe(4);
    expect(idsOf(records)).toEqual(ids);
    expect(idsOf([RECORD])[0]).toBe(ids[0]);
    const uid = pairsOf({ 'log.record.uid': '01ARZ3NDEKTSV4RRFFQ69G5FAV' });
    expect(idsOf([{ ...RECORD, attributes: uid }])).toEqual(['01ARZ3NDEKTSV4RRFFQ69G5FAV']);
    expect(idsOf([{ body: { stringValue: 'no time' } }])).toEqual([null]);
  });

  test('has another id in another home', () => {
    const homeless = (parameters: Readonly<Record<string, string>>) =>
      draftsOf(
        otlpLogs.read(deliveryOf(jsonLogs([], [RECORD]), { workspace_id: WORKSPACE, ...parameters })),
      )[0]?.id;
    expect(homeless({ server_id: 'a' })).not.toBe(homeless({ server_id: 'b' }));
  });

  test('cannot carry a resource of any size into every event', () => {
    const resource = pairsOf({ 'service.name': 's', padding: 'x'.repeat(20_000) });
    expect(otlpLogs.read(deliveryOf(jsonLogs(resource, [RECORD])))).toEqual([
      { problem: expect.stringContaining('resource: must have 16384 characters') },
    ]);
  });
});

describe('an event of Claude Code', () => {
  const CLAUDE = pairsOf({ 'service.name': 'claude-code', 'service.version': '2.1.0' });

  const event = (name: string, attributes: Readonly<Record<string, string | number>>): LogRecord => ({
    timeUnixNano: '1767225602500000000',
    body: { stringValue: `claude_code.${name}` },
    attributes: pairsOf({ 'event.name': name, 'session.id': 'sess-1', 'user.id': 'u1', ...attributes }),
  });

  test('tool_result is a tool call that began when it was called', () => {
    const attributes = { tool_name: 'Bash', success: 'true', duration_ms: '1500', tool_use_id: 'toolu_1' };
    const parameters = { tool_parameters: '{"bash_command":"ls"}' };
    expect(draftOfRecord(event('tool_result', { ...attributes, ...parameters }), CLAUDE)).toMatchObject({
      kind: 'tool_call',
      tool_name: 'Bash',
      status: 'success',
      timestamp: 1_767_225_601_000,
      latency_ms: 1500,
      arguments: { bash_command: 'ls' },
      request_id: 'toolu_1',
      session_id: 'sess-1',
      user_id: 'u1',
      server_label: 'claude-code',
    });
  });

  test('tool_result of an MCP server names its own tool, and fails with its error', () => {
    const attributes = { tool_name: 'mcp_tool', success: 'false', error: 'kaput', duration_ms: 20 };
    const tool_parameters = '{"mcp_server_name":"weather","mcp_tool_name":"get_weather"}';
    expect(draftOfRecord(event('tool_result', { ...attributes, tool_parameters }), CLAUDE)).toMatchObject({
      tool_name: 'get_weather',
      server_label: 'weather',
      status: 'error',
      error: { message: 'kaput' },
    });
  });

  test('api_request and api_error are requests', () => {
    const attributes = { model: 'claude-sonnet-5', duration_ms: 2500, attempt: 1 };
    const usage = { input_tokens: '1200', output_tokens: 300, cost_usd: 0.0123 };
    expect(draftOfRecord(event('api_request', { ...attributes, ...usage }), CLAUDE)).toMatchObject({
      kind: 'request',
      model: 'claude-sonnet-5',
      provider: 'anthropic',
      status: 200,
      timestamp: 1_767_225_600_000,
      latency_ms: 2500,
      input_tokens: 1200,
      output_tokens: 300,
      cost: 0.0123,
      metadata: { attempt: 1 },
    });
    const error = { error: 'overloaded', status_code: '529' };
    expect(draftOfRecord(event('api_error', { ...attributes, ...error }), CLAUDE)).toMatchObject({
      status: 529,
      error: 'overloaded',
    });
  });

  test('of any other kind is a line', () => {
    const parameters = { workspace_id: WORKSPACE };
    expect(draftOfRecord(event('user_prompt', { prompt_length: 42 }), CLAUDE, parameters)).toMatchObject({
      kind: 'server_log',
      message: 'claude_code.user_prompt',
      server_id: 'claude-code',
    });
  });
});

test('a partial success counts log records', () => {
  const receipt = { accepted: 0, rejected: [{ index: 0, error: 'workspace_id: required' }] };
  expect(otlpLogs.answer(receipt, [], deliveryOf('{}')).body).toBe(
    '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"workspace_id: required"}}',
  );
});

test('anything else is read or refused', () => {
  const bytes = encodeLogs(RESOURCE, [RECORD]);
  const isReadOrRefused = (body: unknown): boolean => {
    try {
      otlpLogs.read(deliveryOf(body));
      return true;
    } catch (error) {
      return error instanceof UnreadableDelivery;
    }
  };
  const json = fc.jsonValue({ maxDepth: 3 });
  const field = fc.constantFrom(
    'timeUnixNano',
    'severityNumber',
    'severityText',
    'body',
    'attributes',
    'traceId',
  );
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (place, byte) =>
      isReadOrRefused(bytes.with(place, byte)),
    ),
  );
  fc.assert(fc.property(json, (value) => isReadOrRefused({ resourceLogs: value })));
  fc.assert(
    fc.property(field, json, (name, value) =>
      isReadOrRefused(jsonLogs(RESOURCE, [{ ...RECORD, [name]: value }])),
    ),
  );
  fc.assert(
    fc.property(json, (value) =>
      isReadOrRefused(jsonLogs([{ key: 'service.name', value: value as never }], [RECORD])),
    ),
  );
  for (let length = 2; length < bytes.length; length++)
    expect(() => otlpLogs.read(deliveryOf(bytes.subarray(0, length))), `${length}`).toThrow(
      UnreadableDelivery,
    );
});
