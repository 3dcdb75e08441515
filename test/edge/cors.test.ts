/** Cross-origin calls: what pages of other origins may ask and read, and what a cookie may do for them. */
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { ORIGIN, world, type World } from '../world.ts';

const LISTED = 'https://logs.example.com';
const SETTINGS = { CORS_ORIGINS: `${LISTED}, http://localhost:5173` };
const COMPOSIO = '/api/v3.1/logs/tool_execution';

type Init = { method?: string; headers?: Record<string, string>; body?: string };

function ask(path: string, init: Init, settings: object = SETTINGS): Promise<Response> {
  return Promise.resolve(createApp().fetch(new Request(ORIGIN + path, init), { ...env, ...settings }));
}

const preflight = (origin: string): Init => ({
  method: 'OPTIONS',
  headers: {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization, content-type',
  },
});

const corsOf = (answer: Response): string[] =>
  [...answer.headers.keys()].filter((name) => name.startsWith('access-control-')).toSorted();

async function cookieOf(here: World): Promise<string> {
  const answer = await here.ask('/v1/session', { key: null, body: { key: here.key } });
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}

describe('without CORS_ORIGINS', () => {
  test.for(['/v1/events', COMPOSIO, '/api/mcp-logs', '/v1/ingest/pino'])(
    '%s has no preflight and no header for any origin',
    async (path) => {
      const { key } = await world();
      const asked = await ask(path, preflight(LISTED), {});
      expect([401, 405]).toContain(asked.status);
      expect(corsOf(asked)).toEqual([]);
      const headers = { origin: LISTED, authorization: `Bearer ${key}` };
      const answer = await ask(path, { headers }, {});
      expect(corsOf(answer)).toEqual([]);
      expect(answer.headers.get('vary')).toBeNull();
    },
  );
});

describe('with CORS_ORIGINS', () => {
  test.for(['/v1/events', COMPOSIO, '/api/mcp-logs', '/v1/ingest/pino', '/v1/keys'])(
    '%s answers the preflight of a listed origin, without a credential',
    async (path) => {
      const answer = await ask(path, preflight(LISTED));
      expect(answer.status).toBe(204);
      expect(answer.headers.get('access-control-allow-origin')).toBe(LISTED);
      expect(answer.headers.get('access-control-allow-credentials')).toBe('true');
      expect(answer.headers.get('access-control-allow-methods')).toContain('DELETE');
      expect(answer.headers.get('access-control-allow-headers')).toBe('authorization,content-type');
      expect(answer.headers.get('vary')).toContain('Origin');
      expect(answer.headers.get('server-timing')).toBeNull();
    },
  );

  test.for([
    'https://evil.test',
    'https://logs.example.com.evil.test',
    'http://logs.example.com',
    'https://logs.example.com:8443',
    'https://LOGS.example.com',
    'null',
  ])('%s is not listed', async (origin) => {
    const { key } = await world();
    const asked = await ask('/v1/events', preflight(origin));
    expect([asked.status, corsOf(asked)]).toEqual([405, []]);
    const answer = await ask('/api/mcp-logs', { headers: { origin, authorization: `Bearer ${key}` } });
    expect([answer.status, corsOf(answer)]).toEqual([200, []]);
    expect(answer.headers.get('vary')).toBe('Origin');
  });

  test.for<[number, string, Record<string, string>]>([
    [200, '/api/mcp-logs', {}],
    [400, '/api/mcp-logs?limit=x', {}],
    [401, '/v1/requests', { authorization: 'Bearer unknown' }],
    [404, '/nowhere', {}],
  ])('a page of a listed origin reads an answer of %i', async ([status, path, headers]) => {
    const { key } = await world();
    const answer = await ask(path, {
      headers: { origin: LISTED, authorization: `Bearer ${key}`, ...headers },
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe(LISTED);
    expect(answer.headers.get('access-control-expose-headers')).toContain('x-request-id');
    expect(answer.headers.get('vary')).toBe('Origin');
  });

  test.for(['logs.example.com', '*', 'https://logs.example.com/', 'https://a.test, ftp'])(
    'a list that says %s is refused loudly',
    async (CORS_ORIGINS) => {
      const answer = await ask('/v1/keys', {}, { CORS_ORIGINS });
      expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('CORS_ORIGINS')]);
    },
  );
});

describe('a session cookie', () => {
  const changes: readonly [string, string, string?][] = [
    ['POST', '/v1/events', '[]'],
    ['POST', '/v1/workspaces/550e8400-e29b-41d4-a716-446655440000/servers/echo/logs', 'line'],
    ['DELETE', '/v1/session'],
  ];

  test.for(changes)('alone does not authorize %s %s from another origin', async ([method, path, body]) => {
    const here = await world();
    const cookie = await cookieOf(here);
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.test' },
      { origin: 'null' },
      { origin: 'http://gatelog.test' },
      { origin: LISTED },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign) {
      const init = { method, headers: { ...headers, cookie }, ...(body === undefined ? {} : { body }) };
      expect((await ask(path, init)).status, JSON.stringify(headers)).toBe(403);
    }
    const own = { method, headers: { origin: ORIGIN, cookie }, ...(body === undefined ? {} : { body }) };
    expect((await ask(path, own)).status).toBeLessThan(300);
  });

  test.for(['/v1/keys', '/v1/keys/key_1'])(
    'of the admin does not change %s from another origin',
    async (path) => {
      const here = await world();
      const login = await here.ask('/v1/session', { key: null, body: { key: here.adminKey } });
      const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
      const method = path === '/v1/keys' ? 'POST' : 'DELETE';
      const headers = { cookie, origin: 'https://evil.test' };
      expect(
        (await ask(path, { method, headers, ...(method === 'POST' ? { body: '{}' } : {}) })).status,
      ).toBe(403);
    },
  );

  test('does not authorize what may be changed by bearer alone', async () => {
    const here = await world();
    const cookie = await cookieOf(here);
    const answer = await ask('/api/mcp-logs', {
      method: 'DELETE',
      headers: { cookie },
      body: '{"ids":["a"]}',
    });
    expect(answer.status).toBe(401);
  });

  test('a foreign page cannot sign a browser in, and a listed one can', async () => {
    const { key } = await world();
    const login = (headers: Record<string, string>): Promise<Response> =>
      ask('/v1/session', { method: 'POST', headers, body: JSON.stringify({ key }) });
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.test' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign) {
      const answer = await login(headers);
      expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
    }
    for (const origin of [ORIGIN, LISTED]) expect((await login({ origin })).status).toBe(200);
  });
});
