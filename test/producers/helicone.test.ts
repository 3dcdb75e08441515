/** Helicone's manual logger becomes tool calls and requests (producers: Helicone manual logger). */
import { expect, test } from 'vitest';
import { helicone } from '../../src/producers/helicone.ts';
import { deliveryOf, draft, HELICONE_MODEL, HELICONE_TOOL } from './golden.ts';

const read = (body: unknown, headers: Record<string, string> = {}) =>
  helicone.read(deliveryOf(JSON.stringify(body), headers));

test('a tool is a tool call', () => {
  expect(draft('tool_call', read(HELICONE_TOOL)[0])).toMatchObject({
    timestamp: 1_795_204_319_735,
    latency_ms: 200,
    tool_name: 'search',
    arguments: { q: 'a' },
    result: { status: 'success', message: 'ok' },
    status: 'success',
    error: null,
    user_id: 'u1',
  });
});

test('a tool fails by its own word or by its HTTP status', () => {
  const { providerResponse } = HELICONE_TOOL;
  const word = { ...providerResponse, json: { ...providerResponse.json, status: 'failed', message: 'no' } };
  expect(draft('tool_call', read({ ...HELICONE_TOOL, providerResponse: word })[0])).toMatchObject({
    status: 'error',
    error: { message: 'no', status_code: 200 },
  });
  const status = { headers: {}, status: 500, json: {}, textBody: 'Error: kaput' };
  expect(draft('tool_call', read({ ...HELICONE_TOOL, providerResponse: status })[0])).toMatchObject({
    status: 'error',
    error: { message: 'Error: kaput', status_code: 500 },
    result: 'Error: kaput',
  });
});

test('a model is a request', () => {
  expect(draft('request', read(HELICONE_MODEL)[0])).toMatchObject({
    timestamp: 1_795_204_319_000,
    latency_ms: 1500,
    model: 'llama-3',
    provider: 'openai',
    status: 200,
    input_tokens: 10,
    output_tokens: 20,
    metadata: { team: 'red', time_to_first_token_ms: 120, request: { messages: [] } },
  });
  const { provider: _, ...own } = HELICONE_MODEL;
  expect(draft('request', read(own)[0]).provider).toBe('custom');
});

test('headers of the call win over those of the logger, and carry the id', () => {
  const headers = { 'helicone-user-id': 'u2', 'helicone-session-id': 's2', 'helicone-request-id': 'r2' };
  const call = draft('tool_call', read(HELICONE_TOOL, headers)[0]);
  expect(call).toMatchObject({ id: 'r2', user_id: 'u2', session_id: 's2' });
});

test('properties become metadata', () => {
  const providerResponse = {
    ...HELICONE_TOOL.providerResponse,
    headers: { 'Helicone-Property-Env': 'prod' },
  };
  expect(draft('tool_call', read({ ...HELICONE_TOOL, providerResponse })[0]).metadata).toMatchObject({
    env: 'prod',
  });
});

test('properties in headers of the call become metadata too, and win', () => {
  const headers = {
    'helicone-property-env': 'test',
    'helicone-property-team': 'blue',
    'helicone-other': 'x',
  };
  const providerResponse = {
    ...HELICONE_TOOL.providerResponse,
    headers: { 'Helicone-Property-Env': 'prod' },
  };
  const { metadata } = draft('tool_call', read({ ...HELICONE_TOOL, providerResponse }, headers)[0]);
  expect(metadata).toMatchObject({ env: 'test', team: 'blue' });
  expect(metadata).not.toHaveProperty('other');
});

test('a cancelled stream has the status of a closed connection', () => {
  const providerResponse = { headers: {}, status: -3, json: {}, textBody: 'half' };
  expect(draft('request', read({ ...HELICONE_MODEL, providerResponse })[0])).toMatchObject({
    status: 499,
    metadata: { cancelled: true, response: 'half' },
  });
});

test('custom data and vector look-ups are tool calls', () => {
  const data = { _type: 'data', name: 'user_query', query: 'SELECT 1' };
  const providerRequest = { ...HELICONE_TOOL.providerRequest, json: data };
  expect(draft('tool_call', read({ ...HELICONE_TOOL, providerRequest })[0])).toMatchObject({
    tool_name: 'user_query',
    arguments: { query: 'SELECT 1' },
  });
});
