/** Kong's records become a tool call for each MCP entry and a request for each model (producers: Kong). */
import { expect, test } from 'vitest';
import { kong } from '../../src/producers/kong.ts';
import { deliveryOf, draft, KONG_MCP, KONG_MODEL } from './golden.ts';

const read = (body: unknown) => kong.read(deliveryOf(JSON.stringify(body)));

test('each MCP entry is a tool call', () => {
  const posted = read(KONG_MCP);
  expect(posted).toHaveLength(2);
  expect(draft('tool_call', posted[0])).toMatchObject({
    id: 'aa11:0',
    timestamp: 1_767_225_600_123,
    tool_name: 'get_weather',
    server_label: 'weather',
    arguments: { city: 'Paris' },
    result: { content: [{ type: 'text', text: '21' }], isError: false },
    status: 'success',
    outcome: 'ok',
    latency_ms: 12,
    request_id: 'aa11',
    session_id: 'sess',
    user_id: 'alice',
    metadata: { mcp: { method: 'tools/call', id: '4' }, response: { status: 200 } },
  });
  expect(draft('tool_call', posted[1])).toMatchObject({
    id: 'aa11:1',
    tool_name: 'drop_table',
    status: 'error',
    error: { type: 'protocol_error', code: '-32602', message: 'Invalid params' },
  });
});

test('what the sanitizer took out is nowhere', () => {
  const posted = read([
    KONG_MCP,
    { ...KONG_MODEL, ai: { ...KONG_MODEL.ai, sanitizer: KONG_MCP.ai.sanitizer } },
  ]);
  expect(posted).toHaveLength(3);
  expect(JSON.stringify(posted)).not.toContain('jane@example.org');
  expect(JSON.stringify(posted)).toContain('PLACEHOLDER1');
});

test('a model is a request', () => {
  expect(draft('request', read(KONG_MODEL)[0])).toMatchObject({
    id: 'bb22',
    timestamp: 1_767_225_600_123,
    model: 'gpt-4o',
    provider: 'openai',
    status: 200,
    latency_ms: 850,
    input_tokens: 9,
    output_tokens: 2,
    cost: 0.0038,
  });
});

test('the older form of the log is read too', () => {
  const older = {
    ...KONG_MODEL,
    ai: {
      'ai-request-transformer': {
        meta: { request_model: 'command', provider_name: 'cohere' },
        usage: { prompt_token: 28, completion_token: 20, cost: 0.0038 },
      },
    },
  };
  expect(draft('request', read(older)[0])).toMatchObject({
    id: 'bb22:ai-request-transformer',
    latency_ms: 900,
    input_tokens: 28,
    output_tokens: 20,
  });
});

test.each([
  [504, 'timeout'],
  [403, 'denied'],
  [502, 'transport_error'],
])('a call whose HTTP request failed with %i has failed', (status, outcome) => {
  const failed = { ...KONG_MCP, response: { status } };
  expect(draft('tool_call', read(failed)[0])).toMatchObject({
    status: 'error',
    outcome,
    error: { status_code: status },
  });
  expect(draft('tool_call', read(failed)[1]).outcome).toBe('protocol_error');
});

test('a tool that the access list denies is an error', () => {
  const audit = [{ primitive_name: 'drop_table', primitive: 'tool', action: 'deny', consumer: { id: 'c9' } }];
  const denied = { ...KONG_MODEL, ai: { mcp: { audit } } };
  expect(draft('tool_call', read(denied)[0])).toMatchObject({
    tool_name: 'drop_table',
    status: 'error',
    outcome: 'denied',
    error: { type: 'denied' },
    user_id: 'c9',
  });
});

test('a batch may hold both, and a record of neither is a problem', () => {
  const batch = read([KONG_MCP, KONG_MODEL, { ...KONG_MODEL, ai: {} }]);
  expect(batch.map((item) => 'body' in item)).toEqual([true, true, true, false]);
  expect(batch[3]).toMatchObject({ problem: expect.stringMatching(/^ai: /) });
});

test('a redelivery has the same ids', () => {
  expect(read(KONG_MCP)).toEqual(read([KONG_MCP]));
});
