/** Credentials: keys, tokens, sessions, how each is refused, and what bounds leave of the store (contracts/events.md). */
import { env } from 'cloudflare:workers';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import { ORIGIN, world, type World } from '../world.ts';

const LIST = '/api/mcp-logs';

afterEach(() => {
  vi.unstubAllGlobals();
});

async function sign(claims: JWTPayload, secret = env.JWT_SECRET): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(claims.exp ?? '1h')
    .sign(new TextEncoder().encode(secret));
}

async function seen(here: World, key: string): Promise<readonly string[]> {
  const { logs } = await here.json(LIST, { key });
  return logs.map((log: { id: string }) => log.id).toSorted();
}

describe('keys', () => {
  test('are shown once, listed without secret or hash, and stop working when revoked', async () => {
    const { ask, json, mint, adminKey } = await world();
    const minted = await mint({ name: 'plugin', scopes: ['read'], expires_at: '2053-01-01T00:00:00Z' });
    expect(minted.key).toMatch(/^gl_[0-9A-Za-z]{43}$/);
    expect((await ask(LIST, { key: minted.key })).status).toBe(200);
    const { keys } = await json('/v1/keys', { key: adminKey });
    const listed = keys.find((key: { id: string }) => key.id === minted.id);
    expect(listed).toEqual({
      id: minted.id,
      name: 'plugin',
      scopes: ['read'],
      project_id: null,
      workspace_ids: null,
      virtual_key_id: null,
      virtual_key_name: null,
      metadata_only: false,
      created_at: minted.created_at,
      expires_at: '2053-01-01T00:00:00Z',
    });
    expect((await ask(`/v1/keys/${minted.id}`, { method: 'DELETE', key: adminKey })).status).toBe(204);
    expect((await ask(LIST, { key: minted.key })).status).toBe(401);
    expect((await ask(`/v1/keys/${minted.id}`, { method: 'DELETE', key: adminKey })).status).toBe(404);
    const { results } = await env.DB.prepare('SELECT * FROM keys').all();
    expect(JSON.stringify(results)).not.toContain(minted.key);
  });

  test('an expired one is refused', async () => {
    const { ask, mint } = await world();
    const { key } = await mint({ scopes: ['read'], expires_at: Date.now() - 1 });
    expect((await ask(LIST, { key })).status).toBe(401);
  });

  test.for<[unknown, RegExp]>([
    [{}, /name: must be a string; scopes: must be an array/],
    [{ name: 'a', scopes: [] }, /scopes: must not be empty/],
    [{ name: 'a', scopes: ['write'] }, /scopes.0: must be one of read, ingest, metrics, admin/],
    [{ name: 'a', scopes: ['read'], workspace_ids: ['x'] }, /workspace_ids.0: must be a UUID/],
    [{ name: 'a', scopes: ['read'], secret: 'short' }, /secret: must have 16 characters at least/],
    [{ name: 'a', scopes: ['read'], project: 'p' }, /project/],
    ['not json', /body: not JSON/],
  ])('%j is refused', async ([body, says]) => {
    const { ask, adminKey } = await world();
    const response = await ask('/v1/keys', { key: adminKey, body });
    expect(response.status).toBe(400);
    expect((await response.json<{ detail: string }>()).detail).toMatch(says);
  });

  test('are asked for by the schemes that a path takes', async () => {
    const here = await world();
    const asked = async (path: string, body?: unknown): Promise<unknown[]> => {
      const { status, headers } = await here.ask(path, { key: null, body });
      return [status, headers.get('www-authenticate')];
    };
    expect(await asked('/v1/events', [])).toEqual([401, 'Bearer']);
    expect(await asked(LIST)).toEqual([401, 'Bearer']);
    expect(await asked('/v1/ingest/pino', [])).toEqual([401, 'Bearer, Basic realm="gatelog", ApiKey']);
  });

  test('need admin to be managed', async () => {
    const { ask, key } = await world();
    expect((await ask('/v1/keys')).status).toBe(403);
    expect((await ask('/v1/keys', { key, body: { name: 'a', scopes: ['admin'] } })).status).toBe(403);
    expect((await ask('/v1/keys/x', { key, method: 'DELETE' })).status).toBe(403);
    expect((await ask('/v1/keys', { key: null })).status).toBe(401);
  });

  test('a virtual key is registered by its own secret, once', async () => {
    const { ask, mint, adminKey } = await world();
    const secret = `sk-bf-${crypto.randomUUID()}`;
    const fields = { name: 'vk', scopes: ['read'], virtual_key_id: 'vk-1', secret };
    expect((await mint(fields)).key).toBe(secret);
    expect((await ask(LIST, { key: secret })).status).toBe(200);
    expect((await ask('/v1/keys', { key: adminKey, body: fields })).status).toBe(409);
  });

  test('a virtual key sees its own calls alone, and none where the deployment denies it', async () => {
    const here = await world();
    const secret = `sk-bf-${crypto.randomUUID()}`;
    const virtual_key_id = `vk-${crypto.randomUUID()}`;
    await here.mint({ scopes: ['read'], virtual_key_id, secret });
    await here.post([
      { id: 'mine', tool_name: 'tool', virtual_key_id },
      { id: 'other', tool_name: 'tool', virtual_key_id: 'vk-other' },
    ]);
    expect(await seen(here, secret)).toEqual(['mine']);
    expect((await here.ask(`${LIST}/other`, { key: secret })).status).toBe(404);
    const headers = { authorization: `Bearer ${secret}` };
    for (const path of [LIST, `${LIST}/mine`]) {
      const request = new Request(`${ORIGIN}${path}`, { headers });
      const denied = await createApp().fetch(request, { ...env, MCP_LOGS_VIRTUAL_KEYS: 'deny' });
      expect(denied.status).toBe(401);
    }
  });
});

