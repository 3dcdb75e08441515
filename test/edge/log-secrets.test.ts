/** Credentials on their way through the gate: wherever they stand in a request, no log line says one. */
import { env } from 'cloudflare:workers';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import { overheard } from '../api/secret-places.ts';
import { ORIGIN, world, type Ask } from '../world.ts';

let lines: readonly string[] = [];

beforeEach(() => {
  lines = overheard();
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Fails where a log line holds one of the secrets, or any stretch of twelve letters of one. */
function areLinesWithout(secrets: readonly string[]): void {
  expect(lines.length).toBeGreaterThan(0);
  const said = lines.join('\n');
  for (const secret of secrets)
    for (let place = 0; place + 12 <= secret.length; place += 4)
      expect(said.includes(secret.slice(place, place + 12)), secret.slice(place, place + 12)).toBe(false);
}

test('minting, registering and revoking keys says none', async () => {
  const here = await world();
  const secret = `sk-bf-${crypto.randomUUID()}`;
  const minted = await here.mint({ scopes: ['read'] });
  await here.mint({ scopes: ['read'], secret });
  await here.mint({ scopes: ['read'], secret });
  await here.mint({ scopes: ['unknown'], secret });
  await here.ask('/v1/keys', { key: here.adminKey });
  await here.ask(`/v1/keys/${minted.id}`, { method: 'DELETE', key: here.adminKey });
  await here.ask(`/v1/keys/${minted.key}`, { method: 'DELETE', key: here.adminKey });
  areLinesWithout([minted.key, secret, here.key, env.ADMIN_KEY]);
});

test('sessions say neither the key nor the cookie', async () => {
  const here = await world();
  const answer = await here.ask('/v1/session', { key: null, body: { key: here.key } });
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  const headers = { cookie };
  await here.ask('/v1/events', { key: null, headers, body: '[]' });
  await here.ask('/v1/events', { headers: { cookie: `${cookie}x` }, body: '[]' });
  await here.ask('/v1/events', { key: here.adminKey, headers, body: '[]' });
  await here.ask('/v1/session', { key: null, body: `{"key":"${here.key}"` });
  await here.ask('/v1/session', { key: null, body: { key: `${here.key}x` } });
  await here.ask('/v1/session', { method: 'DELETE', key: null, headers });
  // The head of a token says only how it is signed.
  areLinesWithout([here.key, cookie.split('=')[1]?.slice(20) ?? '', env.ADMIN_KEY]);
});

test('tokens are said neither when they are proven nor when they are refused', async () => {
  const here = await world();
  const sign = (secret: string, seconds: number): Promise<string> =>
    new SignJWT({ sub: 'ada', scope: 'read' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(new TextEncoder().encode(secret));
  const tokens = [
    await sign(env.JWT_SECRET, 60),
    await sign(env.JWT_SECRET, -60),
    await sign('a secret of somebody else, 32 bytes', 60),
  ];
  for (const key of tokens) {
    await here.ask('/api/mcp-logs', { key });
    await here.ask('/v1/session', { key: null, body: { key } });
    await here.ask(`/v1/requests/${key}`);
  }
  areLinesWithout([...tokens.map((token) => token.slice(20)), env.JWT_SECRET]);
});

test('wherever else callers put a key, the line does not say it', async () => {
  const here = await world();
  const secret = here.key;
  const unknown = `gl_${'aB3dE5fG'.repeat(5)}xyz`;
  const basic = (key: string): string => `Basic ${btoa(`user:${key}`)}`;
  const asked: readonly (readonly [string, Ask])[] = [
    [`/api/mcp-logs?api_key=${secret}&key=${secret}&token=${unknown}`, {}],
    [`/v1/requests/${secret}`, {}],
    [`/nowhere/${secret}`, { key: null }],
    ['/v1/ingest/pino', { key: null, headers: { authorization: basic(secret) }, body: '[]' }],
    ['/v1/ingest/pino', { key: null, headers: { authorization: basic(unknown) }, body: '[]' }],
    [
      '/v1/ingest/pino',
      { key: null, headers: { authorization: `ApiKey ${btoa(`id:${secret}`)}` }, body: '[]' },
    ],
    ['/v1/ingest/pino', { key: null, headers: { 'x-api-key': unknown }, body: '[]' }],
    ['/v1/keys', { key: unknown, headers: { 'x-api-key': secret } }],
    ['/v1/keys', { headers: { 'x-request-id': secret, 'user-agent': secret, referer: secret } }],
  ];
  for (const [path, ask] of asked) await here.ask(path, ask);
  areLinesWithout([secret, unknown, btoa(`user:${secret}`), btoa(`id:${secret}`), btoa(`user:${unknown}`)]);
});

test('a gate that fails says none', async () => {
  const here = await world();
  const prepare = (): never => {
    throw new Error(`D1_ERROR: near "${here.key}": syntax error`);
  };
  const broken = { prepare, withSession: () => ({ prepare, getBookmark: () => null }), batch: prepare };
  const request = new Request(`${ORIGIN}/v1/keys`, { headers: { 'x-api-key': here.key } });
  expect((await createApp().fetch(request, { ...env, DB: broken })).status).toBe(500);
  expect(lines.join('\n')).toContain('"message":"failure"');
  areLinesWithout([here.key]);
});
