/** The audit log: whatever changes keys or takes logs away is in it, for good, and no secret is. */
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { ORIGIN, world, type Body, type World } from '../world.ts';

const PATH = '/v1/audit';

async function entries(here: World): Promise<Body[]> {
  return (await here.json(`${PATH}?limit=1000`, { key: here.adminKey })).entries;
}

const about = async (here: World, target: string): Promise<Body[]> =>
  (await entries(here)).filter((entry: Body) => entry.target === target);

/** A database that refuses whatever statement says a word. */
function refusing(word: string): D1Database {
  return new Proxy(env.DB, {
    get(database, name) {
      if (name === 'prepare')
        return (query: string) => {
          if (query.includes(word)) throw new Error('D1_ERROR: disk I/O error');
          return database.prepare(query);
        };
      const value = Reflect.get(database, name) as unknown;
      return typeof value === 'function' ? (value.bind(database) as unknown) : value;
    },
  });
}

function askWith(settings: object, path: string, init: RequestInit): Promise<Response> {
  const headers = { authorization: `Bearer ${env.ADMIN_KEY}` };
  const request = new Request(`${ORIGIN}${path}`, { ...init, headers });
  return Promise.resolve(createApp().fetch(request, { ...env, ...settings }));
}

test('a key is in it when it is minted and when it is revoked, and never its secret', async () => {
  const here = await world();
  const minted = await here.mint({ name: 'plugin', scopes: ['ingest'], project_id: here.project });
  const revoke = { method: 'DELETE', key: here.adminKey };
  expect((await here.ask(`/v1/keys/${minted.id}`, revoke)).status).toBe(204);
  expect((await here.ask(`/v1/keys/${minted.id}`, revoke)).status).toBe(404);
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(await about(here, minted.id)).toEqual([
    {
      number: expect.any(Number),
      at: time,
      actor: 'admin',
      action: 'key.revoked',
      target: minted.id,
      detail: {},
    },
    {
      number: expect.any(Number),
      at: time,
      actor: 'admin',
      action: 'key.minted',
      target: minted.id,
      detail: {
        name: 'plugin',
        scopes: ['ingest'],
        project_id: here.project,
        workspace_ids: null,
        virtual_key_id: null,
        metadata_only: false,
        expires_at: null,
      },
    },
  ]);
  const { results } = await env.DB.prepare('SELECT * FROM audit').all();
  const { hash } = (await env.DB.prepare('SELECT hash FROM keys WHERE id = ?').bind(minted.id).first<{
    hash: string;
  }>()) ?? { hash: '' };
  expect(hash).toHaveLength(64);
  for (const secret of [minted.key, hash]) expect(JSON.stringify(results)).not.toContain(secret);
});

test('what did not happen is not in it', async () => {
  const here = await world();
  const secret = `sk-bf-${crypto.randomUUID()}`;
  await here.mint({ scopes: ['read'], secret });
  const before = await entries(here);
  expect((await here.mint({ scopes: ['read'], secret })).status).toBe(409);
  await here.ask('/v1/keys/key_unknown', { method: 'DELETE', key: here.adminKey });
  expect(await entries(here)).toEqual(before);
});

test('no key is minted or revoked and no log is deleted where the entry cannot be written', async () => {
  const here = await world();
  await here.post([{ id: 'kept', tool_name: 'tool' }]);
  const { id, key } = await here.mint({ scopes: ['read'], project_id: here.project });
  const name = `never-${crypto.randomUUID()}`;
  const DB = refusing('INSERT INTO audit');
  const calls: readonly [string, RequestInit][] = [
    ['/v1/keys', { method: 'POST', body: JSON.stringify({ name, scopes: ['read'] }) }],
    [`/v1/keys/${id}`, { method: 'DELETE' }],
    ['/api/mcp-logs', { method: 'DELETE', body: JSON.stringify({ ids: ['kept'] }) }],
  ];
  for (const [path, init] of calls) expect((await askWith({ DB }, path, init)).status, path).toBe(500);
  const { keys } = await here.json('/v1/keys', { key: here.adminKey });
  expect(keys.map((each: Body) => each.name)).not.toContain(name);
  expect((await here.ask('/api/mcp-logs/kept', { key })).status).toBe(200);
  const told = (await entries(here)).filter(({ detail }: Body) => JSON.stringify(detail).includes(name));
  expect(told).toEqual([]);
});

