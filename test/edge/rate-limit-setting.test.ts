/** The settings of limits: which forms are taken, what they mean, and how loudly the others are refused. */
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { Limits } from '../../src/edge/limits.ts';
import { networkOf } from '../../src/edge/address.ts';
import { policiesOf } from '../../src/edge/rate-limit-setting.ts';
import { ORIGIN, world } from '../world.ts';

const SURFACES = new Map<string, Limits>([
  ['one', { perMinute: 100, concurrent: 10 }],
  ['other', { perMinute: 2000, concurrent: null }],
]);

function numbers(perMinute: string, concurrent = ''): Record<string, (number | null)[]> {
  const settings = { RATE_LIMIT_PER_MINUTE: perMinute, RATE_LIMIT_CONCURRENT: concurrent };
  return Object.fromEntries(
    [...policiesOf(settings, SURFACES)].map(([name, policy]) => [
      name,
      [policy.perMinute, policy.concurrent],
    ]),
  );
}

const DEFAULTS = {
  one: [100, 10],
  other: [2000, null],
  ingest: [null, null],
  unauthenticated: [100, null],
};

describe('a setting', () => {
  test.for<[string, string, Record<string, (number | null)[]>]>([
    ['', '', {}],
    ['600', '', { one: [600, 10], other: [600, null] }],
    ['off', 'off', { one: [null, null], other: [null, null] }],
    ['0', '0', { one: [null, null], other: [null, null] }],
    ['one=7', '', { one: [7, 10] }],
    [' 50 , one = off ', 'other=3', { one: [null, 10], other: [50, 3] }],
    ['ingest=5,unauthenticated=off', 'ingest=2', { ingest: [5, 2], unauthenticated: [null, null] }],
  ])('%j and %j', ([perMinute, concurrent, changed]) => {
    expect(numbers(perMinute, concurrent)).toEqual({ ...DEFAULTS, ...changed });
  });

  test.for([
    ['ten', /RATE_LIMIT_PER_MINUTE: "ten" must be a number/],
    ['-1', /"-1" must be a number/],
    ['1.5', /"1.5" must be a number/],
    ['', /RATE_LIMIT_CONCURRENT: "one=" must be a number/, 'one='],
    ['5,', /"" must be a number/],
    ['two=5', /"two=5" must name one of one, other, ingest, unauthenticated/],
    ['one=1=2', /must be a value or name=value/],
    ['one=1,one=2', /"one=2" is said twice/],
    ['100001', /must be 100000 at most/],
  ] as const)('%j is refused by its name', ([perMinute, says, concurrent = '']) => {
    expect(() => numbers(perMinute, concurrent)).toThrow(says);
  });

  test.for(['RATE_LIMIT_PER_MINUTE', 'RATE_LIMIT_CONCURRENT'])(
    'a wrong %s is told to everybody but those who ask for life',
    async (variable) => {
      const { key } = await world();
      const headers = { authorization: `Bearer ${key}` };
      const get = async (path: string): Promise<Response> =>
        createApp().fetch(new Request(`${ORIGIN}${path}`, { headers }), { ...env, [variable]: 'many' });
      for (const path of ['/api/mcp-logs', '/v1/requests', '/v1/keys', '/v1/workspaces', '/readyz']) {
        const response = await get(path);
        expect([response.status, await response.text()]).toEqual([503, expect.stringContaining(variable)]);
      }
      expect((await get('/healthz')).status).toBe(200);
    },
  );

  test('off takes the headers away, and the limit', async () => {
    const { key } = await world();
    const headers = { authorization: `Bearer ${key}` };
    const settings = { ...env, RATE_LIMIT_PER_MINUTE: 'server-logs=off', RATE_LIMIT_CONCURRENT: 'off' };
    const request = new Request(`${ORIGIN}/v1/workspaces`, { headers });
    const response = await createApp().fetch(request, settings);
    expect(response.status).toBe(200);
    expect([...response.headers.keys()].filter((name) => name.includes('ratelimit'))).toEqual([]);
  });
});

describe('an address', () => {
  test.for([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1:2:3:4', 'fe80:0:0:0::/64'],
  ] as const)('%s stands for %s', ([address, network]) => {
    expect(networkOf(address)).toBe(network);
  });
});
