/** OTLP traces: what the SDKs and the specification send, in JSON and in protobuf, and what comes of it. */
import * as fc from 'fast-check';
import { PbfReader, PbfWriter } from 'pbf';
import { describe, expect, test } from 'vitest';
import { otlpTraces } from '../../src/producers/otlp-traces.ts';
import { UnreadableDelivery } from '../../src/producers/producer.ts';
import { deliveryOf, draftsOf } from './otlp-delivery.ts';
import { encodeTraces, jsonTraces, pairsOf, type KeyValue, type Span } from './otlp-encoder.ts';

const RESOURCE = pairsOf({ 'service.name': 'agent', 'k8s.pod.name': 'agent-1' });

const TOOL_SPAN: Span = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  parentSpanId: 'eee19b7ec3c1b173',
  name: 'tools/call get_weather',
  kind: 3,
  startTimeUnixNano: '1767225600123456789',
  endTimeUnixNano: '1767225600523956789',
  attributes: [
    ...pairsOf({
      'mcp.method.name': 'tools/call',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'get_weather',
      'gen_ai.tool.call.id': 'call_1',
      'gen_ai.tool.call.arguments': '{"city":"Paris"}',
      'mcp.session.id': 'sess-1',
      'mcp.server.name': 'weather-mcp',
      'network.transport': 'tcp',
    }),
    {
      key: 'gen_ai.tool.call.result',
      value: {
        kvlistValue: {
          values: [
            { key: 'temp_c', value: { intValue: 21 } },
            { key: 'days', value: { arrayValue: { values: [{ doubleValue: 0.5 }, { boolValue: true }] } } },
          ],
        },
      },
    },
  ],
  status: {},
};

const MODEL_SPAN: Span = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b175',
  name: 'chat gpt-4o',
  startTimeUnixNano: '1767225600000000000',
  endTimeUnixNano: '1767225602500000000',
  attributes: pairsOf({
    'gen_ai.operation.name': 'chat',
    'gen_ai.request.model': 'gpt-4o',
    'gen_ai.response.model': 'gpt-4o-2024-08-06',
    'gen_ai.provider.name': 'openai',
    'gen_ai.system': 'openai',
    'gen_ai.usage.input_tokens': 9,
    'gen_ai.usage.output_tokens': 2,
    'gen_ai.usage.cost': 0.0025,
    'gen_ai.conversation.id': 'conv-1',
  }),
};

const TOOL_DRAFT = {
  kind: 'tool_call',
  id: '5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174',
  trace_id: '5b8efff798038103d269b633813fc60c',
  timestamp: 1_767_225_600_123,
  latency_ms: 400.5,
  tool_name: 'get_weather',
  server_label: 'weather-mcp',
  status: 'success',
  arguments: { city: 'Paris' },
  result: { temp_c: 21, days: [0.5, true] },
  request_id: 'call_1',
  session_id: 'sess-1',
  metadata: {
    'network.transport': 'tcp',
    'mcp.method.name': 'tools/call',
    'gen_ai.operation.name': 'execute_tool',
    'otel.span': { name: 'tools/call get_weather', kind: 3, parent_span_id: 'eee19b7ec3c1b173' },
    'otel.scope': { name: 'scope' },
    'otel.resource': { 'service.name': 'agent', 'k8s.pod.name': 'agent-1' },
  },
};

const MODEL_DRAFT = {
  kind: 'request',
  id: '5b8efff798038103d269b633813fc60c-eee19b7ec3c1b175',
  timestamp: 1_767_225_600_000,
  latency_ms: 2500,
  model: 'gpt-4o',
  provider: 'openai',
  status: 200,
  error: null,
  input_tokens: 9,
  output_tokens: 2,
  cost: 0.0025,
  session_id: 'conv-1',
};