test('nothing is recorded of a key that could not be written', async () => {
  const here = await world();
  const before = await entries(here);
  const body = JSON.stringify({ name: 'a', scopes: ['read'] });
  const answer = await askWith({ DB: refusing('INSERT INTO keys') }, '/v1/keys', { method: 'POST', body });
  expect(answer.status).toBe(500);
  expect(await entries(here)).toEqual(before);
});

test('deleted logs are in it by their ids, a hundred of them at most', async () => {
  const here = await world();
  const admin = await here.mint({ scopes: ['admin'], project_id: here.project });
  await here.post([{ id: 'gone', tool_name: 'tool' }]);
  const remove = (ids: readonly string[]): Promise<Response> =>
    here.ask('/api/mcp-logs', { method: 'DELETE', key: admin.key, body: { ids } });
  expect((await remove(['gone'])).status).toBe(200);
  const many = Array.from({ length: 150 }, (_, place) => `id-${place}`);
  expect((await remove(many)).status).toBe(200);
  const [last, first] = (await entries(here)).filter(({ actor }: Body) => actor === admin.id);
  const bounds = { project_id: here.project, workspace_ids: null, virtual_key_id: null };
  expect(first).toMatchObject({
    action: 'logs.deleted',
    target: 'gone',
    detail: { kind: 'tool_call', asked: 1, ids: ['gone'], ...bounds },
  });
  expect(last).toMatchObject({
    action: 'logs.deleted',
    target: null,
    detail: { kind: 'tool_call', asked: 150, ids: many.slice(0, 100), ...bounds },
  });
});

test('pages by cursor, the newest first, without gap or double while more is written', async () => {
  const here = await world();
  for (let place = 0; place < 5; place++) await here.mint({ scopes: ['read'] });
  const expected = (await entries(here)).map(({ number }: Body) => number);
  expect(expected).toEqual(expected.toSorted((one: number, other: number) => other - one));
  const walked: number[] = [];
  let cursor: string | null = null;
  do {
    const parameters: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await here.json(`${PATH}?limit=2${parameters}`, { key: here.adminKey });
    expect(page.entries.length).toBeLessThanOrEqual(2);
    walked.push(...page.entries.map(({ number }: Body) => number));
    cursor = page.next_cursor;
    await here.mint({ scopes: ['read'] });
  } while (cursor !== null);
  expect(walked).toEqual(expected);
});

test.for<[string, string]>([
  ['?limit=0', 'invalid_request'],
  ['?limit=x', 'invalid_request'],
  ['?cursor=x', 'invalid_cursor'],
  [`?cursor=${btoa('audit -1')}`, 'invalid_cursor'],
])('%s is refused', async ([parameters, code]) => {
  const here = await world();
  const answer = await here.ask(PATH + parameters, { key: here.adminKey });
  expect(answer.status).toBe(400);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(await answer.json()).toMatchObject({ code });
});

test('is for an unbounded admin alone', async () => {
  const here = await world();
  const bounded = await here.mint({ scopes: ['admin'], project_id: here.project });
  expect((await here.ask(PATH)).status).toBe(403);
  expect((await here.ask(PATH, { key: bounded.key })).status).toBe(403);
  expect((await here.ask(PATH, { key: null })).status).toBe(401);
  expect((await here.ask(PATH, { method: 'DELETE', key: here.adminKey })).status).toBe(405);
});