describe('tokens', () => {
  test('carry scopes and bounds', async () => {
    const here = await world();
    await here.post([{ id: 'a', tool_name: 'tool' }]);
    expect(await seen(here, await sign({ project_id: here.project }))).toEqual(['a']);
    expect(await seen(here, await sign({ project_id: 'another' }))).toEqual([]);
    const reader = await sign({ scope: 'read' });
    expect((await here.ask('/v1/events', { key: reader, body: '[]' })).status).toBe(403);
    const poster = await sign({ scope: 'ingest other' });
    expect((await here.ask('/v1/events', { key: poster, body: '[]' })).status).toBe(202);
    expect((await here.ask(LIST, { key: poster })).status).toBe(403);
  });

  test('of two projects are two credentials, whatever their subject', async () => {
    const here = await world();
    const once = { 'idempotency-key': crypto.randomUUID() };
    const post = async (claims: JWTPayload): Promise<{ accepted: number; rejected: { id: string }[] }> => {
      const events = [{ id: String(claims['project_id']), tool_name: '' }];
      const key = await sign({ scope: 'ingest read', ...claims });
      return here.json('/v1/events', { key, headers: once, body: events });
    };
    for (const subject of [{}, { iss: 'issuer', sub: 'ada' }])
      for (const project_id of ['one', 'other'])
        expect((await post({ ...subject, project_id })).rejected[0]?.id).toBe(project_id);
    const [bearer, second] = [await sign({ project_id: 'one' }), await sign({ project_id: 'other' })];
    const both = { key: bearer, headers: { 'x-api-key': second }, body: '{}' };
    expect((await here.ask('/api/v3.1/logs/tool_execution', both)).status).toBe(401);
    const named = await sign({ project_id: 'one', workspace_ids: [here.workspace] });
    expect((await here.json('/v1/workspaces', { key: named })).user_id).toBe(
      `jwt::project_id=one;workspace_ids=${here.workspace}`,
    );
  });

  test('are refused when expired, unsigned, without exp, of a wrong secret, or with a malformed bound', async () => {
    const { ask } = await world();
    const hour = Math.floor(Date.now() / 1000) + 3600;
    const refused = [
      await sign({ exp: hour - 7200 }),
      await sign({}, 'another secret of at least 32 bytes!!'),
      new UnsecuredJWT({ scope: 'admin', exp: hour }).encode(),
      await new SignJWT({})
        .setProtectedHeader({ alg: 'HS256' })
        .sign(new TextEncoder().encode(env.JWT_SECRET)),
      await new SignJWT({ exp: hour })
        .setProtectedHeader({ alg: 'HS384' })
        .sign(new TextEncoder().encode(env.JWT_SECRET)),
      await sign({ workspace_ids: 'all' }),
      await sign({ project_id: 7 }),
      'a.b.c',
    ];
    for (const key of refused) expect((await ask(LIST, { key })).status).toBe(401);
  });

  test.for(['RS256', 'ES256', 'EdDSA'])('%s is proven by the published key set', async (alg) => {
    const { ask } = await world();
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: alg, alg };
    const real = globalThis.fetch;
    vi.stubGlobal('fetch', (input: string, init?: RequestInit) =>
      input === 'https://issuer.test/jwks.json'
        ? Promise.resolve(Response.json({ keys: [jwk] }))
        : real(input, init),
    );
    const app = createApp();
    const get = async (token: string): Promise<number> => {
      const settings = { ...env, JWT_JWKS_URL: 'https://issuer.test/jwks.json' };
      const headers = { authorization: `Bearer ${token}` };
      return (await app.fetch(new Request(`${ORIGIN}${LIST}`, { headers }), settings)).status;
    };
    const token = new SignJWT({ sub: 'user' }).setProtectedHeader({ alg, kid: alg }).setExpirationTime('1h');
    // The key set is cached by the address, and a new key is fetched only after its cool-down.
    vi.setSystemTime(Date.now() + 120_000 * (['RS256', 'ES256', 'EdDSA'].indexOf(alg) + 1));
    expect(await get(await token.sign(privateKey))).toBe(200);
    const stranger = await generateKeyPair(alg);
    expect(await get(await token.sign(stranger.privateKey))).toBe(401);
    vi.useRealTimers();
    expect((await ask(LIST, { key: 'no.such.token' })).status).toBe(401);
  });
});

