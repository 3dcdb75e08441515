/** Which spans of OTLP are tool calls and requests, and which of their attributes become which field. */
import { describe, expect, test } from 'vitest';
import { otlpTraces } from '../../src/producers/otlp-traces.ts';
import { deliveryOf, draftsOf, WORKSPACE } from './otlp-delivery.ts';
import { jsonTraces, pairsOf, type Span } from './otlp-encoder.ts';

const RESOURCE = pairsOf({ 'service.name': 'agent', 'k8s.pod.name': 'agent-1' });

function draftOfSpan(span: unknown, parameters: Readonly<Record<string, string>> = {}) {
  const [draft] = draftsOf(otlpTraces.read(deliveryOf(jsonTraces(RESOURCE, [span]), parameters)));
  return draft;
}

function draftWith(attributes: Readonly<Record<string, string | number | boolean>>, more: Span = {}) {
  return draftOfSpan({ ...more, attributes: pairsOf(attributes) });
}

describe('a span', () => {
  test.each([
    ['gen_ai.operation.name', 'execute_tool'],
    ['mcp.method.name', 'tools/call'],
    ['openinference.span.kind', 'TOOL'],
    ['traceloop.span.kind', 'tool'],
  ])('with %s %s is a tool call, named by its name where nothing else does', (key, value) => {
    expect(draftWith({ [key]: value }, { name: 'tools/call search' })).toMatchObject({
      kind: 'tool_call',
      tool_name: 'search',
      server_label: 'agent',
    });
  });

  test.each([
    [{ 'mcp.tool.name': 'search', 'mcp.provider.name': 'envoy-backend' }, 'envoy-backend'],
    [{ 'mcp.tool.name': 'search', 'mcp.target': 'agentgateway-target' }, 'agentgateway-target'],
  ])('of %j has a tool and a server', (attributes, server) => {
    expect(draftWith(attributes)).toMatchObject({ tool_name: 'search', server_label: server });
  });

  test.each([
    { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.request.model': 'gpt-4o' },
    { 'mcp.method.name': 'tools/list' },
    { 'http.request.method': 'GET' },
    { 'traceloop.span.kind': 'workflow', 'gen_ai.request.model': 'gpt-4o' },
  ])('of %j is neither, and no fault', (attributes) => {
    const delivery = deliveryOf(jsonTraces(RESOURCE, [{ attributes: pairsOf(attributes) }]));
    expect(otlpTraces.read(delivery)).toEqual([]);
  });

  test.each([
    [{ 'gen_ai.system': 'anthropic', 'gen_ai.usage.prompt_tokens': '5' }, 'anthropic', 5],
    [{ 'gen_ai.model.provider': 'workers-ai', 'gen_ai.usage.input_tokens': 6 }, 'workers-ai', 6],
  ])('of a model with %j, the names of before', (attributes, provider, tokens) => {
    expect(draftWith({ 'gen_ai.request.model': 'm', ...attributes })).toMatchObject({
      kind: 'request',
      provider,
      input_tokens: tokens,
    });
  });

  test('of a model with its provider in its name', () => {
    expect(draftWith({ 'gen_ai.request.model': 'openai/gpt-4o' })).toMatchObject({
      model: 'openai/gpt-4o',
      provider: 'openai',
    });
  });

  test.each([
    [{ 'error.type': 'tool_error' }, {}, { type: 'tool_error' }],
    [
      { 'error.type': '-32602', 'rpc.response.status_code': '-32602' },
      {},
      { type: '-32602', code: '-32602' },
    ],
    [{ 'mcp.error.code': -32000, 'mcp.error.message': 'gone' }, {}, { code: '-32000', message: 'gone' }],
    [{}, { status: { code: 2, message: 'timed out' } }, { message: 'timed out' }],
    [{}, { status: { code: 2 } }, null],
  ])('of a tool with %j %j is an error', (attributes, more, error) => {
    expect(draftWith({ 'gen_ai.tool.name': 't', ...attributes }, more)).toMatchObject({
      status: 'error',
      error,
    });
  });

  test.each([
    [{ 'error.type': 'tool_error' }, {}, 'tool_error'],
    [{ 'error.type': '-32602' }, {}, 'protocol_error'],
    [{ 'error.type': 'timeout' }, {}, 'timeout'],
    [{ 'error.type': 'cancelled' }, {}, 'cancelled'],
    [{ 'error.type': '403' }, {}, 'denied'],
    [{ 'rpc.response.status_code': 'UNAVAILABLE' }, {}, 'transport_error'],
    [{ 'http.response.status_code': 504 }, { status: { code: 2 } }, 'timeout'],
    [{ 'http.response.status_code': 200, 'mcp.error.code': -32601 }, {}, 'protocol_error'],
    [{}, { status: { code: 2, message: 'timed out' } }, 'tool_error'],
    [{}, { status: { code: 1 } }, 'ok'],
    [{ 'gen_ai.tool.call.result': '{"resultType":"input_required"}' }, {}, 'input_required'],
  ])('of a tool with %j %j has the outcome %s', (attributes, more, outcome) => {
    expect(draftWith({ 'gen_ai.tool.name': 't', ...attributes }, more)).toMatchObject({ outcome });
  });

  test.each([
    [{ 'http.response.status_code': 429, 'error.type': 'RateLimitError' }, 429, 'RateLimitError'],
    [{ 'error.type': '503' }, 503, '503'],
    [{ 'error.type': 'timeout' }, 500, 'timeout'],
  ])('of a model with %j has that status', (attributes, status, error) => {
    const model = { 'gen_ai.request.model': 'm', 'gen_ai.provider.name': 'p' };
    expect(draftWith({ ...model, ...attributes })).toMatchObject({ status, error });
  });

  test('keeps its events, and finds the message of its exception there', () => {
    const exception = pairsOf({ 'exception.type': 'Oops', 'exception.message': 'kaput' });
    const events = [{ timeUnixNano: '1767225600000000001', name: 'exception', attributes: exception }];
    const more = { events, status: { code: 2 } };
    const draft = draftWith({ 'gen_ai.tool.name': 't' }, more);
    expect(draft).toMatchObject({
      error: { message: 'kaput' },
      metadata: { 'otel.span': { events: [{ time_unix_nano: '1767225600000000001', name: 'exception' }] } },
    });
  });

  test('lies where its attributes, its resource or the query say', () => {
    const parameters = { workspace_id: WORKSPACE, project_id: 'from-query' };
    const foreign = draftOfSpan(
      { attributes: pairsOf({ 'gen_ai.tool.name': 't', workspace_id: 'acme', project_id: 'p1' }) },
      parameters,
    );
    expect(foreign).toMatchObject({
      workspace_id: WORKSPACE,
      project_id: 'p1',
      metadata: { workspace_id: 'acme' },
    });
    expect(draftOfSpan({ attributes: pairsOf({ 'gen_ai.tool.name': 't' }) }, parameters)).toMatchObject({
      project_id: 'from-query',
    });
  });

  test('without ids or times has none', () => {
    expect(
      draftWith({ 'gen_ai.tool.name': 't' }, { traceId: '0'.repeat(32), startTimeUnixNano: '0' }),
    ).toMatchObject({ id: null, trace_id: null, timestamp: null, latency_ms: null });
  });

  test.each([
    [{ startTimeUnixNano: 'soon' }, 'startTimeUnixNano'],
    [{ endTimeUnixNano: {} }, 'endTimeUnixNano'],
  ])('with %j is a problem of its own', (more, field) => {
    const attributes = pairsOf({ 'gen_ai.tool.name': 't' });
    const body = jsonTraces(RESOURCE, [{ attributes, ...more }, 'no span', { attributes }]);
    const [first, second, third] = otlpTraces.read(deliveryOf(body));
    expect(first).toEqual({ problem: expect.stringContaining(`${field}: `) });
    expect(second).toEqual({ problem: 'record: must be an object' });
    expect(third).toHaveProperty('body');
  });

  test('nested a hundred thousand deep is a problem, not a crash', () => {
    const deep = `${'{"arrayValue":{"values":['.repeat(100_000)}${']}}'.repeat(100_000)}`;
    const span = `{"attributes":[{"key":"a","value":${deep}}]}`;
    const body = `{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`;
    expect(otlpTraces.read(deliveryOf(body))).toEqual([
      { problem: expect.stringContaining('nested deeper') },
    ]);
  });
});
