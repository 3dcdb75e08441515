/** The siblings of the mcp-logs list: stats, filter values, histograms, top tools and deletion (contracts/mcp-logs.md). */
import { describe, expect, test } from 'vitest';
import { mcpLogs } from '../../src/dialects/mcp-logs/routes.ts';
import { createGate } from '../../src/edge/gate.ts';
import type { Credential } from '../../src/query/credential.ts';
import { ORIGIN, world, type Ask, type Body, type World } from '../world.ts';

const LIST = '/api/mcp-logs';
const DELETED = { message: 'MCP tool logs deleted successfully' };
const NOTHING = { total_executions: 0, success_rate: 0, average_latency: 0, total_cost: 0 };

const EMPTY = { buckets: [], bucket_size_seconds: 3600 };
const MIDNIGHT = '2026-01-01T00:00:00Z';

/** What each route shows of a store without calls, and of the call `a` below alone. */
const VIEWS: readonly [string, Body, Body][] = [
  ['stats', NOTHING, { total_executions: 1, success_rate: 100, average_latency: 100, total_cost: 0.5 }],
  [
    'filterdata',
    { server_labels: [], tool_names: [], virtual_keys: [] },
    { server_labels: ['web'], tool_names: ['search_web'], virtual_keys: [{ id: 'vk-1', value: '' }] },
  ],
  ['histogram', EMPTY, { buckets: [{ timestamp: MIDNIGHT, count: 1, success: 1, error: 0 }] }],
  ['histogram/cost', EMPTY, { buckets: [{ timestamp: MIDNIGHT, total_cost: 0.5 }] }],
  ['histogram/top-tools', { tools: [] }, { tools: [{ tool_name: 'search_web', count: 1, cost: 0.5 }] }],
];
const READING = VIEWS.map(([route]) => route);

/** Expects an error in the envelope of the dialect; a message may be matched by a part. */
async function isRefused(response: Response, status_code: number, message: string | RegExp): Promise<void> {
  const expected = typeof message === 'string' ? message : expect.stringMatching(message);
  const envelope = { is_bifrost_error: false, status_code, error: { message: expected }, extra_fields: {} };
  expect([response.status, await response.json()]).toEqual([status_code, envelope]);
}

const call = (id: string, time: string, rest: Record<string, unknown>): Record<string, unknown> => {
  return { id, timestamp: `2026-01-01T${time}Z`, tool_name: 'search_web', server_label: 'web', ...rest };
};

/** Five calls over two hours, of which one still runs. */
async function furnished(): Promise<World> {
  const here = await world();
  await here.post([
    call('a', '00:00:00', { status: 'success', latency_ms: 100, cost: 0.5, virtual_key_id: 'vk-1' }),
    call('b', '00:00:59.999', { status: 'error', latency_ms: 300, error: { message: 'Not found' } }),
    call('c', '00:02:00', { status: 'processing', tool_name: 'slow', cost: 9, latency_ms: 9 }),
    call('d', '00:02:01', { status: 'success', tool_name: 'read_file', server_label: 'files', cost: 0.25 }),
    call('e', '01:30:00', { status: 'success', latency_ms: 200, virtual_key_id: 'vk-2' }),
  ]);
  return here;
}

const remove = (ids: unknown, key?: string): Ask => ({
  method: 'DELETE',
  body: { ids },
  ...(key === undefined ? {} : { key }),
});

describe('stats', () => {
  test.for<[string, Body]>([
    ['', { total_executions: 5, success_rate: 75, average_latency: 200, total_cost: 0.75 }],
    ['limit=1&offset=3&order=asc', { total_executions: 5 }],
    ['tool_names=search_web', { total_executions: 3, average_latency: 200, total_cost: 0.5 }],
    ['status=processing', { ...NOTHING, total_executions: 1 }],
    ['outcomes=tool_error,denied', { ...NOTHING, total_executions: 1, average_latency: 300 }],
    ['content_search=not%20found', { ...NOTHING, total_executions: 1, average_latency: 300 }],
    ['min_latency=150&end_time=2026-01-01T01:00:00Z', { total_executions: 1, average_latency: 300 }],
    ['virtual_key_ids=vk-1,vk-2', { total_executions: 2, success_rate: 100, average_latency: 150 }],
    ['start_time=2026-01-02T00:00:00Z&end_time=2026-01-01T00:00:00Z', NOTHING],
    ['period=1h', NOTHING],
    ["tool_names=' OR 1=1 --", NOTHING],
  ])('%s', async ([query, expected]) => {
    const { json } = await furnished();
    const stats = await json(`${LIST}/stats?${query}`);
    expect(Object.keys(stats)).toEqual(Object.keys(NOTHING));
    expect(stats).toMatchObject(expected);
    expect(stats).toEqual((await json(`${LIST}?${query}`)).stats);
  });
});

