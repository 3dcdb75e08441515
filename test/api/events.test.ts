/** `POST /v1/events`: what is taken, what is refused, and with which words (contracts/events.md). */
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { world, type Ask } from '../world.ts';

const PATH = '/v1/events?wait=true';

async function packed(text: string, format: 'gzip' | 'deflate'): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream(format));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

describe('bodies', () => {
  test.for<[string, string, string | undefined]>([
    ['one event', '{"tool_name":"a"}', undefined],
    ['an array', '[{"tool_name":"a"}]', undefined],
    ['an envelope', '{"events":[{"tool_name":"a"}]}', undefined],
    ['NDJSON', '{"tool_name":"a"}\n\n{"tool_name":"b"}\n', undefined],
    ['NDJSON of one line', '{"tool_name":"a"}', 'application/x-ndjson'],
    ['text/plain', '[{"tool_name":"a"}]', 'text/plain'],
  ])('%s', async ([, body, type]) => {
    const { json } = await world();
    const headers = type === undefined ? {} : { 'content-type': type };
    const receipt = await json(PATH, { body, headers });
    expect(receipt.accepted).toBeGreaterThan(0);
    expect((await json('/api/mcp-logs')).pagination.total_count).toBe(receipt.accepted);
  });

  test.for<'gzip' | 'deflate'>(['gzip', 'deflate'])('%s', async (format) => {
    const { json } = await world();
    const body = await packed('[{"tool_name":"a"}]', format);
    const receipt = await json(PATH, { body, headers: { 'content-encoding': format } });
    expect(receipt).toEqual({ accepted: 1, rejected: [], readable: true });
  });

  test.for<[string, string]>([
    ['an empty array', '[]'],
    ['an empty envelope', '{"events":[]}'],
  ])('%s is 202', async ([, body]) => {
    const { ask } = await world();
    const response = await ask('/v1/events', { body });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ accepted: 0, rejected: [] });
  });

  test.for<[string, Ask & { status: number; says: RegExp }]>([
    ['nothing', { body: '', status: 400, says: /body/ }],
    ['not JSON', { body: 'hello', status: 400, says: /JSON/ }],
    ['truncated JSON', { body: '[{"tool_name":"a"},{"tool', status: 400, says: /JSON/ }],
    [
      'truncated gzip',
      {
        body: new Uint8Array([31, 139, 8, 0, 0]),
        headers: { 'content-encoding': 'gzip' },
        status: 400,
        says: /gzip/,
      },
    ],
    ['another encoding', { body: '[]', headers: { 'content-encoding': 'br' }, status: 415, says: /gzip/ }],
    ['11 MB', { body: `[${' '.repeat(11_000_000)}]`, status: 413, says: /10485760 bytes/ }],
    [
      'an event of 1.1 MB',
      { body: { tool_name: 'a', result: 'x'.repeat(1_100_000) }, status: 413, says: /1048576 bytes/ },
    ],
    [
      '5,001 events',
      { body: Array.from({ length: 5001 }, () => ({ tool_name: 'a' })), status: 413, says: /5000/ },
    ],
    [
      'an idempotency key of 300 characters',
      { body: '[]', headers: { 'idempotency-key': 'k'.repeat(300) }, status: 400, says: /255/ },
    ],
  ])('%s is refused', async ([, { status, says, ...asked }]) => {
    const { ask } = await world();
    const response = await ask('/v1/events', asked);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ status, detail: expect.stringMatching(says) });
  });

  test('a gzip bomb is refused without being unpacked whole', async () => {
    const { ask } = await world();
    const body = await packed(' '.repeat(60_000_000), 'gzip');
    expect(body.length).toBeLessThan(100_000);
    const response = await ask('/v1/events', { body, headers: { 'content-encoding': 'gzip' } });
    expect(response.status).toBe(413);
  });

  test('5,000 events in one call are all kept', async () => {
    const { json } = await world();
    const body = Array.from({ length: 5000 }, (_, place) => ({ tool_name: `tool-${place % 7}` }));
    expect(await json(PATH, { body })).toEqual({ accepted: 5000, rejected: [], readable: true });
    expect((await json('/api/mcp-logs?limit=1')).pagination.total_count).toBe(5000);
  });
});

