/** mcp-logs, seen as its clients see it (contracts/mcp-logs.md). */
import { describe, expect, test } from 'vitest';
import { world, type Body, type World } from '../world.ts';

const LIST = '/api/mcp-logs';

const ids = (body: Body): readonly string[] => body.logs.map((log: Body) => log.id);

/** A world with one call of each sort. */
async function furnished(): Promise<World> {
  const here = await world();
  await here.post([
    {
      id: 'a',
      timestamp: '2026-01-01T00:00:00Z',
      tool_name: 'search_web',
      server_label: 'web',
      status: 'success',
      latency_ms: 100,
      cost: 0.5,
      arguments: { query: 'Weather 50%_off' },
      virtual_key_id: 'vk-1',
      llm_request_id: 'r-1',
    },
    {
      id: 'b',
      timestamp: '2026-01-01T00:00:01Z',
      tool_name: 'read_file',
      server_label: 'files',
      status: 'error',
      latency_ms: 300,
      error: { message: 'No such "file"', type: 'io' },
      virtual_key_id: 'vk-2',
    },
    {
      id: 'c',
      timestamp: '2026-01-01T00:00:02Z',
      tool_name: 'search_web',
      server_label: 'web',
      status: 'processing',
      arguments: 'plain text',
    },
    {
      id: 'd',
      timestamp: '2026-01-01T00:00:03Z',
      tool_name: 'Search_web',
      status: 'success',
      latency_ms: 0,
      cost: 0.25,
      result: { text: 'SUNNY\nday' },
    },
  ]);
  return here;
}

describe('rows', () => {
  test('have Bifrost’s shape; unset fields are absent, but for the virtual key', async () => {
    const { post, json } = await world();
    await post([
      {
        id: 'call-1',
        timestamp: '2026-04-17T10:25:00+02:00',
        tool_name: 'search_web',
        arguments: { query: 'weather' },
        result: 'sunny',
        latency_ms: 0,
      },
    ]);
    expect((await json(LIST)).logs).toEqual([
      {
        id: 'call-1',
        timestamp: '2026-04-17T08:25:00Z',
        tool_name: 'search_web',
        virtual_key_id: null,
        virtual_key_name: null,
        arguments: { query: 'weather' },
        result: 'sunny',
        latency: 0,
        status: 'success',
        outcome: 'ok',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/),
      },
    ]);
  });

  test('show everything that was recorded', async () => {
    const { post, json } = await world();
    await post([
      {
        id: 'call-1',
        tool_name: 'search_web',
        server_label: 'web',
        llm_request_id: 'req-1',
        request_id: 'http-1',
        virtual_key_id: 'vk-1',
        virtual_key_name: 'team',
        cost: 0.01,
        metadata: { region: 'eu' },
        error: {
          type: 'tool_error',
          code: -32602,
          message: 'bad',
          param: 'q',
          event_id: 'e',
          status_code: 200,
          provider: 'openai',
          model_requested: 'gpt',
          request_type: 'mcp',
        },
      },
    ]);
    expect(await json(`${LIST}/call-1`)).toMatchObject({
      server_label: 'web',
      llm_request_id: 'req-1',
      request_id: 'http-1',
      cost: 0.01,
      metadata: { region: 'eu' },
      status: 'error',
      outcome: 'protocol_error',
      error_details: {
        is_bifrost_error: false,
        status_code: 200,
        event_id: 'e',
        type: 'tool_error',
        error: { type: 'tool_error', code: '-32602', message: 'bad', param: 'q', event_id: 'e' },
        extra_fields: { provider: 'openai', model_requested: 'gpt', request_type: 'mcp' },
      },
      virtual_key: { id: 'vk-1', name: 'team', value: '', is_active: true },
    });
  });

  test('name a virtual key as it is called today, and mark a revoked one', async () => {
    const { post, json, mint, ask, adminKey } = await world();
    const virtual_key_id = `vk-${crypto.randomUUID()}`;
    const minted = await mint({ scopes: ['read'], virtual_key_id, virtual_key_name: 'today' });
    await post([{ id: 'a', tool_name: 'tool', virtual_key_id, virtual_key_name: 'then' }]);
    expect((await json(`${LIST}/a`)).virtual_key).toEqual({
      id: virtual_key_id,
      name: 'today',
      value: '',
      is_active: true,
    });
    await ask(`/v1/keys/${minted.id}`, { method: 'DELETE', key: adminKey });
    const log = await json(`${LIST}/a`);
    expect(log.virtual_key).toEqual({
      id: virtual_key_id,
      name: 'today (deleted)',
      value: '',
      is_active: false,
    });
    expect(log.virtual_key_name).toBe('then');
  });
});