describe('histogram', () => {
  const bucket = (time: string, success: number, error: number): Body => {
    return { timestamp: `2026-01-01T${time}Z`, count: success + error, success, error };
  };

  test.for<[string, Body[]]>([
    ['', [bucket('00:00:00', 2, 1), bucket('01:00:00', 1, 0)]],
    ['start_time=2026-01-01T00:30:00Z', [bucket('01:00:00', 1, 0)]],
    ['end_time=2026-01-01T00:02:00Z', [bucket('00:00:00', 1, 1)]],
    ['status=error', [bucket('00:00:00', 0, 1)]],
    ['status=error,processing', [bucket('00:00:00', 0, 1)]],
    ['status=processing', []],
    ['tool_names=read_file', [bucket('00:00:00', 1, 0)]],
    ['content_search=not found', [bucket('00:00:00', 0, 1)]],
  ])('with an open end has hours, and no empty ones: %s', async ([query, buckets]) => {
    const { json } = await furnished();
    expect(await json(`${LIST}/histogram?${query}`)).toEqual({ buckets, bucket_size_seconds: 3600 });
  });

  test('between two times has every bucket, from the start’s floor to the end', async () => {
    const { json } = await furnished();
    const range = 'start_time=2026-01-01T00:00:30Z&end_time=2026-01-01T00:03:00Z';
    const buckets = [
      bucket('00:00:00', 0, 1),
      bucket('00:01:00', 0, 0),
      bucket('00:02:00', 1, 0),
      bucket('00:03:00', 0, 0),
    ];
    expect(await json(`${LIST}/histogram?${range}`)).toEqual({ buckets, bucket_size_seconds: 60 });
    const costs = (await json(`${LIST}/histogram/cost?${range}`)).buckets;
    const cost = buckets.map(({ timestamp }: Body, place) => ({
      timestamp,
      total_cost: [0, 0, 0.25, 0][place],
    }));
    expect(costs).toEqual(cost);
  });

  const hour = 3_600_000;
  const day = 24 * hour;
  test.for<[number, number]>([
    [0, 60],
    [2 * hour - 1, 60],
    [2 * hour, 600],
    [day - 1, 600],
    [day, 3600],
    [3 * day, 28_800],
    [7 * day, 86_400],
    [30 * day, 259_200],
    [90 * day, 604_800],
    [365 * day - 1, 604_800],
    [365 * day, 2_592_000],
  ])('over %i ms has buckets of %i s, whatever route shows them', async ([range, seconds]) => {
    const { json } = await furnished();
    const start = Date.parse(MIDNIGHT);
    const query = `start_time=${MIDNIGHT}&end_time=${new Date(start + range).toISOString()}`;
    const [first = 0, last = 0] = [start, start + range].map((time) => Math.floor(time / 1000 / seconds));
    const expected = Array.from({ length: last - first + 1 }, (_, place) => (first + place) * seconds * 1000);
    for (const route of ['histogram', 'histogram/cost']) {
      const { buckets, bucket_size_seconds } = await json(`${LIST}/${route}?${query}`);
      expect(bucket_size_seconds).toBe(seconds);
      expect(buckets.map(({ timestamp }: Body) => Date.parse(timestamp))).toEqual(expected);
    }
  });

  test('of a period ends now and is filled', async () => {
    const { json, post } = await world();
    await post([{ tool_name: 'now' }, { tool_name: 'before', timestamp: Date.now() - 8 * day }]);
    for (const [period, seconds, length] of [
      ['1h', 60, 60],
      ['6h', 600, 36],
      ['24h', 3600, 24],
      ['7d', 86_400, 7],
      ['30d', 259_200, 10],
    ] as const) {
      const { buckets, bucket_size_seconds } = await json(`${LIST}/histogram?period=${period}&end_time=bad`);
      expect([bucket_size_seconds, buckets.length]).toEqual([seconds, length + 1]);
      expect(buckets.at(-1).count + buckets.at(-2).count).toBeGreaterThan(0);
    }
  });

  test('is bounded, however far apart the times are', async () => {
    const { json } = await furnished();
    const ask = (start: string, end: string): Promise<Body> =>
      json(`${LIST}/histogram?start_time=${start}T00:00:00Z&end_time=${end}T00:00:00Z`);
    const all = await ask('0001-01-01', '9999-12-31');
    expect(all.bucket_size_seconds).toBe(2_592_000);
    expect(all.buckets.length).toBeLessThanOrEqual(830);
    expect(all.buckets.reduce((sum: number, { count }: Body) => sum + count, 0)).toBe(4);
    for (const [start, end] of [
      ['0001-01-01', '1900-01-01'],
      ['3000-01-01', '9999-12-31'],
      ['2026-01-02', '2026-01-01'],
    ] as const)
      expect((await ask(start, end)).buckets, `${start} to ${end}`).toEqual([]);
  });
});

