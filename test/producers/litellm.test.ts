/** LiteLLM's payloads become tool calls, requests and lines (producers: LiteLLM `generic_api`). */
import { expect, test } from 'vitest';
import { withoutContent } from '../../src/event/without-content.ts';
import { litellm } from '../../src/producers/litellm.ts';
import {
  deliveryOf,
  draft,
  LITELLM_ALERT,
  LITELLM_FAILURE,
  LITELLM_STRINGS,
  LITELLM_TOOL,
} from './golden.ts';

const read = (body: unknown, parameters: Record<string, string> = {}) =>
  litellm.read(deliveryOf(JSON.stringify(body), {}, parameters));

test('an MCP call is a tool call', () => {
  const call = draft('tool_call', read([LITELLM_TOOL])[0]);
  expect(call).toMatchObject({
    id: 'call-id',
    timestamp: 1_767_225_600_100,
    tool_name: 'get_weather',
    server_label: 'weather-mcp',
    arguments: { city: 'Paris' },
    result: { temp_c: 21 },
    status: 'success',
    error: null,
    latency_ms: 400,
    cost: 0.01,
    virtual_key_id: 'hash-1',
    virtual_key_name: 'prod',
    llm_request_id: 't',
    session_id: 'sess',
    project_id: 't1',
  });
  expect(call.metadata).toMatchObject({
    call_type: 'call_mcp_tool',
    namespaced_tool_name: 'weather-mcp/get_weather',
  });
});

test('without a cost the price of the tool counts, then that of its server', () => {
  const priced = { ...LITELLM_TOOL, response_cost: null };
  expect(draft('tool_call', read(priced)[0]).cost).toBe(0.05);
  const tool = LITELLM_TOOL.metadata.mcp_tool_call_metadata;
  const other = { ...priced, metadata: { mcp_tool_call_metadata: { ...tool, name: 'constructor' } } };
  expect(draft('tool_call', read(other)[0]).cost).toBe(0.01);
});

test('a failed tool call says why', () => {
  const failed = {
    ...LITELLM_TOOL,
    status: 'failure',
    error_str: 'boom',
    error_information: { error_code: '502', error_class: 'APIError' },
  };
  expect(draft('tool_call', read(failed)[0])).toMatchObject({
    status: 'error',
    error: { type: 'APIError', code: '502', message: 'boom' },
  });
});

test.each([
  ['Timeout', '408', 'timeout'],
  ['AuthenticationError', '401', 'denied'],
  ['GuardrailRaisedException', '500', 'denied'],
  ['BudgetExceededError', '400', 'denied'],
  ['APIConnectionError', '500', 'transport_error'],
  ['RateLimitError', '429', 'transport_error'],
  ['McpError', '-32602', 'protocol_error'],
  ['ValueError', '', 'tool_error'],
])('a tool call that failed with %s %s ends as told', (error_class, error_code, outcome) => {
  const failed = { ...LITELLM_TOOL, status: 'failure', error_information: { error_code, error_class } };
  expect(draft('tool_call', read(failed)[0])).toMatchObject({ status: 'error', outcome });
});

test('a key that may store no content keeps no text of a failure', () => {
  const failed = {
    ...LITELLM_FAILURE,
    error_str: 'PRIVATE',
    error_information: {
      error_code: '500',
      error_class: 'APIError',
      error_message: 'PRIVATE',
      traceback: 'PRIVATE',
    },
  };
  const [posted] = read(failed);
  const kept = withoutContent(posted !== undefined && 'body' in posted ? posted.body : null);
  expect(JSON.stringify(kept)).not.toContain('PRIVATE');
  expect(kept).toMatchObject({ status: 500, metadata: { error_information: { error_class: 'APIError' } } });
});

test('a failure is a request with the status of its error', () => {
  expect(draft('request', read(LITELLM_FAILURE)[0])).toMatchObject({
    id: 'chatcmpl-9',
    timestamp: Date.parse('2026-01-01T00:00:00.250Z'),
    model: 'gpt-4o',
    provider: 'openai',
    status: 429,
    error: 'RateLimitError',
    latency_ms: 750,
    input_tokens: 9,
    output_tokens: 0,
    project_id: 'p1',
    virtual_key_id: 'hash-1',
    trace_id: 't',
    metadata: { messages: [{ role: 'user', content: 'hi' }], error_str: 'RateLimitError: slow down' },
  });
  const unknown = { ...LITELLM_FAILURE, error_information: { error_code: 'None' } };
  expect(draft('request', read(unknown)[0]).status).toBe(500);
});

test('listing tools is a request', () => {
  const listing = { ...LITELLM_TOOL, call_type: 'list_mcp_tools', model: 'MCP: list_tools' };
  expect(draft('request', read(listing)[0])).toMatchObject({
    status: 200,
    model: 'MCP: list_tools',
    provider: 'mcp',
  });
});