describe('events that are refused one by one', () => {
  test.for<[unknown, string]>([
    [
      {},
      'type: without it an event needs tool_name (tool_call), model and a numeric status (request), or server_id (server_log)',
    ],
    [{ type: 'span', tool_name: 'a' }, 'type: must be tool_call, request or server_log'],
    [7, 'event: must be a JSON object'],
    [null, 'event: must be a JSON object'],
    [{ type: 'tool_call' }, 'tool_name: required'],
    [{ tool_name: 'x'.repeat(257) }, 'tool_name: must have 256 characters at most'],
    [{ tool_name: 'a', id: 'x'.repeat(129) }, 'id: must have 128 characters at most'],
    [{ tool_name: 'a', id: 5 }, 'id: must be a string'],
    [{ tool_name: 'a', status: 'pending' }, 'status: must be one of processing, success, error'],
    [{ tool_name: 'a', latency_ms: -1 }, 'latency_ms: must be 0 or more'],
    [{ tool_name: 'a', cost: '1' }, 'cost: must be a number'],
    [{ tool_name: 'a', metadata: [] }, 'metadata: must be an object'],
    [{ tool_name: 'a', error: { status_code: 'x' } }, 'error.status_code: must be a number'],
    [{ tool_name: 'a', level: 'loud' }, 'level: must be one of debug, info, warning, error, critical'],
    [
      { tool_name: 'a', timestamp: '2026-01-01' },
      'timestamp: must be RFC 3339 with an offset, or epoch milliseconds',
    ],
    [
      { tool_name: 'a', timestamp: '2026-02-30T00:00:00Z' },
      'timestamp: must be RFC 3339 with an offset, or epoch milliseconds',
    ],
    [
      { tool_name: 'a', timestamp: '0001-01-01T00:00:00Z' },
      'timestamp: must lie between 1986 and 2054 (numbers are epoch milliseconds)',
    ],
    [
      { tool_name: 'a', timestamp: '9999-12-31T23:59:59Z' },
      'timestamp: must lie between 1986 and 2054 (numbers are epoch milliseconds)',
    ],
    [
      { tool_name: 'a', timestamp: Date.now() + 90_000_000 },
      'timestamp: more than 24 hours ahead of the server',
    ],
    [{ model: 'm', status: 200 }, 'provider: required'],
    [{ type: 'request', model: 'm', provider: 'p', status: '200' }, 'status: must be an integer'],
    [{ model: 'm', provider: 'p', status: 200, input_tokens: 1.5 }, 'input_tokens: must be an integer'],
    [{ server_id: 's', message: 'm' }, 'workspace_id: required'],
    [{ server_id: 's', message: 'm', workspace_id: 'w' }, 'workspace_id: must be a UUID'],
    [{ server_id: 's', workspace_id: crypto.randomUUID() }, 'message: required, or line'],
  ])('%j', async ([event, error]) => {
    const { ask } = await world();
    const response = await ask('/v1/events', { body: [event] });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ accepted: 0, rejected: [{ index: 0, error }] });
  });

  test('the valid ones beside them are kept, and each refusal names its place and id', async () => {
    const { json } = await world();
    const body = [{ id: 'a', tool_name: 'a' }, { id: 'b' }, { id: 'c', tool_name: 'c' }];
    const receipt = await json(PATH, { body });
    expect(receipt).toMatchObject({ accepted: 2, rejected: [{ index: 1, id: 'b' }], readable: true });
    expect((await json('/api/mcp-logs')).pagination.total_count).toBe(2);
  });

  test('a line of NDJSON that is no JSON is refused alone', async () => {
    const { json } = await world();
    const receipt = await json(PATH, { body: '{"tool_name":"a"}\n{"tool_na' });
    expect(receipt).toEqual({
      accepted: 1,
      rejected: [{ index: 1, error: 'line: not JSON' }],
      readable: true,
    });
  });

  test('10,000 levels of nesting are refused by name, 900 come back as they went in', async () => {
    const { ask, json } = await world();
    const nested = (levels: number): string =>
      `{"id":"a","tool_name":"a","arguments":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    const response = await ask('/v1/events', { body: nested(10_000) });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      rejected: [{ error: 'arguments: nested deeper than 1000 levels' }],
    });
    await json(PATH, { body: nested(900) });
    expect(JSON.stringify((await json('/api/mcp-logs/a')).arguments)).toBe('['.repeat(900) + ']'.repeat(900));
  });
});

describe('what goes in comes back', () => {
  test.for<[string, unknown]>([
    ['a string', 'plain'],
    ['a string that looks like JSON', '{"a":1}'],
    ['a number', 12.5],
    ['a number beyond 2^53, as JavaScript reads it', 2 ** 60 + 2 ** 9],
    ['false', false],
    ['an empty string', ''],
    ['an array', [1, 'two', null, { three: 3 }]],
    ['NUL and control bytes', { text: 'a\0b\u0001c' }],
    ['a lone surrogate', { text: 'a\ud800b' }],
    ['keys that mean something to JavaScript', JSON.parse('{"__proto__":{"a":1},"constructor":2}')],
    ['emoji and quotes', { 'clé "é"': "😀' OR 1=1 --" }],
  ])('%s', async ([, value]) => {
    const { post, json } = await world();
    await post([{ id: 'a', tool_name: 'tool', arguments: value, result: value }]);
    const log = await json('/api/mcp-logs/a');
    expect(log.arguments).toStrictEqual(value);
    expect(log.result).toStrictEqual(value);
  });

  test('unknown fields are kept in metadata beside the event’s own', async () => {
    const { post, json } = await world();
    await post([
      { id: 'a', type: 'tool_call', tool_name: 'tool', color: 'red', metadata: { size: 1 }, shape: null },
    ]);
    expect((await json('/api/mcp-logs/a')).metadata).toEqual({ color: 'red', size: 1, shape: null });
  });

  test('NUL and lone surrogates in a name become U+FFFD', async () => {
    const { post, json } = await world();
    await post([{ id: 'a', tool_name: 'to\0ol\ud800' }]);
    expect((await json('/api/mcp-logs/a')).tool_name).toBe('to\uFFFDol\uFFFD');
  });

  test('a result with isError is an error, whatever the status says', async () => {
    const { post, json } = await world();
    const result = { isError: true, content: [{ type: 'text', text: 'MCP error -32602: bad arguments' }] };
    await post([{ id: 'a', tool_name: 'tool', status: 'success', result }]);
    expect(await json('/api/mcp-logs/a')).toMatchObject({
      status: 'error',
      error_details: {
        error: { type: 'tool_error', code: '-32602', message: 'MCP error -32602: bad arguments' },
      },
    });
  });

  test('an error without a status is an error, and a text is its message', async () => {
    const { post, json } = await world();
    await post([{ id: 'a', tool_name: 'tool', error: 'boom' }]);
    expect(await json('/api/mcp-logs/a')).toMatchObject({
      status: 'error',
      error_details: { error: { message: 'boom' } },
    });
  });

  test('times with any offset, and epoch milliseconds', async () => {
    const { post, json } = await world();
    await post([
      { id: 'a', tool_name: 'tool', timestamp: '2026-01-01T01:00:00.120456+01:00' },
      { id: 'b', tool_name: 'tool', timestamp: 1_767_225_600_120 },
    ]);
    for (const id of ['a', 'b'])
      expect((await json(`/api/mcp-logs/${id}`)).timestamp).toBe('2026-01-01T00:00:00.120Z');
  });

  test('an id is minted where none is given', async () => {
    const { post, json } = await world();
    await post([{ tool_name: 'tool' }]);
    expect((await json('/api/mcp-logs')).logs[0].id).toMatch(/^log_[0-9a-z]{26}$/);
  });
});

describe('bounds of the poster', () => {
  test('are filled in, and a contradiction is refused', async () => {
    const { mint, json, project } = await world();
    const workspace = crypto.randomUUID();
    const bounds = { project_id: project, workspace_ids: [workspace], virtual_key_id: 'vk-1' };
    const { key } = await mint({ scopes: ['ingest', 'read'], ...bounds });
    const receipt = await json(PATH, {
      key,
      body: [
        { id: 'a', tool_name: 'tool' },
        { tool_name: 'tool', project_id: 'another' },
        { tool_name: 'tool', virtual_key_id: 'vk-2' },
        { tool_name: 'tool', workspace_id: crypto.randomUUID() },
      ],
    });
    expect(receipt.accepted).toBe(1);
    expect(receipt.rejected.map((rejection: { error: string }) => rejection.error.split(':')[0])).toEqual([
      'project_id',
      'virtual_key_id',
      'workspace_id',
    ]);
    expect(await json('/api/mcp-logs/a', { key })).toMatchObject({ virtual_key_id: 'vk-1' });
    expect(await json('/api/mcp-logs/a')).toMatchObject({ virtual_key_id: 'vk-1' });
  });

  test('keep a poster from touching another’s event by its id', async () => {
    const { mint, json, project } = await world();
    const [one, other] = await Promise.all(
      ['vk-1', 'vk-2'].map((virtual_key_id) =>
        mint({ scopes: ['ingest', 'read'], project_id: project, virtual_key_id }),
      ),
    );
    await json(PATH, { key: one.key, body: { id: 'a', tool_name: 'mine' } });
    await json(PATH, { key: other.key, body: { id: 'a', tool_name: 'stolen' } });
    expect((await json('/api/mcp-logs/a', { key: one.key })).tool_name).toBe('mine');
    expect((await json('/api/mcp-logs/a', { key: other.key })).tool_name).toBe('stolen');
  });
});

describe('raw lines', () => {
  test('are taken apart and read back', async () => {
    const { ask, json, workspace } = await world();
    const path = `/v1/workspaces/${workspace}/servers/ai.nimblebrain%2Fecho/logs`;
    const lines = [
      '2024-01-01T12:00:00.000Z [INFO] Message',
      '2024-01-01T12:00:01Z ERROR Message two',
      '2024-01-01T12:00:02Z Processing request from client',
      '',
      '2024-01-01T12:00:03Z FATAL: over\r',
    ];
    const posted = await ask(`${path}?wait=true&pod_name=pod-1&container_name=main`, {
      body: lines.join('\n'),
    });
    expect(posted.status).toBe(202);
    expect(await posted.json()).toEqual({ accepted: 4, rejected: [], readable: true });
    const { logs } = await json(`/v1/workspaces/${workspace}/servers/echo/logs`);
    expect(logs).toEqual(
      [
        ['2024-01-01T12:00:03Z', 'critical', 'over'],
        ['2024-01-01T12:00:02Z', 'info', 'Processing request from client'],
        ['2024-01-01T12:00:01Z', 'error', 'Message two'],
        ['2024-01-01T12:00:00Z', 'info', 'Message'],
      ].map(([timestamp, level, message]) => ({
        timestamp,
        level,
        message,
        pod_name: 'pod-1',
        container_name: 'main',
      })),
    );
  });

  test('in a workspace that is none are refused', async () => {
    const { ask } = await world();
    expect((await ask('/v1/workspaces/nowhere/servers/echo/logs', { body: 'a line' })).status).toBe(404);
  });
});

test('no key, or one without the scope, posts nothing', async () => {
  const { ask, mint } = await world();
  expect((await ask('/v1/events', { key: null, body: { tool_name: 'a' } })).status).toBe(401);
  const { key } = await mint({ scopes: ['read'] });
  expect((await ask('/v1/events', { key, body: { tool_name: 'a' } })).status).toBe(403);
  expect((await ask('/v1/events', { key: env.ADMIN_KEY, body: '[]' })).status).toBe(202);
});