test('the top tools are ten, by finished calls', async () => {
  const { json, post } = await furnished();
  const tools = (): Promise<Body> => json(`${LIST}/histogram/top-tools`);
  expect(await tools()).toEqual({
    tools: [
      { tool_name: 'search_web', count: 3, cost: 0.5 },
      { tool_name: 'read_file', count: 1, cost: 0.25 },
    ],
  });
  expect((await json(`${LIST}/histogram/top-tools?status=error`)).tools).toEqual([
    { tool_name: 'search_web', count: 1, cost: 0 },
  ]);
  const many = Array.from({ length: 11 }, (_, place) => place + 4);
  await post(many.flatMap((count) => Array.from({ length: count }, () => ({ tool_name: `tool-${count}` }))));
  expect((await tools()).tools.map(({ count }: Body) => count)).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5]);
});

describe('filterdata', () => {
  const recent = { timestamp: Date.now() - 1000 };

  test('has the distinct values of thirty days, by name, and no absent ones', async () => {
    const { json, post, mint, ask, adminKey } = await world();
    const [named, gone] = [`vk-${crypto.randomUUID()}`, `vk-${crypto.randomUUID()}`];
    await mint({ scopes: ['read'], virtual_key_id: named, virtual_key_name: 'Zeta' });
    const { id } = await mint({ scopes: ['read'], virtual_key_id: gone, virtual_key_name: 'alpha' });
    await ask(`/v1/keys/${id}`, { method: 'DELETE', key: adminKey });
    const old = Date.now() - 31 * 86_400_000;
    await post([
      { ...recent, tool_name: 'b', server_label: 'z', virtual_key_id: 'unknown' },
      { ...recent, tool_name: 'a', server_label: 'y', virtual_key_id: named },
      { ...recent, tool_name: "x' --", virtual_key_id: gone, status: 'processing' },
      { ...recent, tool_name: 'b', server_label: '' },
      { timestamp: old, tool_name: 'old', server_label: 'old', virtual_key_id: 'old' },
    ]);
    expect(await json(`${LIST}/filterdata`)).toEqual({
      server_labels: ['y', 'z'],
      tool_names: ['a', 'b', "x' --"],
      virtual_keys: [
        { id: named, name: 'Zeta', value: '', is_active: true },
        { id: gone, name: 'alpha (deleted)', value: '', is_active: false },
        { id: 'unknown', name: 'unknown', value: '', is_active: true },
      ],
    });
    const since = await json(`${LIST}/filterdata?start_time=2020-01-01T00:00:00Z`);
    expect(since.tool_names).toEqual(['a', 'b', 'old', "x' --"]);
    const until = await json(`${LIST}/filterdata?end_time=${new Date(old).toISOString()}`);
    expect(until).toMatchObject({ server_labels: ['old'], virtual_keys: [{ id: 'old' }] });
    expect((await json(`${LIST}/filterdata?period=24h&server_labels=z`)).tool_names).toEqual(['b']);
  });

  test('leaves out the dimensions that are not asked for', async () => {
    const { json } = await world();
    const all = ['server_labels', 'tool_names', 'virtual_keys'];
    for (const [dimensions, keys] of [
      ['', all],
      [',', all],
      ['nonsense,__proto__', all],
      ['tool_names', ['tool_names']],
      [' virtual_keys , nonsense,server_labels,virtual_keys', ['server_labels', 'virtual_keys']],
    ] as const) {
      const query = new URLSearchParams({ dimensions });
      const body = await json(`${LIST}/filterdata?${query.toString()}`);
      expect(body, dimensions).toEqual(Object.fromEntries(keys.map((key) => [key, []])));
    }
  });

  test('has 500 values of a dimension at most', async () => {
    const { json, post } = await world();
    const names = Array.from({ length: 501 }, (_, place) => `tool-${place}`);
    await post(names.map((tool_name, place) => ({ ...recent, tool_name, server_label: `s${place % 500}` })));
    const { tool_names, server_labels, virtual_keys } = await json(`${LIST}/filterdata`);
    expect([tool_names.length, server_labels.length, virtual_keys]).toEqual([500, 500, []]);
  });
});

