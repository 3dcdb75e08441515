/** server-logs: the workspaces that a key may see, as ntcli asks for them (contracts/server-logs.md, "GET /v1/workspaces"). */
import { env } from 'cloudflare:workers';
import { SignJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { world, type Body } from '../world.ts';

const PATH = '/v1/workspaces';

function ids(body: Body): string[] {
  return body.workspaces.map((workspace: Body) => workspace.workspace_id);
}

function uuids(count: number): string[] {
  return Array.from({ length: count }, () => crypto.randomUUID()).toSorted();
}

test('has the keys of the contract, and the id for a name', async () => {
  const here = await world();
  const timestamp = '2026-02-03T04:05:06Z';
  await here.post([
    { server_id: 'echo', workspace_id: here.workspace, message: 'one', timestamp },
    { server_id: 'echo', workspace_id: here.workspace, message: 'two' },
  ]);
  const response = await here.ask(PATH);
  expect(response.status).toBe(200);
  expect(response.headers.get('server-timing')).toMatch(/^db;dur=/);
  expect(await response.json()).toEqual({
    workspaces: [
      {
        workspace_id: here.workspace,
        workspace_name: here.workspace,
        created: expect.stringMatching(/^2026-02-03T/),
      },
    ],
    user_id: expect.stringMatching(/^key_/),
    total: 1,
  });
});

test('is empty where nothing was seen', async () => {
  const here = await world();
  await here.post([{ tool_name: 'search' }]);
  expect(await here.json(PATH)).toMatchObject({ workspaces: [], total: 0 });
});

test('user_id tells who asks', async () => {
  const here = await world();
  const minted = await here.mint({ scopes: ['read'], project_id: here.project });
  expect((await here.json(PATH, { key: minted.key })).user_id).toBe(minted.id);
  expect((await here.json(PATH, { key: here.adminKey })).user_id).toBe('admin');
  const token = await new SignJWT({ iss: 'test', sub: 'ada', project_id: here.project })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(env.JWT_SECRET));
  expect((await here.json(PATH, { key: token })).user_id).toBe('jwt:test:ada');
});

test('a workspace is known by an event of any kind, and told once', async () => {
  const here = await world();
  const [one = '', two = '', three = ''] = uuids(3);
  await here.post([
    { server_id: 'echo', workspace_id: one, message: 'one' },
    { server_id: 'echo', workspace_id: one, message: 'two' },
    { tool_name: 'search', workspace_id: two },
    { tool_name: 'search', workspace_id: one, status: 'processing' },
    { model: 'gpt-4o', provider: 'openai', status: 200, workspace_id: three.toUpperCase() },
    { model: 'gpt-4o', provider: 'openai', status: 200 },
  ]);
  const body = await here.json(PATH);
  expect([ids(body), body.total]).toEqual([[one, two, three], 3]);
});

test('lists a thousand at most: those of the most events', async () => {
  const here = await world();
  const [rare = '', ...busy] = uuids(1001);
  const event = (workspace: string): Body => ({ tool_name: 'search', workspace_id: workspace });
  await here.post([rare, ...busy, ...busy].map(event));
  const body = await here.json(PATH);
  expect(body.total).toBe(1000);
  expect(ids(body)).toEqual(busy);
});

describe('bounds', () => {
  test('a key bound to workspaces sees exactly those, seen or not', async () => {
    const here = await world();
    const [one = '', two = ''] = uuids(2);
    await here.post([
      { server_id: 'echo', workspace_id: one, message: 'one' },
      { server_id: 'echo', workspace_id: here.workspace, message: 'one' },
    ]);
    const bounds = { workspace_ids: [two.toUpperCase(), one, two] };
    const { key } = await here.mint({ scopes: ['read'], ...bounds });
    const body = await here.json(PATH, { key });
    expect([ids(body), body.total]).toEqual([[one, two], 2]);
  });

  test('a key bound to a project or a virtual key sees the workspaces of its own events', async () => {
    const mine = await world();
    const theirs = await world();
    const virtualKey = `vk-${crypto.randomUUID()}`;
    const [one = '', two = '', three = ''] = uuids(3);
    await mine.post([
      { tool_name: 'search', workspace_id: one, virtual_key_id: virtualKey },
      { tool_name: 'search', workspace_id: two },
    ]);
    await theirs.post([{ tool_name: 'search', workspace_id: three }]);
    expect(ids(await mine.json(PATH))).toEqual([one, two]);
    const { key } = await mine.mint({ scopes: ['read'], virtual_key_id: virtualKey });
    expect(ids(await mine.json(PATH, { key }))).toEqual([one]);
    expect(ids(await theirs.json(PATH))).toEqual([three]);
  });

  test('whoever is told of a workspace may read its logs', async () => {
    const here = await world();
    const timestamp = '2026-02-03T04:05:06Z';
    await here.post([
      { server_id: 'echo', workspace_id: here.workspace, message: 'one', timestamp },
      { server_id: 'echo', workspace_id: here.workspace, message: 'two' },
    ]);
    for (const id of ids(await here.json(PATH)))
      expect((await here.ask(`${PATH}/${id}/servers/echo/logs`)).status).toBe(200);
  });
});

describe('refusals', () => {
  test.each<[string, Body]>([
    ['nothing', { key: null }],
    ['a wrong key', { key: 'gl_wrong' }],
    ['a key that is no bearer', { key: null, headers: { 'x-api-key': 'test-admin-key' } }],
  ])('401 for %s', async (_name, asked) => {
    const here = await world();
    const response = await here.ask(PATH, asked);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toEqual({ detail: 'Not authenticated' });
  });

  test('403 without the scope read', async () => {
    const here = await world();
    const { key } = await here.mint({ scopes: ['ingest'], project_id: here.project });
    const response = await here.ask(PATH, { key });
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({ detail: expect.stringContaining('read') });
  });

  test('404 below it, 405 for another method', async () => {
    const here = await world();
    expect(await here.json(`${PATH}/${here.workspace}`)).toEqual({ detail: 'Not Found' });
    const response = await here.ask(PATH, { method: 'POST', body: {} });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await response.json()).toEqual({ detail: 'Method Not Allowed' });
  });

  test('HEAD answers as GET does, without a body', async () => {
    const here = await world();
    const response = await here.ask(PATH, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});
