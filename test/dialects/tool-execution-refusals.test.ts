/** tool-execution: who may read what, and every refusal in Composio's envelope (contracts/tool-execution.md). */
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { toolExecution } from '../../src/dialects/tool-execution/routes.ts';
import { createGate } from '../../src/edge/gate.ts';
import { StoreFailure, type EventReader } from '../../src/query/event-reader.ts';
import { ORIGIN, world, type Ask, type Body, type World } from '../world.ts';

const PATH = '/api/v3.1/logs/tool_execution';

/** Asks, and expects the envelope: seven keys at most, the texts not empty, the id that of the header. */
async function refused({ ask }: World, path: string, asked: Ask): Promise<Body> {
  const response = await ask(path, asked);
  const { error } = await response.json<Body>();
  const { message, code, slug, status, request_id, suggested_fix, errors, ...rest } = error;
  expect(rest).toEqual({});
  expect(message).toEqual(expect.stringMatching(/./));
  expect(suggested_fix).toEqual(expect.stringMatching(/./));
  expect(status).toBe(response.status);
  expect(request_id).toBe(response.headers.get('x-request-id'));
  return { message, code, slug, status, ...(errors === undefined ? {} : { errors }) };
}

async function cookieOf({ ask, key }: World): Promise<string> {
  const response = await ask('/v1/session', { key: null, body: { key } });
  return (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

const everywhere: readonly [string, Ask][] = [
  [PATH, { body: {} }],
  [`${PATH}/any`, {}],
  [PATH.replace('v3.1', 'v3'), { body: {} }],
];

describe('a credential', () => {
  const carriers: readonly [
    string,
    (here: World) => Promise<Record<string, string>> | Record<string, string>,
  ][] = [
    ['x-api-key', ({ key }) => ({ 'x-api-key': key })],
    ['a bearer token', ({ key }) => ({ authorization: `Bearer ${key}` })],
    ['a session cookie', async (here) => ({ cookie: await cookieOf(here) })],
    ['the same key twice', ({ key }) => ({ 'x-api-key': key, authorization: `Bearer ${key}` })],
  ];
  test.each(carriers)('may come as %s', async (_name, headersOf) => {
    const here = await world();
    await here.post([{ id: 'one', tool_name: 'search' }]);
    const headers = await headersOf(here);
    const { logs } = await here.json(PATH, { key: null, headers, body: {} });
    expect(logs.map((log: Body) => log.id)).toEqual(['one']);
    expect((await here.json(`${PATH}/one`, { key: null, headers })).id).toBe('one');
  });

  test('is required', async () => {
    const here = await world();
    const unauthenticated = {
      status: 401,
      code: 906,
      slug: 'Auth_NoAuthProvided',
      message: 'No API key provided',
    };
    for (const [path, asked] of everywhere)
      expect(await refused(here, path, { ...asked, key: null })).toEqual(unauthenticated);
    expect(await refused(here, '/api/v3/logs/nothing', { key: null })).toEqual(unauthenticated);
  });

  test('that is unknown or was revoked is shown masked', async () => {
    const here = await world();
    const invalid = { status: 401, code: 801, slug: 'APIKey_InvalidAPIKey' };
    const headers = { 'x-api-key': 'ak_0123456789abcdefghij' };
    for (const [path, asked] of everywhere)
      expect(await refused(here, path, { ...asked, key: null, headers })).toEqual({
        ...invalid,
        message: 'Invalid API key: ak_0***',
      });
    const { id, key } = await here.mint({ scopes: ['read'] });
    await here.ask(`/v1/keys/${id}`, { method: 'DELETE', key: here.adminKey });
    expect(await refused(here, PATH, { key, body: {} })).toMatchObject(invalid);
    const cookie = { key: null, headers: { cookie: 'gatelog_session=forged' }, body: {} };
    expect(await refused(here, PATH, cookie)).toMatchObject(invalid);
  });

  test('that has expired says so', async () => {
    const here = await world();
    const { key } = await here.mint({ scopes: ['read'], expires_at: Date.now() - 1000 });
    expect(await refused(here, PATH, { key, body: {} })).toMatchObject({
      status: 401,
      code: 811,
      slug: 'APIKey_APIKeyExpired',
    });
  });

  test('must not differ from another beside it', async () => {
    const here = await world();
    const { key: other } = await here.mint({ scopes: ['read'], project_id: here.project });
    const both = [
      { authorization: `Bearer ${here.key}`, 'x-api-key': other },
      { cookie: await cookieOf(here), 'x-api-key': other },
      { cookie: await cookieOf(here), authorization: `Bearer ${other}` },
    ];
    for (const headers of both)
      expect((await refused(here, PATH, { key: null, headers, body: {} })).status).toBe(401);
    const withInvalid = { authorization: `Bearer ${here.key}`, 'x-api-key': 'unknown' };
    expect((await refused(here, PATH, { key: null, headers: withInvalid, body: {} })).code).toBe(801);
  });

  test('needs the scope read', async () => {
    const here = await world();
    const { key } = await here.mint({ scopes: ['ingest'], project_id: here.project });
    for (const [path, asked] of everywhere)
      expect(await refused(here, path, { ...asked, key })).toMatchObject({
        status: 403,
        code: 812,
        slug: 'APIKey_InsufficientPermissions',
      });
  });

  test('in a cookie works from its own origin alone', async () => {
    const here = await world();
    const headers = { cookie: await cookieOf(here), origin: 'https://evil.test' };
    expect((await refused(here, PATH, { key: null, headers, body: {} })).status).toBe(403);
    const own = { ...headers, origin: ORIGIN };
    expect((await here.ask(PATH, { key: null, headers: own, body: {} })).status).toBe(200);
  });

  test('sees nothing outside its bounds', async () => {
    const [here, there] = [await world(), await world()];
    await here.post([
      { id: 'one', tool_name: 'search', user_id: 'u', workspace_id: here.workspace, virtual_key_id: 'vk' },
    ]);
    const project_id = here.project;
    const outside = [
      there.key,
      (await here.mint({ scopes: ['read'], project_id, workspace_ids: [there.workspace] })).key,
      (await here.mint({ scopes: ['read'], project_id, virtual_key_id: 'vk-2' })).key,
    ];
    const inside = (
      await here.mint({ scopes: ['read'], project_id, workspace_ids: [here.workspace], virtual_key_id: 'vk' })
    ).key;
    const bodies = ['log_id', 'user_id'].flatMap((field) =>
      ['==', '!=', 'contains', 'not_contains'].map((operator) => ({
        filters: [{ field, operator, value: field === 'log_id' ? 'one' : 'u' }],
      })),
    );
    for (const key of outside) {
      for (const body of [{}, ...bodies]) expect((await here.json(PATH, { key, body })).logs).toEqual([]);
      expect((await refused(here, `${PATH}/one`, { key })).status).toBe(404);
    }
    expect((await here.json(PATH, { key: inside, body: {} })).logs).toHaveLength(1);
    expect((await here.ask(`${PATH}/one`, { key: inside })).status).toBe(200);
  });
});

describe('400', () => {
  const filter = { field: 'user_id', operator: '==', value: 'u' };
  const faults: readonly [Body, ...RegExp[]][] = [
    [{ limit: 0 }, /^limit: .*1/],
    [{ limit: -5 }, /^limit: /],
    [{ limit: 1.5 }, /^limit: .*integer/],
    [{ limit: 100.5 }, /^limit: /],
    [{ limit: '20' }, /^limit: /],
    [{ limit: null }, /^limit: /],
    ['{"limit":1e999}', /^limit: /],
    [{ cursor: 5 }, /^cursor: /],
    [{ filters: {} }, /^filters: .*array/],
    [{ filters: ['x'] }, /^filters\.0: /],
    [{ filters: Array.from({ length: 21 }, () => filter) }, /^filters: .*20/],
    [
      { filters: [{ ...filter, field: 'tool_name' }] },
      /^filters\.0\.field: .*tool_slug.*toolkit_slug.*log_id/,
    ],
    [{ filters: [{ ...filter, field: 'constructor' }] }, /^filters\.0\.field: /],
    [
      { filters: [filter, { ...filter, operator: '=' }] },
      /^filters\.1\.operator: .*==.*!=.*contains.*not_contains/,
    ],
    [{ filters: [{ ...filter, value: 5 }] }, /^filters\.0\.value: .*string/],
    [{ filters: [{ ...filter, value: 'x'.repeat(1025) }] }, /^filters\.0\.value: .*1024/],
    [{ filters: [{}] }, /^filters\.0\.field: /, /^filters\.0\.operator: /, /^filters\.0\.value: /],
    [{ time_range: 5 }, /^time_range: /],
    [{ time_range: null }, /^time_range: /],
    [{ time_range: { from: 1 } }, /^time_range\.to: /],
    [{ time_range: { to: 1 } }, /^time_range\.from: /],
    [{ time_range: { from: '2026-01-01T00:00:00Z', to: null } }, /^time_range\.from: /, /^time_range\.to: /],
    [{ case_sensitive: 'no' }, /^case_sensitive: /],
    [{ limit: 0, cursor: 5, case_sensitive: 1 }, /^limit: /, /^cursor: /, /^case_sensitive: /],
    ['[]', /^body: .*object/],
    ['"text"', /^body: .*object/],
    ['{"limit":', /^body: .*JSON/],
  ];
  test.each(faults)('%j', async (body, ...expected) => {
    const here = await world();
    const { errors, ...rest } = await refused(here, PATH, { body });
    expect(rest).toMatchObject({ status: 400, code: 10400, slug: 'HTTP_BadRequest' });
    expect(errors).toEqual(expected.map((fault) => expect.stringMatching(fault)));
  });

  test('a cursor that is none, or another list’s', async () => {
    const here = await world();
    await here.post(Array.from({ length: 3 }, () => ({ tool_name: 'search', user_id: 'u' })));
    const { next_cursor: cursor } = await here.json(PATH, { body: { limit: 1 } });
    const { key: other } = await here.mint({ scopes: ['read'] });
    const mcp = await here.json('/api/mcp-logs?limit=1');
    const cases: readonly Ask[] = [
      { body: { cursor: 'eyJwYWdlIjoyfQ==' } },
      { body: { cursor: '' } },
      { body: { cursor: '\0😀' } },
      { body: { cursor: 'x'.repeat(100_000) } },
      { body: { cursor: mcp.pagination.next_cursor } },
      { body: { cursor, filters: [filter] } },
      { body: { cursor, time_range: { from: 0, to: Date.now() * 2 } } },
      { body: { cursor }, key: other },
    ];
    for (const asked of cases)
      expect(await refused(here, PATH, asked)).toEqual({
        status: 400,
        code: 10400,
        slug: 'HTTP_BadRequest',
        message: expect.stringMatching(/^cursor: /),
        errors: [expect.stringMatching(/^cursor: /)],
      });
    expect((await here.ask(PATH, { body: { cursor, limit: 2 } })).status).toBe(200);
  });
});

describe('another refusal', () => {
  test('404 for an unknown log and for an unknown path', async () => {
    const here = await world();
    const notFound = { status: 404, code: 10404, slug: 'HTTP_NotFound' };
    for (const path of [`${PATH}/none`, `${PATH}/%`, '/api/v3.1/logs', '/api/v3/logs/other', `${PATH}/a/b`])
      expect(await refused(here, path, {})).toMatchObject(notFound);
  });

  test('405 for another method, with those that work', async () => {
    const here = await world();
    const notAllowed = { status: 405, code: 10405, slug: 'HTTP_MethodNotAllowed' };
    for (const [path, method, allow] of [
      [PATH, 'GET', 'POST'],
      [PATH, 'DELETE', 'POST'],
      [`${PATH}/one`, 'POST', 'GET, HEAD'],
      [`${PATH}/one`, 'PATCH', 'GET, HEAD'],
    ] as const) {
      expect(await refused(here, path, { method })).toMatchObject(notAllowed);
      expect((await here.ask(path, { method })).headers.get('allow')).toBe(allow);
    }
    expect((await here.ask(PATH, { method: 'HEAD' })).status).toBe(405);
  });

  test('413 and 415 for a body that is too large or strangely packed', async () => {
    const here = await world();
    expect(await refused(here, PATH, { body: { x: 'x'.repeat(1024 * 1024) } })).toMatchObject({
      status: 413,
      code: 10413,
      slug: 'HTTP_PayloadTooLarge',
    });
    expect(await refused(here, PATH, { body: '{}', headers: { 'content-encoding': 'br' } })).toMatchObject({
      status: 415,
      code: 10415,
      slug: 'HTTP_UnsupportedMediaType',
    });
  });

  test.each([
    ['busy', 503, 10503, 'HTTP_ServiceUnavailable'],
    ['failed', 500, 10500, 'HTTP_InternalServerError'],
  ] as const)('a store that is %s is %i, and tells nothing of itself', async (reason, status, code, slug) => {
    const page = (): Promise<never> => Promise.reject(new StoreFailure(reason, 'secret SQL'));
    const gate = createGate(
      async (context, next) => {
        context.set('reader', { page } as unknown as EventReader);
        await next();
      },
      [toolExecution],
    );
    const headers = { 'x-api-key': env.ADMIN_KEY };
    for (const [path, method] of [
      [PATH, 'POST'],
      [`${PATH}/any`, 'GET'],
    ] as const) {
      const response = await gate.request(
        `${ORIGIN}${path}`,
        { method, headers },
        { ADMIN_KEY: env.ADMIN_KEY },
      );
      const text = await response.text();
      expect(response.headers.get('retry-after')).toBe(status === 503 ? '2' : null);
      expect(JSON.parse(text).error).toMatchObject({ status, code, slug });
      expect(text).not.toContain('secret');
    }
  });

  test('503 before the service is configured', async () => {
    const gate = createGate((_context, next) => next(), [toolExecution]);
    const response = await gate.request(`${ORIGIN}${PATH}`, { method: 'POST' }, {});
    expect(response.status).toBe(503);
    expect((await response.json<Body>()).error).toMatchObject({ status: 503, code: 10503 });
  });
});