describe('sessions', () => {
  async function start(here: World, key: string): Promise<string> {
    const response = await here.ask('/v1/session', { key: null, body: { key } });
    expect(response.status).toBe(200);
    const cookie = response.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^gatelog_session=[^;]+;.*Max-Age=43\d{3}/);
    for (const attribute of ['HttpOnly', 'SameSite=Lax', 'Secure', 'Path=/'])
      expect(cookie).toContain(attribute);
    expect(cookie).not.toContain(key);
    return cookie.split(';')[0] ?? '';
  }

  test('stand for their key, and end with it or by themselves', async () => {
    const here = await world();
    const minted = await here.mint({ scopes: ['read', 'ingest'], project_id: here.project });
    const cookie = await start(here, minted.key);
    const post = (headers: Record<string, string>): Promise<Response> =>
      here.ask('/v1/events', { key: null, headers, body: '[]' });
    expect((await post({ cookie })).status).toBe(202);
    expect((await post({ cookie: `${cookie}x` })).status).toBe(401);
    expect((await post({ cookie, origin: ORIGIN })).status).toBe(202);
    expect((await post({ cookie, origin: 'https://evil.test' })).status).toBe(403);
    expect((await post({ cookie, 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await here.ask('/v1/session', { method: 'DELETE', key: null, headers: { cookie } })).status).toBe(
      204,
    );
    expect((await post({ cookie })).status).toBe(401);
    const second = await start(here, minted.key);
    await here.ask(`/v1/keys/${minted.id}`, { method: 'DELETE', key: here.adminKey });
    expect((await post({ cookie: second })).status).toBe(401);
  });

  test('of localhost are not Secure, and an unknown key starts none', async () => {
    const { ask, adminKey } = await world();
    const request = new Request('http://localhost:8787/v1/session', {
      method: 'POST',
      body: JSON.stringify({ key: adminKey }),
    });
    const local = await createApp().fetch(request, env);
    expect(local.headers.get('set-cookie')).not.toContain('Secure');
    expect((await ask('/v1/session', { key: null, body: { key: 'unknown' } })).status).toBe(401);
    expect((await ask('/v1/session', { key: null, body: {} })).status).toBe(400);
  });

  test('two different credentials at once are refused, the same twice is not', async () => {
    const here = await world();
    const cookie = await start(here, here.key);
    expect((await here.ask('/v1/events', { headers: { cookie }, body: '[]' })).status).toBe(202);
    expect(
      (await here.ask('/v1/events', { key: here.adminKey, headers: { cookie }, body: '[]' })).status,
    ).toBe(401);
    expect(
      (await here.ask('/v1/events', { headers: { 'x-api-key': here.adminKey }, body: '[]' })).status,
    ).toBe(401);
  });
});

describe('without ADMIN_KEY', () => {
  test.for([LIST, '/v1/requests', '/v1/events', '/readyz', '/nowhere', '/v1/workspaces/x/servers/y/logs'])(
    '%s answers 503',
    async (path) => {
      const settings = { ...env, ADMIN_KEY: '' };
      const response = await createApp().fetch(new Request(`${ORIGIN}${path}`), settings);
      expect(response.status).toBe(503);
      expect(await response.text()).toContain('ADMIN_KEY');
    },
  );

  test('/healthz lives on', async () => {
    const response = await createApp().fetch(new Request(`${ORIGIN}/healthz`), { ...env, ADMIN_KEY: '' });
    expect(response.status).toBe(200);
  });
});
