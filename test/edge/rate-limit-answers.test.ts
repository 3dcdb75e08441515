/** How each surface tells that a limit was reached: its own body, its own headers, and the IETF's beside them. */
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { DOORS } from '../api/door-cases.ts';
import { refusalOf } from '../api/door-envelopes.ts';
import { ORIGIN, world, type World } from '../world.ts';

type Bound = Record<string, unknown>;

const ONE_A_MINUTE = { RATE_LIMIT_PER_MINUTE: '1,ingest=1' };

type Init = { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string };

function ask(here: World, path: string, bound: Bound, init: Init = {}): Promise<Response> {
  const headers = {
    authorization: `Bearer ${here.key}`,
    'content-type': 'application/json',
    ...init.headers,
  };
  const request = new Request(`${ORIGIN}${path}`, { ...init, headers });
  return Promise.resolve(createApp().fetch(request, { ...env, ...bound }));
}

/** The names of headers about limits, in the order of the alphabet. */
function namesOf(response: Response): string[] {
  return [...response.headers.keys()].filter((name) => /ratelimit|retry-after/.test(name)).toSorted();
}

/** The second answer of two, where one is allowed. */
async function refused(here: World, path: string, init: Init = {}): Promise<[Response, number]> {
  const first = await ask(here, path, ONE_A_MINUTE, init);
  expect(first.status).toBe(200);
  const response = await ask(here, path, ONE_A_MINUTE, init);
  expect(response.status).toBe(429);
  const seconds = Number(response.headers.get('retry-after'));
  expect(seconds > 0 && seconds <= 60).toBe(true);
  expect(response.headers.get('ratelimit-policy')).toBe('"default";q=1;w=60');
  expect(response.headers.get('ratelimit')).toBe(`"default";r=0;t=${seconds}`);
  return [response, seconds];
}

const IETF = ['ratelimit', 'ratelimit-policy'];

describe('a reader beyond its limit', () => {
  test('of mcp-logs', async () => {
    const [response, seconds] = await refused(await world(), '/api/mcp-logs');
    expect(await response.json()).toEqual({
      is_bifrost_error: false,
      status_code: 429,
      error: { message: `rate limit exceeded: 1 requests a minute; retry after ${seconds} s` },
      extra_fields: {},
    });
    expect(namesOf(response)).toEqual([...IETF, 'retry-after']);
  });

  test('of requests', async () => {
    const [response, seconds] = await refused(await world(), '/v1/requests');
    expect(await response.json()).toEqual({
      error: {
        message: `Too many requests. Please wait ${seconds} seconds before retrying.`,
        type: 'rate_limit_error',
        code: null,
      },
    });
    expect(response.headers.get('x-gateway-request-id')).toBe(response.headers.get('x-request-id'));
    expect(namesOf(response)).toEqual([
      ...IETF,
      'retry-after',
      'x-ratelimit-limit',
      'x-ratelimit-remaining',
      'x-ratelimit-reset',
    ]);
    expect(response.headers.get('x-ratelimit-limit')).toBe('1');
    expect(response.headers.get('x-ratelimit-remaining')).toBe('0');
    const reset = Number(response.headers.get('x-ratelimit-reset')) - Date.now() / 1000;
    expect(Math.abs(reset - seconds)).toBeLessThan(2);
  });

  test('of server-logs', async () => {
    const [response] = await refused(await world(), '/v1/workspaces');
    expect(await response.json()).toEqual({ detail: 'Rate limit exceeded' });
    expect(namesOf(response)).toEqual([
      ...IETF,
      'retry-after',
      'x-ratelimit-limit',
      'x-ratelimit-remaining',
      'x-ratelimit-reset',
    ]);
  });

  test('of tool-execution, whose POST only asks', async () => {
    const init = { method: 'POST', body: '{"unknown_key": 1}' };
    const [response] = await refused(await world(), '/api/v3.1/logs/tool_execution', init);
    expect(await response.json()).toEqual({
      message: 'Rate limit exceeded. Limit: 1 requests per 1 minutes',
    });
    expect(namesOf(response)).toEqual([
      ...IETF,
      'retry-after',
      'x-ratelimit',
      'x-ratelimit-remaining',
      'x-ratelimit-window-size',
    ]);
    expect(response.headers.get('x-ratelimit')).toBe('1');
    expect(response.headers.get('x-ratelimit-remaining')).toBe('0');
    expect(response.headers.get('x-ratelimit-window-size')).toBe('60s');
    // What the dropped answer said is gone with it.
    expect(response.headers.get('x-gatelog-warning')).toBeNull();
  });

  test('of gatelog’s own surface', async () => {
    const here = await world();
    const admin = { headers: { authorization: `Bearer ${here.adminKey}` } };
    // The world has minted its key with the admin key, which is the one request that is allowed.
    const response = await ask(here, '/v1/keys', ONE_A_MINUTE, admin);
    expect(response.status).toBe(429);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const seconds = Number(response.headers.get('retry-after'));
    expect(await response.json()).toEqual({
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      title: 'rate limited',
      status: 429,
      detail: `rate limit exceeded: 1 requests a minute; retry after ${seconds} s`,
      code: 'rate_limited',
      request_id: response.headers.get('x-request-id'),
      'violated-policies': ['default'],
    });
    expect(namesOf(response)).toEqual([...IETF, 'retry-after']);
  });
});

describe('where nothing is set', () => {
  test.for([
    ['/api/mcp-logs', '"default";q=2000;w=60'],
    ['/v1/requests', '"default";q=1000;w=60'],
    ['/v1/analytics', '"default";q=1000;w=60'],
    ['/v1/workspaces', '"default";q=100;w=60'],
    ['/api/v3/logs/tool_execution/absent', '"default";q=2000;w=60'],
  ] as const)('%s tells its policy', async ([path, policy]) => {
    const response = await ask(await world(), path, {});
    expect(response.headers.get('ratelimit-policy')).toBe(policy);
    expect(response.headers.get('ratelimit')).toMatch(/^"default";r=\d+;t=\d+$/);
    expect(response.headers.get('retry-after')).toBeNull();
  });

  test('nothing limits what is posted', async () => {
    const response = await ask(await world(), '/v1/events', {}, { method: 'POST', body: '[]' });
    expect([response.status, namesOf(response)]).toEqual([202, []]);
  });
});

describe.for(DOORS.map((door) => [door.name, door] as const))('%s', ([, door]) => {
  test('is told of a limit in its own envelope, and nothing is kept', async () => {
    const here = await world();
    const post = (words: string): Promise<Response> =>
      ask(here, door.path(here), ONE_A_MINUTE, {
        method: 'POST',
        headers: { 'content-type': door.type },
        body: door.body(here, words),
      });
    expect((await post('first words')).status).toBe(door.status);
    const response = await post('second words');
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refusalOf(door.producer)(response.clone())).toContain('1 requests a minute');
    const { path, ...asked } = door.read(here);
    expect(await (await here.ask(path, asked)).text()).not.toContain('second words');
  });
});
