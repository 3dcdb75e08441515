/** Loki's push API in JSON. */
import { expect, test } from 'vitest';
import { loki } from '../../src/producers/loki.ts';
import { deliveryOf, draft } from './golden.ts';

const WORKSPACE = '11111111-1111-4111-8111-111111111111';

const PINO = '{"level":40,"time":1795204098891,"pid":1,"hostname":"vm","msg":"tool slow"}';

const bodyOf = (...values: unknown[]) =>
  JSON.stringify({ streams: [{ stream: { level: 'warning', hostname: 'vm', app: 'mcp' }, values }] });

const read = (text: string, parameters: Record<string, string> = { workspace_id: WORKSPACE }) =>
  loki.read(deliveryOf(text, {}, parameters));

test("pino-loki's push is a line with its labels, its level and its time", () => {
  const [posted] = read(bodyOf(['1795204098891999999', PINO, { trace_id: 'abc', tenant: 'x' }]));
  expect(draft('server_log', posted)).toMatchObject({
    timestamp: 1_795_204_098_891,
    workspace_id: WORKSPACE,
    server_id: 'mcp',
    level: 'warning',
    trace_id: 'abc',
    metadata: { hostname: 'vm', app: 'mcp', tenant: 'x' },
  });
  expect((posted as { body: { line: string } }).body.line).toBe(PINO);
});

test('pod, container and namespace come from the labels', () => {
  const stream = { namespace: WORKSPACE, pod: 'p-1', container: 'main' };
  const text = JSON.stringify({ streams: [{ stream, values: [['1795204098891000000', 'hello']] }] });
  expect(draft('server_log', read(text, {})[0])).toMatchObject({
    workspace_id: WORKSPACE,
    server_id: 'main',
    pod_name: 'p-1',
    container_name: 'main',
    message: 'hello',
    metadata: { namespace: WORKSPACE },
  });
});

test('ids come from stream, nanosecond and line, and twins stay two', () => {
  const values = ['1795204098891000001', '1795204098891000002'].map((time) => [time, 'x']);
  const ids = (text: string) => read(text).map((posted) => draft('server_log', posted).id);
  const first = ids(bodyOf(...values, values[0]));
  expect(new Set(first).size).toBe(3);
  expect(ids(bodyOf(...values, values[0]))).toEqual(first);
  const reordered = `{"streams":[{"values":[["1795204098891000001","x"]],"stream":{"app":"mcp","hostname":"vm","level":"warning"}}]}`;
  expect(ids(reordered)).toEqual(first.slice(0, 1));
});

test('an access log in a line is a tool call', () => {
  const line = '{"mcp.method.name":"tools/call","mcp.tool.name":"t","duration":5}';
  const event = draft('tool_call', read(bodyOf(['1795204098891000000', line]))[0]);
  expect(event).toMatchObject({ tool_name: 't', latency_ms: 5, timestamp: 1_795_204_098_891 });
  expect(event.id).toMatch(/^1795204098891000000-/);
});

test('bad entries are named, good ones are kept', () => {
  const posted = read(bodyOf([1795204098891000000, 'x'], ['1795204098891000000', 'y'], 'z', ['12', 'x']));
  expect(posted.map((item) => 'problem' in item)).toEqual([true, false, true, true]);
  expect(posted[0]).toEqual({ problem: expect.stringMatching(/^streams\.0\.values\.0: must be/) });
  expect(read('{"streams":[]}')).toEqual([]);
  expect(read('{"streams":[{"stream":3},{"values":3},null]}')).toHaveLength(2);
});

test('the answers are those of Loki', () => {
  const delivery = deliveryOf('');
  expect(loki.answer({ accepted: 1, rejected: [] }, [], delivery)).toEqual({
    status: 204,
    headers: {},
    body: null,
  });
  const partly = loki.answer({ accepted: 1, rejected: [{ index: 1, error: 'no' }] }, [], delivery);
  expect(partly).toMatchObject({ status: 400, body: 'entry 1: no\n' });
  const behind = loki.refuse({ status: 503, message: 'later', retryAfterSeconds: 3 }, delivery);
  expect(behind).toMatchObject({ status: 503, headers: { 'retry-after': '3' }, body: 'later\n' });
});

test('protobuf is refused in clear words', () => {
  const delivery = deliveryOf('\u0010\u0003binary', { 'content-type': 'application/x-protobuf' });
  let message = '';
  try {
    loki.read(delivery);
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toContain('protobuf is not supported; push JSON');
  expect(loki.refuse({ status: 400, message, retryAfterSeconds: null }, delivery).status).toBe(415);
  expect(() => read('[]')).toThrow('streams: must be an array');
});