describe('filters', () => {
  test.for<[string, string[]]>([
    ['', ['d', 'c', 'b', 'a']],
    ['tool_names=search_web', ['c', 'a']],
    ['tool_names=search_web, read_file ,,', ['c', 'b', 'a']],
    ['tool_names=,', ['d', 'c', 'b', 'a']],
    ['server_labels=files,web&tool_names=search_web', ['c', 'a']],
    ['status=success,error', ['d', 'b', 'a']],
    ['status=unknown', []],
    ['outcomes=ok', ['d', 'a']],
    ['outcomes=timeout, ok,', ['d', 'a']],
    ['outcomes=tool_error&status=error', ['b']],
    ['outcomes=ok&status=error', []],
    ['outcomes=,', ['d', 'c', 'b', 'a']],
    ['virtual_key_ids=vk-1,vk-2', ['b', 'a']],
    ['llm_request_ids=r-1', ['a']],
    ['start_time=2026-01-01T00:00:01Z', ['d', 'c', 'b']],
    ['start_time=2026-01-01T00:00:01.000000001Z', ['d', 'c']],
    ['end_time=2026-01-01T00:00:01Z', ['b', 'a']],
    ['end_time=2026-01-01T01:00:00.999999999%2B01:00', ['a']],
    ['start_time=2026-01-01T00:00:03Z&end_time=2026-01-01T00:00:00Z', []],
    ['start_time=&end_time=&limit=&offset=&sort_by=&order=&min_latency=', ['d', 'c', 'b', 'a']],
    ['start_time=nonsense&period=30d', []],
    ['period=forever', ['d', 'c', 'b', 'a']],
    ['min_latency=100', ['b', 'a']],
    ['min_latency=0&max_latency=100', ['d', 'a']],
    ['min_latency=300&max_latency=100', []],
    ['content_search=weather', ['a']],
    ['content_search=50%25_OFF', ['a']],
    ['content_search=50x', []],
    ['content_search=no such "file"', ['b']],
    ['content_search=sunny%0Aday', ['d']],
    ['content_search=search_web', []],
    ["tool_names=' OR 1=1 --", []],
    ['tool_names="', []],
    ['tool_names=*', []],
    ['tool_names=search_web%00', []],
    ['unknown=1&limit=2&limit=1', ['d', 'c']],
    ['sort_by=latency', ['b', 'a', 'd', 'c']],
    ['sort_by=latency&order=asc', ['d', 'a', 'b', 'c']],
    ['sort_by=cost&order=asc', ['d', 'a', 'b', 'c']],
    ['order=asc', ['a', 'b', 'c', 'd']],
    ['offset=1&limit=2', ['c', 'b']],
    ['offset=100', []],
  ])('%s', async ([query, expected]) => {
    const { json } = await furnished();
    expect(ids(await json(`${LIST}?${query}`))).toEqual(expected);
  });

  test('the period ends now', async () => {
    const { post, json } = await world();
    const hours = (count: number): number => Date.now() - count * 3_600_000;
    await post(
      [2, 8, 30, 200, 800].map((count) => ({ id: `${count}h`, tool_name: 'tool', timestamp: hours(count) })),
    );
    for (const [period, count] of Object.entries({ '1h': 0, '6h': 1, '24h': 2, '7d': 3, '30d': 4 }))
      expect((await json(`${LIST}?period=${period}`)).pagination.total_count).toBe(count);
  });
});

describe('totals', () => {
  test('are exact over the filters, and stats are over the same rows', async () => {
    const { json } = await furnished();
    const body = await json(`${LIST}?limit=1&offset=2`);
    expect(body.pagination).toMatchObject({
      limit: 1,
      offset: 2,
      sort_by: 'timestamp',
      order: 'desc',
      total_count: 4,
    });
    expect(body.stats.total_executions).toBe(4);
    expect(body.stats.success_rate).toBeCloseTo((2 / 3) * 100);
    expect(body.stats.average_latency).toBeCloseTo(400 / 3);
    expect(body.stats.total_cost).toBeCloseTo(0.75);
    expect((await json(`${LIST}?tool_names=search_web`)).stats).toEqual({
      total_executions: 2,
      success_rate: 100,
      average_latency: 100,
      total_cost: 0.5,
    });
  });

  test('has_logs tells whether the caller sees anything at all', async () => {
    const here = await furnished();
    expect(await here.json(`${LIST}?tool_names=none`)).toMatchObject({
      logs: [],
      has_logs: true,
      stats: { success_rate: 0 },
    });
    const empty = await world();
    expect(await empty.json(LIST)).toMatchObject({
      logs: [],
      has_logs: false,
      pagination: { total_count: 0, next_cursor: null },
    });
  });
});

