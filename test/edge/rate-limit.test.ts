/** Limits as callers meet them: exact, per credential, beside the query, and open where the limiter fails. */
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { Entry, Verdict } from '../../src/edge/limits.ts';
import { ORIGIN, world, type World } from '../world.ts';

const STRANGER = '203.0.113.7';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A server that has logged one line, and the path of its log. */
async function server(here: World): Promise<string> {
  await here.post([{ type: 'server_log', workspace_id: here.workspace, server_id: 'echo', line: 'INFO up' }]);
  return `/v1/workspaces/${here.workspace}/servers/echo/logs`;
}

type Bound = Record<string, unknown>;

function get(path: string, bound: Bound, init: RequestInit = {}): Promise<Response> {
  return Promise.resolve(createApp().fetch(new Request(`${ORIGIN}${path}`, init), { ...env, ...bound }));
}

const bearer = (key: string): RequestInit => ({ headers: { authorization: `Bearer ${key}` } });

/** A namespace whose every object enters so. */
const namespaceOf = (enter: (entry: Entry) => Promise<Verdict>): Bound => ({
  RATE_LIMITER: { getByName: () => ({ enter, leave: () => Promise.resolve() }) },
});

function limitsOf({ headers }: Response): (string | null)[] {
  return ['limit', 'remaining'].map((name) => headers.get(`x-ratelimit-${name}`));
}

describe('server-logs', () => {
  test('one credential reads a hundred times in its minute, and another is not kept from it', async () => {
    const here = await world();
    const path = await server(here);
    const { key } = await here.mint({ scopes: ['read'], project_id: here.project });
    for (let count = 1; count <= 100; count++) {
      const response = await here.ask(path, { key });
      expect([response.status, ...limitsOf(response)]).toEqual([200, '100', String(100 - count)]);
      await response.body?.cancel();
    }
    const refused = await here.ask(path, { key });
    expect(refused.status).toBe(429);
    expect(await refused.json()).toEqual({ detail: 'Rate limit exceeded' });
    expect(limitsOf(refused)).toEqual(['100', '0']);
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.headers.get('ratelimit')).toBe(`"default";r=0;t=${seconds}`);
    expect(refused.headers.get('ratelimit-policy')).toBe('"default";q=100;w=60');
    const reset = Number(refused.headers.get('x-ratelimit-reset')) - Date.now() / 1000;
    expect(Math.abs(reset - seconds)).toBeLessThan(2);
    expect(limitsOf(await here.ask(path))).toEqual(['100', '99']);
    // Other surfaces count for themselves.
    expect((await here.ask('/api/mcp-logs', { key })).status).toBe(200);
  });

  test('every answer says where its caller stands, whatever else it says', async () => {
    const here = await world();
    const path = await server(here);
    for (const [status, asked, ask, remaining] of [
      [200, path, {}, '99'],
      [200, path, { method: 'HEAD' }, '98'],
      [422, `${path}?limit=0`, {}, '97'],
      [404, path.replace('echo', 'nobody'), {}, '96'],
      [401, path, { key: null }, '100'],
      [405, path, { method: 'PATCH' }, '100'],
    ] as const) {
      const response = await here.ask(asked, ask);
      expect([response.status, ...limitsOf(response)], asked).toEqual([status, '100', remaining]);
      expect(Number(response.headers.get('x-ratelimit-reset')) * 1000).toBeGreaterThan(Date.now());
      expect(response.headers.get('ratelimit')).toMatch(
        new RegExp(`^"default";r=${remaining};t=[1-9]\\d?$`, 'v'),
      );
    }
  });

  test('the admin key is a credential like any other', async () => {
    const here = await world();
    const response = await here.ask('/v1/workspaces', { key: here.adminKey });
    expect(response.headers.get('x-ratelimit-limit')).toBe('100');
  });

  test('ten requests of a credential run at a time', async () => {
    const here = await world();
    const path = await server(here);
    const { id, key } = await here.mint({ scopes: ['read'], project_id: here.project });
    const limiter = env.RATE_LIMITER.getByName(`server-logs:${id}`);
    for (let place = 0; place < 10; place++)
      await limiter.enter({ perMinute: 100, concurrent: 10, lease: `busy-${place}`, isKept: true });
    const refused = await here.ask(path, { key });
    expect(refused.status).toBe(429);
    expect(await refused.json()).toEqual({ detail: 'Rate limit exceeded' });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(limitsOf(refused)).toEqual(['100', '90']);
    expect(refused.headers.get('ratelimit-policy')).toBe('"concurrent";q=10;qu="concurrent-requests"');
    expect(refused.headers.get('ratelimit')).toBe('"concurrent";r=0;t=1');
    await limiter.leave('busy-0');
    // One place is free; whoever takes it gives it back, or the second of these would be refused.
    for (const remaining of ['89', '88']) {
      const response = await here.ask(path, { key });
      expect([response.status, ...limitsOf(response)]).toEqual([200, '100', remaining]);
    }
  });
});

