/** Fluent Bit and Vector: lines with their pod and container, and access logs that become typed events. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Posted } from '../../src/event/intake.ts';
import { elasticsearch } from '../../src/producers/elasticsearch.ts';
import { fluentBit } from '../../src/producers/fluent-bit.ts';
import { pino, syslog, winston } from '../../src/producers/generic-records.ts';
import { loki } from '../../src/producers/loki.ts';
import { UnreadableDelivery } from '../../src/producers/producer.ts';
import { vector } from '../../src/producers/vector.ts';
import { deliveryOf, draft } from './golden.ts';

const WORKSPACE = '11111111-1111-4111-8111-111111111111';
const HOME = { workspace_id: WORKSPACE, server_id: 'echo' };

const FLUENT_BIT = {
  date: 1704110580.123,
  log: '2024-01-01T12:00:00Z ERROR boom\n',
  stream: 'stderr',
  time: '2024-01-01T12:00:00.123456789Z',
  kubernetes: {
    pod_name: 'echo-abc',
    namespace_name: 'ws1',
    labels: { app: 'echo' },
    container_name: 'main',
    host: 'node1',
  },
};

const VECTOR = {
  file: '/var/log/pods/x/0.log',
  kubernetes: {
    container_name: 'main',
    pod_name: 'echo-abc',
    pod_namespace: WORKSPACE,
    pod_labels: { app: 'echo' },
  },
  message: '[DEBUG] hello',
  stream: 'stdout',
  timestamp: '2026-01-01T00:00:00.123456789Z',
};

const TOOL_LINE = {
  'gen_ai.request.model': null,
  'mcp.method.name': 'tools/call',
  'mcp.tool.name': 'get_weather',
  'mcp.provider.name': 'weather',
  'mcp.session.id': '-',
  'jsonrpc.request.id': '3',
  response_code: 200,
  duration: 653,
  start_time: '2025-10-08T10:42:11.430Z',
  'x-request-id': 'cf2c0454',
};

const MODEL_LINE = {
  'gen_ai.request.model': 'gpt-4o-mini',
  'gen_ai.provider.name': 'openai',
  'gen_ai.usage.input_tokens': 15,
  'gen_ai.usage.output_tokens': '7',
  'mcp.method.name': '-',
  response_code: 429,
  duration: 1526,
  start_time: '2025-08-30T16:51:37.894Z',
  'x-request-id': '83b63da3',
};

const readWith = (producer: typeof vector, body: unknown, parameters: Record<string, string> = HOME) =>
  producer.read(deliveryOf(typeof body === 'string' ? body : JSON.stringify(body), {}, parameters));

const idOf = (posted: Posted | undefined) =>
  posted !== undefined && 'body' in posted ? (posted.body as { id?: string }).id : undefined;

test('a line of Fluent Bit has its pod, its container and its home', () => {
  const [posted] = readWith(fluentBit, [FLUENT_BIT], { workspace_id: WORKSPACE });
  expect(draft('server_log', posted)).toMatchObject({
    timestamp: 1_704_110_580_123,
    workspace_id: WORKSPACE,
    server_id: 'echo',
    pod_name: 'echo-abc',
    container_name: 'main',
    level: 'error',
    message: 'boom',
    metadata: {
      stream: 'stderr',
      time: FLUENT_BIT.time,
      kubernetes: { namespace_name: 'ws1', labels: { app: 'echo' }, host: 'node1' },
    },
  });
});

test('array, NDJSON and objects one after the other are the same', () => {
  const records = [FLUENT_BIT, { ...FLUENT_BIT, log: 'other' }];
  const texts = records.map((record) => JSON.stringify(record));
  const expected = readWith(fluentBit, records);
  expect(expected).toHaveLength(2);
  expect(readWith(fluentBit, texts.join('\n'))).toEqual(expected);
  expect(readWith(fluentBit, texts.join(''))).toEqual(expected);
  expect(fluentBit.translate(records, deliveryOf('', {}, HOME))).toEqual(expected);
});

test('the time key of Fluent Bit may be seconds, milliseconds or ISO', () => {
  for (const date of [
    1767225600.5,
    1767225600500,
    '2026-01-01T00:00:00.500000Z',
    '2026-01-01 00:00:00.500000',
  ]) {
    const [posted] = readWith(fluentBit, [{ date, log: 'x' }]);
    expect(draft('server_log', posted), String(date)).toMatchObject({
      timestamp: 1_767_225_600_500,
      message: 'x',
    });
  }
  const [untimed] = readWith(fluentBit, [{ date: 'never', log: 'x' }]);
  expect(draft('server_log', untimed)).toMatchObject({ timestamp: null, metadata: { date: 'never' } });
});

test('a line of Vector, whose namespace is the workspace', () => {
  const [posted] = readWith(vector, VECTOR, {});
  expect(draft('server_log', posted)).toMatchObject({
    timestamp: 1_767_225_600_123,
    workspace_id: WORKSPACE,
    server_id: 'echo',
    pod_name: 'echo-abc',
    container_name: 'main',
    level: 'debug',
    message: '[DEBUG] hello',
    metadata: { file: VECTOR.file, stream: 'stdout' },
  });
});

test('the record comes before the URL, and the URL before what Kubernetes suggests', () => {
  const other = '22222222-2222-4222-8222-222222222222';
  const [own] = readWith(vector, { ...VECTOR, workspace_id: other, server_id: 'own' });
  expect(draft('server_log', own)).toMatchObject({ workspace_id: other, server_id: 'own' });
  const [url] = readWith(vector, VECTOR, { workspace_id: other, server_id: 'url' });
  expect(draft('server_log', url)).toMatchObject({ workspace_id: other, server_id: 'url' });
});

test('a line without a home is refused, and the others are not', () => {
  const posted = readWith(fluentBit, [FLUENT_BIT, 7, VECTOR, { log: 'x' }], {});
  expect(posted.map((item) => ('problem' in item ? item.problem.split(':')[0] : 'kept'))).toEqual([
    'workspace_id',
    'record',
    'kept',
    'workspace_id',
  ]);
});

test('a redelivery has the same ids, and twins in one delivery do not collapse', () => {
  const first = readWith(fluentBit, [FLUENT_BIT, FLUENT_BIT, { ...FLUENT_BIT, log: 'else' }]).map(idOf);
  expect(new Set(first).size).toBe(3);
  expect(first.every((id) => id?.startsWith('2024-01-01T12:00:00.123456789Z-'))).toBe(true);
  expect(readWith(fluentBit, [FLUENT_BIT, FLUENT_BIT, { ...FLUENT_BIT, log: 'else' }]).map(idOf)).toEqual(
    first,
  );
  expect(readWith(fluentBit, [FLUENT_BIT], { ...HOME, server_id: 'other' }).map(idOf)).not.toContain(
    first[0],
  );
});

test('a time of whole milliseconds gives no id, since two lines may share it', () => {
  const { time: _, ...coarse } = FLUENT_BIT;
  expect(readWith(fluentBit, [coarse]).map(idOf)).toEqual([undefined]);
});

test("Envoy's line about a tool becomes a tool call, wherever its keys stand", () => {
  const nested = {
    mcp: { method: { name: 'tools/call' }, tool: { name: 'get_weather' }, provider: { name: 'weather' } },
    jsonrpc: { request: { id: '3' } },
    response_code: 200,
    duration: 653,
    start_time: TOOL_LINE.start_time,
    'x-request-id': 'cf2c0454',
  };
  const records = [
    { ...FLUENT_BIT, log: `${JSON.stringify(TOOL_LINE)}\n` },
    { ...FLUENT_BIT, log: `2025-10-08T10:42:12.1Z stdout F ${JSON.stringify(TOOL_LINE)}` },
    { ...FLUENT_BIT, ...TOOL_LINE, log: JSON.stringify(TOOL_LINE) },
    { ...FLUENT_BIT, ...TOOL_LINE, log: undefined },
    { ...FLUENT_BIT, ...nested, log: undefined },
  ];
  for (const record of records) {
    const event = draft('tool_call', readWith(fluentBit, [record], {})[0]);
    expect(event).toMatchObject({
      timestamp: Date.parse(TOOL_LINE.start_time),
      tool_name: 'get_weather',
      server_label: 'weather',
      status: 'success',
      latency_ms: 653,
      request_id: 'cf2c0454',
      session_id: null,
      metadata: { 'jsonrpc.request.id': '3', response_code: 200, stream: 'stderr' },
    });
    expect(event.id).toMatch(/^cf2c0454-[0-9a-f]{16}$/);
    expect(event.metadata).not.toHaveProperty('log');
  }
});

test('a tool that failed, with its arguments and its error', () => {
  const line = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': 'search',
    'gen_ai.tool.call.arguments': '{"q":"a"}',
    'gen_ai.tool.call.result': { rows: [1] },
    'error.type': 'timeout',
    'mcp.error.code': -32603,
    response_code: 504,
  };
  const [posted] = readWith(vector, { ...VECTOR, message: JSON.stringify(line) }, {});
  expect(draft('tool_call', posted)).toMatchObject({
    workspace_id: WORKSPACE,
    timestamp: 1_767_225_600_123,
    status: 'error',
    arguments: { q: 'a' },
    result: { rows: [1] },
    error: { type: 'timeout', code: '-32603', status_code: 504 },
  });
});

test.each([
  [{ response_code: 200 }, 'success', 'ok'],
  [{ response_code: 403 }, 'error', 'denied'],
  [{ response_code: 504 }, 'error', 'timeout'],
  [{ response_code: 503 }, 'error', 'transport_error'],
  [{ response_code: 0 }, 'error', 'cancelled'],
  [{ response_code: 0, 'error.type': 'ConnectionError' }, 'error', 'transport_error'],
  [{ response_code: 200, 'mcp.error.code': -32602 }, 'error', 'protocol_error'],
])("Envoy's line with %j ends as %s, %s", (fields, status, outcome) => {
  const [posted] = readWith(vector, { message: JSON.stringify({ ...TOOL_LINE, ...fields }) }, {});
  expect(draft('tool_call', posted)).toMatchObject({ status, outcome });
});

test("Envoy's line about a model becomes a request", () => {
  const [posted] = readWith(vector, { message: JSON.stringify(MODEL_LINE) }, {});
  expect(draft('request', posted)).toMatchObject({
    timestamp: Date.parse(MODEL_LINE.start_time),
    model: 'gpt-4o-mini',
    provider: 'openai',
    status: 429,
    input_tokens: 15,
    output_tokens: 7,
    latency_ms: 1526,
    metadata: { 'x-request-id': '83b63da3' },
  });
});

test('another MCP method is a request, and a key alone is still a line', () => {
  const line = { ...TOOL_LINE, 'mcp.method.name': 'tools/list', 'mcp.tool.name': null };
  expect(draft('request', readWith(vector, { message: JSON.stringify(line) })[0])).toMatchObject({
    model: 'tools/list',
    provider: 'weather',
    status: 200,
  });
  const [posted] = readWith(vector, { message: 'opened', 'mcp.session.id': 's1' });
  expect(draft('server_log', posted)).toMatchObject({
    message: 'opened',
    metadata: { 'mcp.session.id': 's1' },
  });
});

test('levels of the record win, and the word that is not ours stays', () => {
  const cases: readonly (readonly [string | number, string, string | undefined])[] = [
    ['notice', 'info', 'notice'],
    ['ALERT', 'critical', 'ALERT'],
    ['warning', 'warning', undefined],
    ['silly', 'debug', 'silly'],
    ['http', 'info', 'http'],
    [60, 'critical', '60'],
    [10, 'debug', '10'],
    [3, 'error', '3'],
  ];
  for (const [word, level, kept] of cases) {
    const event = draft('server_log', readWith(fluentBit, [{ log: 'x', level: word }])[0]);
    expect([event.level, event.metadata?.['severity_text']], String(word)).toEqual([level, kept]);
  }
  const unknown = draft('server_log', readWith(fluentBit, [{ log: 'x', level: 'loud' }])[0]);
  expect(unknown).toMatchObject({ level: 'info', metadata: { level: 'loud' } });
});

test('MessagePack is told how to become JSON, blank lines are dropped, an empty batch is fine', () => {
  expect(() => readWith(fluentBit, '\u0092\u0001binary')).toThrow(/format json/);
  expect(readWith(fluentBit, [{ log: '\n' }, { log: 'x' }])).toHaveLength(1);
  expect(readWith(fluentBit, '')).toEqual([]);
  expect(readWith(fluentBit, [])).toEqual([]);
  expect(fluentBit.answer({ accepted: 0, rejected: [] }, [], deliveryOf('')).status).toBe(200);
});

test('nothing hostile makes a shipper throw anything but what it says', () => {
  const names =
    'log message msg date time timestamp level kubernetes mcp gen_ai mcp.tool.name mcp.method.name streams stream ' +
    'values index _id __proto__ constructor labels pod_name workspace_id response_code duration x-request-id';
  const field = fc.constantFrom(...names.split(' '));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom(
        '1767225600000000001',
        '2026-01-01T00:00:00.1234567Z',
        '{"mcp.tool.name":1}',
        -1,
        1e300,
      ),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(field, tie('value'), { maxKeys: 5 }),
    ),
  }));
  const text = fc.oneof(
    value.map((json) => JSON.stringify(json)),
    fc.array(value, { maxLength: 4 }).map((lines) => lines.map((line) => JSON.stringify(line)).join('\n')),
    fc.array(value).map((values) => JSON.stringify({ streams: [{ stream: {}, values }] })),
    value.map((json) => `{"index":{}}\n${JSON.stringify(json)}\n{"create":{"_id":"1"}}`),
    fc.string({ unit: 'binary' }).map((line) => `<34>1 ${line}`),
    fc.string({ unit: 'binary' }),
  );
  const producers = [fluentBit, vector, loki, elasticsearch, winston, pino, syslog];
  fc.assert(
    fc.property(
      text,
      fc.constantFrom(...producers),
      fc.constantFrom(HOME, {}),
      (body, producer, parameters) => {
        const delivery = deliveryOf(body, {}, parameters);
        try {
          const posted = producer.read(delivery);
          JSON.stringify(posted);
          const rejected = posted.map((_, index) => ({ index, error: 'no' })).slice(0, 1);
          producer.answer({ accepted: 0, rejected }, posted, delivery);
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableDelivery);
        }
      },
    ),
    { numRuns: 1500 },
  );
  const deep = `${'{"mcp":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
  for (const producer of producers) {
    const read = () =>
      producer.read(deliveryOf(`[{"message":${deep},"gen_ai.x":${deep},"mcp.tool.name":"t"}]`));
    if (producer === loki || producer === elasticsearch) expect(read).toThrow(UnreadableDelivery);
    else expect(read).not.toThrow();
  }
});