describe('faults', () => {
  const number = (name: string, text: string, call = 'ParseFloat'): string =>
    `invalid ${name} format: strconv.${call}: parsing "${text}": invalid syntax`;

  test.for<[string, string]>([
    ['min_latency=abc', number('min_latency', 'abc')],
    ['max_latency=1x', number('max_latency', '1x')],
    ['limit=abc', number('limit', 'abc', 'Atoi')],
    ['limit=1.5', number('limit', '1.5', 'Atoi')],
    ['limit=0', 'limit must be greater than 0'],
    ['limit=-1', 'limit must be greater than 0'],
    ['limit=1001', 'limit cannot exceed 1000'],
    ['offset=x', number('offset', 'x', 'Atoi')],
    ['offset=-1', 'offset cannot be negative'],
    ['sort_by=name', "invalid sort_by: must be 'timestamp', 'latency' or 'cost'"],
    ['order=down', "invalid order: must be 'asc' or 'desc'"],
    ['cursor=nonsense', 'invalid cursor'],
    [
      'outcomes=ok,failed',
      "invalid outcomes: must be 'ok', 'tool_error', 'input_required', 'protocol_error', 'transport_error', 'denied', 'timeout' or 'cancelled'",
    ],
    ['outcomes=failed&order=down', "invalid order: must be 'asc' or 'desc'"],
    ['order=down&limit=abc&min_latency=x', number('min_latency', 'x')],
    ['sort_by=name&offset=-1', 'offset cannot be negative'],
  ])('%s', async ([query, message]) => {
    const { ask } = await world();
    const response = await ask(`${LIST}?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      is_bifrost_error: false,
      status_code: 400,
      error: { message },
      extra_fields: {},
    });
  });

  test.for(['start_time', 'end_time'])('%s must be RFC 3339 with a zone', async (name) => {
    const { ask, json } = await world();
    for (const text of [
      'yesterday',
      '2026-01-01',
      '2026-01-01T00:00:00',
      '2026-13-01T00:00:00Z',
      '1767225600',
    ]) {
      const path = `${LIST}?${name}=${text}&limit=abc`;
      expect((await ask(path)).status).toBe(400);
      expect((await json(path)).error.message).toMatch(new RegExp(`^invalid ${name} format: `));
    }
  });

  test('of another cursor’s query, credential or order', async () => {
    const here = await furnished();
    const { next_cursor: cursor } = (await here.json(`${LIST}?limit=1`)).pagination;
    expect(ids(await here.json(`${LIST}?limit=2&cursor=${cursor}`))).toEqual(['c', 'b']);
    for (const query of [
      'tool_names=search_web',
      'order=asc',
      'sort_by=cost',
      'start_time=2026-01-01T00:00:00Z',
    ])
      expect((await here.ask(`${LIST}?${query}&cursor=${cursor}`)).status).toBe(400);
    const other = await world();
    expect((await other.ask(`${LIST}?cursor=${cursor}`)).status).toBe(400);
  });

  test('401 without a Bearer credential, 404 of an unknown log, 405 of another method', async () => {
    const { ask, key } = await world();
    const envelope = (status_code: number, message: string): Body => ({
      is_bifrost_error: false,
      status_code,
      error: { message },
      extra_fields: {},
    });
    for (const headers of [
      {},
      { 'x-api-key': key },
      { authorization: `Basic ${key}` },
      { authorization: 'Bearer wrong' },
    ]) {
      const response = await ask(LIST, { key: null, headers });
      expect([response.status, await response.json()]).toEqual([401, envelope(401, 'Unauthorized')]);
    }
    const missing = await ask(`${LIST}/none`);
    expect([missing.status, await missing.json()]).toEqual([404, envelope(404, 'MCP log not found')]);
    const posted = await ask(LIST, { body: '{}' });
    expect([posted.status, posted.headers.get('allow'), await posted.json()]).toEqual([
      405,
      'GET, HEAD, DELETE',
      envelope(405, 'method not allowed'),
    ]);
    const head = await ask(LIST, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
});