describe('every sibling', () => {
  test.for(READING)('%s refuses what the list refuses, in its order', async (route) => {
    const { ask } = await world();
    const float = (name: string): string =>
      `invalid ${name} format: strconv.ParseFloat: parsing "x": invalid syntax`;
    for (const [query, message] of [
      ['max_latency=x&min_latency=x&end_time=x&start_time=x', /^invalid start_time format: /],
      ['max_latency=x&min_latency=x&end_time=2026-01-01T00:00:00', /^invalid end_time format: /],
      ['max_latency=x&min_latency=x&start_time=', float('min_latency')],
      ['max_latency=x&period=1h&start_time=x', float('max_latency')],
      ['end_time=x&period=constructor', /^invalid end_time format: /],
      ['outcomes=failed', /^invalid outcomes: must be 'ok', /],
    ] as const) {
      const response = await ask(`${LIST}/${route}?${query}`);
      expect(response.status).toBe(400);
      await isRefused(response, 400, message);
    }
  });

  test.for(READING)('%s neither uses nor checks what pages the list', async (route) => {
    const { ask, json } = await furnished();
    const paging = 'limit=x&offset=-1&sort_by=x&order=x&cursor=x&period=constructor';
    expect(await json(`${LIST}/${route}?${paging}`)).toEqual(await json(`${LIST}/${route}`));
    const head = await ask(`${LIST}/${route}`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test.for(VIEWS)('%s shows only what lies in the bounds', async ([route, empty, one]) => {
    const [here, other] = [await furnished(), await world()];
    const { key } = await here.mint({ scopes: ['read'], project_id: here.project, virtual_key_id: 'vk-1' });
    const path = `${LIST}/${route}?start_time=2026-01-01T00:00:00Z`;
    expect(await other.json(path)).toEqual(empty);
    expect(await here.json(path, { key })).toMatchObject(one);
  });

  test.for(READING)('%s wants a credential that may read, and GET', async (route) => {
    const { ask, mint } = await world();
    const { key } = await mint({ scopes: ['ingest'] });
    for (const [status, asked] of [
      [401, { key: null }],
      [401, { key: 'wrong' }],
      [403, { key }],
      [405, { method: 'DELETE' }],
    ] as const) {
      const response = await ask(`${LIST}/${route}`, asked);
      await isRefused(response, status, /./);
      expect(response.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD' : null);
    }
  });

  test('wins over a log that has its name as id', async () => {
    const { post, json } = await world();
    await post([{ id: 'stats', tool_name: 'tool' }]);
    expect((await json(`${LIST}/stats`)).total_executions).toBe(1);
  });
});

describe('deletion', () => {
  test('takes logs out of everything that shows them', async () => {
    const here = await furnished();
    const { key } = await here.mint({ scopes: ['admin'], project_id: here.project });
    const response = await here.ask(LIST, remove(['a', 'b', 'unknown', 'a', '', '\ud800'], key));
    expect([response.status, await response.json()]).toEqual([200, DELETED]);
    expect((await here.ask(`${LIST}/a`)).status).toBe(404);
    const list = await here.json(LIST);
    expect(list.logs.map(({ id }: Body) => id)).toEqual(['e', 'd', 'c']);
    expect(list.pagination.total_count).toBe(3);
    expect(await here.json(`${LIST}/stats`)).toMatchObject({ total_executions: 3, total_cost: 0.25 });
    expect((await here.json(`${LIST}?content_search=not found`)).logs).toEqual([]);
    expect((await here.json(`${LIST}?virtual_key_ids=vk-1`)).logs).toEqual([]);
    const { buckets } = await here.json(`${LIST}/histogram`);
    expect(buckets.map(({ count }: Body) => count)).toEqual([1, 1]);
    const values = await here.json(`${LIST}/filterdata?start_time=${MIDNIGHT}`);
    expect(values.virtual_keys.map(({ id }: Body) => id)).toEqual(['vk-2']);
    expect(await here.json(LIST, remove(['a'], key))).toEqual(DELETED);
  });

  test('finds an id that has no well-formed text as it was stored', async () => {
    const here = await world();
    await here.post([{ id: 'x\u0000y', tool_name: 'tool' }]);
    await here.json(LIST, remove(['x\u0000y'], here.adminKey));
    expect((await here.json(LIST)).logs).toEqual([]);
  });

  test('wants admin, and stays inside its bounds', async () => {
    const [here, other] = [await furnished(), await furnished()];
    await isRefused(await here.ask(LIST, remove(['a'])), 403, /admin/);
    await isRefused(await here.ask(LIST, { ...remove(['a']), key: null }), 401, 'Unauthorized');
    const project = await here.mint({ scopes: ['admin'], project_id: here.project });
    expect(await here.json(LIST, remove(['a'], project.key))).toEqual(DELETED);
    expect((await here.ask(`${LIST}/a`)).status).toBe(404);
    expect((await other.ask(`${LIST}/a`)).status).toBe(200);
    const virtual = await here.mint({ scopes: ['admin'], project_id: here.project, virtual_key_id: 'vk-2' });
    expect(await here.json(LIST, remove(['b', 'e'], virtual.key))).toEqual(DELETED);
    expect((await here.ask(`${LIST}/b`)).status).toBe(200);
    expect((await here.ask(`${LIST}/e`)).status).toBe(404);
  });

  test.for<[string, unknown, number, string | RegExp]>([
    ['no body', '', 400, 'Invalid JSON'],
    ['no JSON', '{"ids":["a"]', 400, 'Invalid JSON'],
    ['an array', ['a'], 400, /^Invalid JSON/],
    ['a number as id', { ids: ['a', 1] }, 400, /^Invalid JSON: ids must be an array of strings$/],
    ['a null as id', { ids: [null] }, 400, /^Invalid JSON: ids must be an array of strings$/],
    ['an id alone', { ids: 'a' }, 400, /^Invalid JSON: ids must be an array of strings$/],
    ['no ids', {}, 400, 'No log IDs provided'],
    ['null', 'null', 400, 'No log IDs provided'],
    ['ids of null', { ids: null }, 400, 'No log IDs provided'],
    ['an empty list', { ids: [] }, 400, 'No log IDs provided'],
    ['too many ids', { ids: Array.from({ length: 1001 }, () => 'x') }, 400, /1000/],
    ['too long a body', { ids: ['x'.repeat(1_048_576)] }, 413, /1048576 bytes/],
  ])('refuses %s', async ([, body, status, message]) => {
    const here = await world();
    const response = await here.ask(LIST, { method: 'DELETE', key: here.adminKey, body });
    expect(response.status).toBe(status);
    await isRefused(response, status, message);
  });

  test('takes a thousand of the longest ids', async () => {
    const here = await world();
    const ids = Array.from({ length: 1000 }, (_, place) => '\u0001'.repeat(124) + String(place));
    expect(await here.json(LIST, remove(ids, here.adminKey))).toEqual(DELETED);
  });

  test('says when to come back while the writer is behind', async () => {
    const here = await world();
    const rights = { scopes: ['admin'], bounds: {}, isVirtualKey: false, isMetadataOnly: false } as const;
    const admin: Credential = { id: 'k', ...rights };
    const key = { ...admin, virtualKeyName: null, name: 'k', createdAt: 0, expiresAt: null, revokedAt: null };
    const gate = createGate(
      async (context, next) => {
        context.set('keys', { findByHash: async () => key } as never);
        context.set('intake', { remove: async () => false } as never);
        context.set('audit', { record: async () => undefined } as never);
        context.set('redact', async (value) => value);
        await next();
      },
      [mcpLogs],
    );
    const response = await gate.request(
      `${ORIGIN}${LIST}`,
      { method: 'DELETE', headers: { authorization: 'Bearer any' }, body: '{"ids":["a"]}' },
      { ADMIN_KEY: here.adminKey },
    );
    await isRefused(response, 503, /behind/);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});