test('the payload of strings keeps what can be read', () => {
  const request = draft('request', read([LITELLM_STRINGS])[0]);
  expect(request).toMatchObject({
    id: 'chatcmpl-1',
    timestamp: Date.parse('2026-01-01T00:00:00.500Z'),
    latency_ms: 1500,
    model: 'openai/gpt-4o',
    provider: 'openai',
    status: 200,
    input_tokens: 9,
    output_tokens: 2,
    cost: 0.002,
    user_id: 'u1',
    virtual_key_id: 'hash-1',
    project_id: 't1',
  });
  expect(request.metadata).toMatchObject({
    cache_hit: false,
    modelParameters: { temperature: 0.5, stop: null },
    messages: [{ role: 'user', content: "it's \n here" }],
    response: LITELLM_STRINGS.response,
  });
});

test('an array, lines and single payloads are the same', () => {
  const lines = `${JSON.stringify(LITELLM_TOOL)}\n${JSON.stringify(LITELLM_FAILURE)}`;
  expect(litellm.read(deliveryOf(lines))).toEqual(read([LITELLM_TOOL, LITELLM_FAILURE]));
  expect(read(LITELLM_TOOL)).toEqual(read([LITELLM_TOOL]));
  expect(read([LITELLM_TOOL, null])[1]).toEqual({ problem: 'record: must be a JSON object' });
  expect(litellm.read(deliveryOf(`${JSON.stringify(LITELLM_TOOL)}\n{"id":`))[1]).toEqual({
    problem: 'line 2: not JSON',
  });
});

test('an alert is a line of the server in the URL', () => {
  const home = { workspace_id: '11111111-1111-4111-8111-111111111111', server_id: 'litellm' };
  expect(draft('server_log', read(LITELLM_ALERT, home)[0])).toMatchObject({
    ...home,
    level: 'warning',
    message: 'User Budget: Budget Crossed',
    metadata: { spend: 101 },
  });
  expect(read(LITELLM_ALERT)[0]).toMatchObject({ problem: expect.stringMatching(/^workspace_id: required/) });
});

test('an id that is too long keeps both ends', () => {
  const id = `resp_${'b'.repeat(200)}xyz`;
  const given = draft('request', read({ ...LITELLM_FAILURE, id })[0]);
  expect(given.id).toHaveLength(128);
  expect(given.id).toMatch(/^resp_b.*xyz$/);
  expect(given.metadata?.['id']).toBe(id);
});

test('huge bodies are left out of the metadata by name', () => {
  const huge = { ...LITELLM_FAILURE, messages: [{ role: 'user', content: 'x'.repeat(300_000) }] };
  const { metadata } = draft('request', read(huge)[0]);
  expect(metadata).toMatchObject({
    truncated: true,
    truncated_fields: ['messages'],
    call_type: 'acompletion',
  });
  expect(metadata).not.toHaveProperty('messages');
});

test('partial failures are a success, a total one is not', () => {
  const rejected = [{ index: 0, error: 'model: required' }];
  expect(litellm.answer({ accepted: 1, rejected }, [], deliveryOf('')).status).toBe(200);
  expect(litellm.answer({ accepted: 0, rejected: [] }, [], deliveryOf('')).status).toBe(200);
  const answer = litellm.answer({ accepted: 0, rejected }, [], deliveryOf(''));
  expect(answer).toMatchObject({ status: 400, body: JSON.stringify({ accepted: 0, rejected }) });
});

test('a request keeps the model that was asked for, not the deployment that answered', () => {
  const request = {
    ...LITELLM_FAILURE,
    model: 'openai/gpt-4o-2024',
    model_group: 'gpt-4o',
    session_id: 's1',
  };
  expect(draft('request', read(request)[0])).toMatchObject({ model: 'gpt-4o', session_id: 's1' });
  expect(draft('request', read({ ...request, model_group: '' })[0])).toMatchObject({
    model: 'openai/gpt-4o-2024',
  });
});

test('a failed call of an unknown tool names its server and has no result', () => {
  const tool = { namespaced_tool_name: 'weather/nosuch', name: 'nosuch', arguments: {} };
  const failed = {
    ...LITELLM_TOOL,
    status: 'failure',
    response: {},
    error_information: {
      error_code: '',
      error_class: 'MCPToolResultError',
      error_message: 'Unknown tool: nosuch',
    },
    metadata: { mcp_tool_call_metadata: tool },
  };
  expect(draft('tool_call', read(failed)[0])).toMatchObject({
    server_label: 'weather',
    result: null,
    status: 'error',
    outcome: 'tool_error',
    error: { message: 'Unknown tool: nosuch' },
  });
});
