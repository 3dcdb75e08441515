/** OTLP through the whole Worker: attributes of every type, times of both kinds, fields of later versions, 10,000 spans. */
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { encodeTraces, jsonTraces, pairsOf, type KeyValue, type Span } from '../producers/otlp-encoder.ts';
import { world, type World } from '../world.ts';
import { readStatus } from './door-envelopes.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const PROTOBUF_TYPE = { 'content-type': 'application/x-protobuf' };
const START = 1_767_225_600_100;
const TOOL = pairsOf({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'tool' });

const spanOf = (number: number, attributes: readonly KeyValue[] = TOOL): Span => ({
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: number.toString(16).padStart(16, '0'),
  name: 'execute_tool tool',
  startTimeUnixNano: `${START}123456`,
  endTimeUnixNano: `${START + 400}123456`,
  attributes: [...attributes],
});

const posted = (here: World, body: unknown, headers: Record<string, string>): Promise<Response> =>
  here.ask('/v1/traces?wait=true', { body, headers });

const callsIn = async ({ project }: World): Promise<number> =>
  (await env.DB.prepare('SELECT count(*) AS n FROM tool_calls WHERE project_id = ?')
    .bind(project)
    .first('n')) ?? -1;

const EVERY_TYPE: readonly KeyValue[] = [
  { key: 'text', value: { stringValue: 'a' } },
  { key: 'truth', value: { boolValue: true } },
  { key: 'integer', value: { intValue: '9007199254740993' } },
  { key: 'double', value: { doubleValue: 1.5 } },
  { key: 'list', value: { arrayValue: { values: [{ intValue: '7' }, { stringValue: 'b' }] } } },
  { key: 'object', value: { kvlistValue: { values: [{ key: 'deep', value: { boolValue: false } }] } } },
  { key: 'bytes', value: { bytesValue: 'AAECgA==' } },
];

test.for(['json', 'protobuf'])(
  'attributes of every type come back as what they were: %s',
  async (encoding) => {
    const here = await world();
    const spans = [spanOf(1, [...TOOL, ...EVERY_TYPE])];
    const response =
      encoding === 'json'
        ? await posted(here, jsonTraces([], spans), JSON_TYPE)
        : await posted(here, encodeTraces([], spans), PROTOBUF_TYPE);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(encoding === 'json' ? '{}' : '');
    const [call] = (await here.json('/api/mcp-logs')).logs;
    expect(call.metadata).toMatchObject({
      text: 'a',
      truth: true,
      integer: '9007199254740993',
      double: 1.5,
      list: [7, 'b'],
      object: { deep: false },
      bytes: 'AAECgA==',
    });
  },
);

test('values that no type is known of are null, and fields of later versions no fault', async () => {
  const here = await world();
  const attributes = [
    ...TOOL,
    { key: 'later', value: { tensorValue: [1] } },
    { key: 'empty', value: {} },
    { key: 'absent', value: null },
    { value: { stringValue: 'nameless' } },
  ] as unknown as KeyValue[];
  const span = { ...spanOf(1, attributes), fieldOfLater: { a: 1 } };
  const body = { ...jsonTraces([], [span]), schemaOfLater: 7 };
  expect(await (await posted(here, body, JSON_TYPE)).json()).toEqual({});
  expect(await callsIn(here)).toBe(1);
});

test('nanoseconds as text and as numbers are the same millisecond; anything else is counted by its name', async () => {
  const here = await world();
  const timed = (number: number, time: unknown) => ({ ...spanOf(number), startTimeUnixNano: time });
  const spans = [
    timed(1, `${START}999999`),
    timed(2, START * 1e6),
    timed(3, { low: 1 }),
    timed(4, '2026-01-01T00:00:00Z'),
    timed(5, -1),
    timed(6, true),
  ];
  expect(await (await posted(here, jsonTraces([], spans), JSON_TYPE)).json()).toEqual({
    partialSuccess: {
      rejectedSpans: '4',
      errorMessage: expect.stringMatching(/^startTimeUnixNano: must be/),
    },
  });
  const { logs } = await here.json('/api/mcp-logs');
  expect(logs.map(({ timestamp }: { timestamp: string }) => Date.parse(timestamp))).toEqual([START, START]);
});

test('10,000 spans that are tool calls are refused by the limit, and nothing of them is kept', async () => {
  const here = await world();
  const spans = Array.from({ length: 10_000 }, (_, number) => spanOf(number));
  const inJson = await posted(here, jsonTraces([], spans), JSON_TYPE);
  expect([inJson.status, await inJson.json()]).toEqual([
    413,
    { message: 'events: 10000 in one call; the limit is 5000' },
  ]);
  const inProtobuf = await posted(here, encodeTraces([], spans), PROTOBUF_TYPE);
  expect([inProtobuf.status, await readStatus(inProtobuf)]).toEqual([
    413,
    expect.stringContaining('the limit is 5000'),
  ]);
  expect(await callsIn(here)).toBe(0);
});

test('of 10,000 spans those count that are kept, so that half of them being of an application is no fault', async () => {
  const here = await world();
  const spans = Array.from({ length: 10_000 }, (_, number) =>
    number % 2 === 0 ? spanOf(number) : { ...spanOf(number, []), name: 'GET /' },
  );
  const response = await posted(here, encodeTraces([], spans), PROTOBUF_TYPE);
  expect([response.status, await response.text()]).toEqual([200, '']);
  expect(await callsIn(here)).toBe(5000);
});