test.for([
  'UPDATE audit SET actor = NULL',
  "UPDATE audit SET detail = '{}' WHERE number = 1",
  'DELETE FROM audit',
  "INSERT OR REPLACE INTO audit (number, at, actor, action, detail) SELECT number, 0, '', '', '{}' FROM audit",
  "INSERT INTO audit (number, at, actor, action, detail) SELECT number, 0, '', '', '{}' FROM audit WHERE true ON CONFLICT (number) DO UPDATE SET at = 0",
])('the database itself refuses: %s', async (statement) => {
  const here = await world();
  const before = await entries(here);
  await expect(env.DB.prepare(statement).run()).rejects.toThrow('append-only');
  expect(await entries(here)).toEqual(before);
  expect(before.length).toBeGreaterThan(0);
});

test('a bounded admin mints, lists and revokes keys within its bounds alone', async () => {
  const here = await world();
  const other = await world();
  const { key } = await here.mint({ scopes: ['admin'], project_id: here.project });
  const mint = (fields: object): Promise<Response> =>
    here.ask('/v1/keys', { key, body: { name: 'a', scopes: ['read'], ...fields } });
  expect((await mint({ project_id: other.project })).status).toBe(403);
  const minted = await (await mint({})).json<Body>();
  expect(minted.project_id).toBe(here.project);
  const { keys } = await here.json('/v1/keys', { key });
  expect(keys.map((each: Body) => each.id)).toContain(minted.id);
  expect(new Set(keys.map((each: Body) => each.project_id))).toEqual(new Set([here.project]));
  const foreign = await other.mint({ scopes: ['read'], project_id: other.project });
  const unbound = await other.mint({ scopes: ['read'] });
  for (const { id } of [foreign, unbound])
    expect((await here.ask(`/v1/keys/${id}`, { method: 'DELETE', key })).status).toBe(404);
  expect((await here.ask('/api/mcp-logs', { key: foreign.key })).status).toBe(200);
  expect((await here.ask(`/v1/keys/${minted.id}`, { method: 'DELETE', key })).status).toBe(204);
});

test.for<[string, object, object, boolean]>([
  ['a workspace of its own', { workspace_ids: [1, 2] }, { workspace_ids: [2] }, true],
  ['its workspaces, unnamed', { workspace_ids: [1, 2] }, {}, true],
  ['another workspace beside its own', { workspace_ids: [1] }, { workspace_ids: [1, 2] }, false],
  ['its virtual key, unnamed', { virtual_key_id: 'v' }, {}, true],
  ['another virtual key', { virtual_key_id: 'v' }, { virtual_key_id: 'w' }, false],
])('to mint for %s', async ([, bounds, fields, isAllowed]) => {
  const here = await world();
  const ids = [crypto.randomUUID(), crypto.randomUUID()];
  const named = (given: { workspace_ids?: number[] }): object =>
    given.workspace_ids === undefined
      ? given
      : { ...given, workspace_ids: given.workspace_ids.map((place) => ids[place - 1]) };
  const { key } = await here.mint({ scopes: ['admin'], ...named(bounds) });
  const body = { name: 'a', scopes: ['read'], ...named(fields) };
  const answer = await here.ask('/v1/keys', { key, body });
  expect(answer.status).toBe(isAllowed ? 201 : 403);
  if (!isAllowed) return;
  const minted = await answer.json<Body>();
  expect(minted).toMatchObject({ ...named(bounds), ...named(fields) });
  const wider = await here.mint({ scopes: ['read'] });
  const elsewhere = { workspace_ids: [...ids, crypto.randomUUID()], virtual_key_id: 'elsewhere' };
  const beside = await here.mint({ scopes: ['read'], ...elsewhere });
  const { keys } = await here.json('/v1/keys', { key });
  const listed = keys.map((each: Body) => each.id);
  expect(listed).toContain(minted.id);
  for (const { id } of [wider, beside]) expect(listed).not.toContain(id);
});