describe('a limiter', () => {
  test('that fails lets readers in, and the log says so', async () => {
    const here = await world();
    const errors = vi.spyOn(console, 'error').mockReturnValue();
    const down = namespaceOf(() => Promise.reject(new Error('the object is gone')));
    const response = await get('/v1/requests', down, bearer(here.key));
    expect(response.status).toBe(200);
    expect(response.headers.get('x-ratelimit-remaining')).toBeNull();
    expect(response.headers.get('ratelimit')).toBeNull();
    expect(errors.mock.calls.map(([line]) => JSON.parse(String(line)))).toEqual([
      {
        message: 'rate limiter failed, let in',
        policy: 'requests',
        error: 'the object is gone',
        request_id: response.headers.get('x-request-id'),
      },
    ]);
  });

  test('that never answers is waited for half a second at most', async () => {
    const here = await world();
    const errors = vi.spyOn(console, 'error').mockReturnValue();
    const startedAt = Date.now();
    const response = await get(
      '/v1/requests',
      namespaceOf(() => new Promise(() => {})),
      bearer(here.key),
    );
    expect(response.status).toBe(200);
    expect(Date.now() - startedAt).toBeLessThan(2000);
    expect(String(errors.mock.calls[0]?.[0])).toContain('no answer within 500 ms');
  });

  test('that cannot even be found lets readers in', async () => {
    const here = await world();
    vi.spyOn(console, 'error').mockReturnValue();
    const none = {
      RATE_LIMITER: {
        getByName() {
          throw new Error('no such namespace');
        },
      },
    };
    expect((await get('/v1/requests', none, bearer(here.key))).status).toBe(200);
  });

  test('that refuses keeps a change from being made', async () => {
    const here = await world();
    await here.post([{ id: 'kept', tool_name: 'tool' }]);
    const refusing = namespaceOf(() =>
      Promise.resolve({ refusedBy: 'minute', remaining: 0, resetMilliseconds: 30_000 }),
    );
    const body = JSON.stringify({ ids: ['kept'] });
    const deleted = await get('/api/mcp-logs', refusing, {
      ...bearer(here.adminKey),
      method: 'DELETE',
      body,
    });
    expect([deleted.status, deleted.headers.get('retry-after')]).toEqual([429, '30']);
    expect((await here.ask('/api/mcp-logs/kept')).status).toBe(200);
    const minted = await get('/v1/keys', refusing, {
      ...bearer(here.adminKey),
      method: 'POST',
      body: JSON.stringify({ name: `refused ${here.project}`, scopes: ['read'] }),
    });
    expect(minted.status).toBe(429);
    const { keys } = await here.json('/v1/keys', { key: here.adminKey });
    expect(keys.map(({ name }: { name: string }) => name)).not.toContain(`refused ${here.project}`);
  });
});

describe('attempts without a valid credential', () => {
  const from = (address: string, key = 'wrong'): RequestInit => ({
    headers: { authorization: `Bearer ${key}`, 'cf-connecting-ip': address },
  });
  const few = { RATE_LIMIT_PER_MINUTE: 'unauthenticated=3' };

  test('are counted by address, and never count against a good one', async () => {
    const here = await world();
    for (const remaining of ['2', '1', '0']) {
      const response = await get('/v1/workspaces', few, from(STRANGER));
      expect([response.status, ...limitsOf(response)]).toEqual([401, '3', remaining]);
    }
    const refused = await get('/v1/workspaces', few, from(STRANGER));
    expect(refused.status).toBe(429);
    expect(await refused.json()).toEqual({ detail: 'Rate limit exceeded' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('www-authenticate')).toBeNull();
    expect((await get('/v1/workspaces', few, from(STRANGER, here.key))).status).toBe(200);
    expect((await get('/v1/workspaces', few, from('203.0.113.8'))).status).toBe(401);
    // All surfaces share the count, sessions included.
    const session = { method: 'POST', body: '{"key":"wrong"}', ...from(STRANGER) };
    expect((await get('/v1/session', few, session)).status).toBe(429);
  });

  test('of IPv6 are counted by the network', async () => {
    for (const address of ['2001:db8:1:2::1', '2001:DB8:1:2:ffff::', '2001:0db8:0001:0002::9'])
      expect((await get('/api/mcp-logs', few, from(address))).status).toBe(401);
    expect((await get('/api/mcp-logs', few, from('2001:db8:1:2:3:4:5:6'))).status).toBe(429);
    expect((await get('/api/mcp-logs', few, from('2001:db8:1:3::1'))).status).toBe(401);
  });

  test('are a hundred a minute where nothing is set, and endless without an address', async () => {
    const address = '198.51.100.1';
    for (let count = 0; count < 100; count++)
      expect((await get('/v1/requests', {}, from(address))).status).toBe(401);
    expect((await get('/v1/requests', {}, from(address))).status).toBe(429);
    const nobody = { headers: { authorization: 'Bearer wrong' } };
    for (let count = 0; count < 5; count++) expect((await get('/v1/requests', few, nobody)).status).toBe(401);
  });
});