describe('a request', () => {
  test('in JSON, with integers as numbers, as the JavaScript SDK sends it', () => {
    const drafts = draftsOf(otlpTraces.read(deliveryOf(jsonTraces(RESOURCE, [TOOL_SPAN, MODEL_SPAN]))));
    expect(drafts).toEqual([expect.objectContaining(TOOL_DRAFT), expect.objectContaining(MODEL_DRAFT)]);
  });

  test('in JSON as the specification has it: integers as text, ids in upper case, unknown fields', () => {
    const attributes = (MODEL_SPAN.attributes ?? []).map((pair) =>
      'intValue' in pair.value ? { key: pair.key, value: { intValue: String(pair.value.intValue) } } : pair,
    );
    const span = {
      ...MODEL_SPAN,
      attributes,
      traceId: MODEL_SPAN.traceId?.toUpperCase(),
      spanId: MODEL_SPAN.spanId?.toUpperCase(),
      fieldOfTheFuture: 1,
    };
    const drafts = draftsOf(otlpTraces.read(deliveryOf(jsonTraces(RESOURCE, [span]))));
    expect(drafts).toEqual([expect.objectContaining(MODEL_DRAFT)]);
  });

  test('in protobuf gives what JSON gives', () => {
    const bytes = encodeTraces(RESOURCE, [TOOL_SPAN, MODEL_SPAN]);
    const drafts = draftsOf(otlpTraces.read(deliveryOf(bytes)));
    expect(drafts).toEqual([expect.objectContaining(TOOL_DRAFT), expect.objectContaining(MODEL_DRAFT)]);
    expect(otlpTraces.read(deliveryOf(bytes))).toEqual(
      otlpTraces.read(deliveryOf(jsonTraces(RESOURCE, [TOOL_SPAN, MODEL_SPAN]))),
    );
  });

  test('is known by its shape, not by its Content-Type', () => {
    const type = { 'content-type': 'text/plain' };
    expect(otlpTraces.read(deliveryOf(encodeTraces(RESOURCE, [TOOL_SPAN]), {}, type))).toHaveLength(1);
    expect(otlpTraces.read(deliveryOf(jsonTraces(RESOURCE, [TOOL_SPAN]), {}, type))).toHaveLength(1);
  });

  test('may begin, in protobuf, with the bytes of a line feed and an opening brace', () => {
    const lengths = Array.from({ length: 80 }, (_, extra) =>
      encodeTraces([{ key: 'padding', value: { stringValue: 'x'.repeat(extra) } }], [{ name: 'a' }]),
    );
    const hostile = lengths.find((bytes) => bytes[0] === 0x0a && bytes[1] === 0x7b);
    expect(hostile).toBeDefined();
    expect(otlpTraces.read(deliveryOf(hostile))).toEqual([]);
  });

  test('without anything in it is fine', () => {
    for (const body of [new Uint8Array(), '', '{}', '{"resourceSpans":[]}', '{"resourceSpans":[{}]}'])
      expect(otlpTraces.read(deliveryOf(body, {}, { 'x-test-connection': 'true' }))).toEqual([]);
  });

  test('for another signal is refused', () => {
    expect(() => otlpTraces.read(deliveryOf({ resourceLogs: [] }))).toThrow(UnreadableDelivery);
    expect(otlpTraces.recognise({ resourceLogs: [] })).toBe(false);
    expect(otlpTraces.recognise({ resourceSpans: [] })).toBe(true);
  });

  test('keeps values of every type', () => {
    const attributes: KeyValue[] = [
      ...pairsOf({ 'gen_ai.tool.name': 't', yes: true, half: 0.5, minus: -3 }),
      { key: 'bytes', value: { bytesValue: 'AQL/' } },
      { key: 'big', value: { intValue: '9223372036854775807' } },
      { key: 'least', value: { intValue: '-9223372036854775808' } },
      { key: '__proto__', value: { stringValue: 'harmless' } },
    ];
    const metadata = { yes: true, half: 0.5, minus: -3, bytes: 'AQL/' };
    const large = { big: '9223372036854775807', least: '-9223372036854775808' };
    for (const body of [jsonTraces([], [{ attributes }]), encodeTraces([], [{ attributes }])]) {
      const [draft] = draftsOf(otlpTraces.read(deliveryOf(body)));
      expect(draft?.metadata).toMatchObject({ ...metadata, ...large });
      expect(Object.entries(draft?.metadata ?? {})).toContainEqual(['__proto__', 'harmless']);
    }
  });
});

describe('an answer', () => {
  const kept = { accepted: 1, rejected: [] };
  const partly = { accepted: 1, rejected: [{ index: 1, error: 'tool_name: required' }] };

  test('has the type of the request and nothing in it', () => {
    expect(otlpTraces.answer(kept, [], deliveryOf('{}'))).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(otlpTraces.answer(kept, [], deliveryOf(new Uint8Array()))).toEqual({
      status: 200,
      headers: { 'content-type': 'application/x-protobuf' },
      body: new Uint8Array(),
    });
  });

  test('is a partial success when spans were rejected', () => {
    const json = otlpTraces.answer(partly, [], deliveryOf('{}'));
    expect([json.status, JSON.parse(String(json.body))]).toEqual([
      200,
      { partialSuccess: { rejectedSpans: '1', errorMessage: 'tool_name: required' } },
    ]);
    // partial_success = 1, in it rejected_spans = 1 (varint) and error_message = 2 (19 characters).
    const protobuf = otlpTraces.answer(partly, [], deliveryOf(new Uint8Array()));
    const message = [...new TextEncoder().encode('tool_name: required')];
    expect([...(protobuf.body as Uint8Array)]).toEqual([0x0a, 23, 0x08, 1, 0x12, 19, ...message]);
  });

  test('to a failed call is a Status, with Retry-After where there is one', () => {
    const behind = { status: 503, message: 'behind', retryAfterSeconds: 2 };
    expect(otlpTraces.refuse(behind, deliveryOf('{}'))).toEqual({
      status: 503,
      headers: { 'content-type': 'application/json', 'retry-after': '2' },
      body: '{"message":"behind"}',
    });
    const { body } = otlpTraces.refuse(behind, deliveryOf(new Uint8Array()));
    const reader = new PbfReader(body as Uint8Array);
    expect([reader.nextField(), reader.readString()]).toEqual([2, 'behind']);
  });
});

describe('anything else', () => {
  const bytes = encodeTraces(RESOURCE, [TOOL_SPAN, MODEL_SPAN]);

  function isReadOrRefused(body: unknown): boolean {
    try {
      otlpTraces.read(deliveryOf(body));
      return true;
    } catch (error) {
      return error instanceof UnreadableDelivery;
    }
  }

  test('protobuf that is cut off anywhere is refused', () => {
    // The first byte alone is a line feed: a text with nothing in it.
    for (let length = 2; length < bytes.length; length++)
      expect(() => otlpTraces.read(deliveryOf(bytes.subarray(0, length))), `${length}`).toThrow(
        UnreadableDelivery,
      );
  });

  test('protobuf with a byte changed is read or refused', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (place, byte) =>
        isReadOrRefused(bytes.with(place, byte)),
      ),
    );
  });

  test('random bytes and texts are read or refused', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), isReadOrRefused));
    fc.assert(fc.property(fc.string(), isReadOrRefused));
    expect(() => otlpTraces.read(deliveryOf('8A'))).toThrow(UnreadableDelivery);
    expect(() => otlpTraces.read(deliveryOf('{"resourceSpans":'))).toThrow(UnreadableDelivery);
  });

  test('protobuf nested a thousand lists deep is refused', () => {
    const tags = [1, 1, 1, 2, ...Array.from({ length: 1000 }, () => [5, 1]).flat()];
    const nested = tags.reduceRight((message, tag) => {
      const pbf = new PbfWriter();
      pbf.writeBytesField(tag, message);
      return pbf.finish().slice();
    }, new Uint8Array());
    expect(() => otlpTraces.read(deliveryOf(nested))).toThrow(UnreadableDelivery);
  });

  test('JSON of any shape at any level is read or refused', () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    fc.assert(fc.property(json, isReadOrRefused));
    fc.assert(fc.property(json, (value) => isReadOrRefused({ resourceSpans: value })));
    fc.assert(
      fc.property(json, (value) =>
        isReadOrRefused({ resourceSpans: [{ resource: value, scopeSpans: value }] }),
      ),
    );
    const field = fc.constantFrom(
      'traceId',
      'startTimeUnixNano',
      'attributes',
      'status',
      'events',
      'links',
      'name',
    );
    fc.assert(
      fc.property(field, json, (name, value) =>
        isReadOrRefused(jsonTraces(RESOURCE, [{ ...TOOL_SPAN, [name]: value }])),
      ),
    );
    fc.assert(
      fc.property(json, (value) =>
        isReadOrRefused(
          jsonTraces(
            [],
            [
              {
                attributes: [
                  { key: 'gen_ai.tool.name', value },
                  { key: 'a', value },
                ],
              },
            ],
          ),
        ),
      ),
    );
  });

  test('ten thousand spans are read, in both encodings', () => {
    const spans = Array.from({ length: 10_000 }, (_, place) => ({
      ...TOOL_SPAN,
      spanId: (place + 1).toString(16).padStart(16, '0'),
    }));
    expect(otlpTraces.read(deliveryOf(jsonTraces(RESOURCE, spans)))).toHaveLength(10_000);
    expect(otlpTraces.read(deliveryOf(encodeTraces(RESOURCE, spans)))).toHaveLength(10_000);
  });
});
