/** server-logs: every refusal, its status, its words and its place in the order (contracts/server-logs.md). */
import { createExecutionContext } from 'cloudflare:test';
import { describe, expect, test } from 'vitest';
import { serverLogs } from '../../src/dialects/server-logs/routes.ts';
import type { GateEnv } from '../../src/edge/env.ts';
import { createGate } from '../../src/edge/gate.ts';
import { StoreFailure, type EventReader } from '../../src/query/event-reader.ts';
import { ORIGIN, world, type Ask, type World } from '../world.ts';

function logsOf({ workspace }: World, query = '', server = 'echo'): string {
  return `/v1/workspaces/${workspace}/servers/${server}/logs${query}`;
}

/** A world in which `echo` has a line. */
async function worldWithLine(): Promise<World> {
  const here = await world();
  await here.post([{ server_id: 'echo', workspace_id: here.workspace, message: 'one' }]);
  return here;
}

async function answer({ ask }: World, path: string, asked?: Ask): Promise<unknown> {
  const response = await ask(path, asked);
  return { status: response.status, body: await response.json() };
}

function fault(name: string, input: string, type: string, msg: string, ctx?: object): unknown {
  return { type, loc: ['query', name], msg, input, ...(ctx === undefined ? {} : { ctx }) };
}

/** What one parameter at fault is answered. */
async function refusal(name: string, input: string): Promise<unknown> {
  const here = await worldWithLine();
  return answer(here, logsOf(here, `?${name}=${encodeURIComponent(input)}`));
}

/** What a page after this cursor is answered, and what a refused cursor is. */
async function after(here: World, query: string, cursor: string): Promise<[unknown, unknown]> {
  const given = await answer(here, logsOf(here, `${query}&cursor=${encodeURIComponent(cursor)}`));
  const detail = [fault('cursor', cursor, 'value_error', expect.stringMatching(/^Value error, /))];
  return [given, { status: 422, body: { detail } }];
}

/** Asks a gate whose store fails in a given way. */
async function failing(reason: StoreFailure['reason'], settings: GateEnv['Bindings']): Promise<Response> {
  const fail = (): never => {
    throw new StoreFailure(reason, 'no such table: secrets');
  };
  const reader = { exists: fail, page: fail } as unknown as EventReader;
  const gate = createGate(
    async (context, next) => {
      context.set('reader', reader);
      await next();
    },
    [serverLogs],
  );
  const headers = { authorization: 'Bearer the-admin-key', 'x-request-id': 'request-1' };
  const path = `/v1/workspaces/${crypto.randomUUID()}/servers/echo/logs`;
  return gate.fetch(new Request(`${ORIGIN}${path}`, { headers }), settings, createExecutionContext());
}

describe('401', () => {
  const cases: readonly [string, (here: World) => Ask][] = [
    ['no credential', () => ({ key: null })],
    ['an unknown key', () => ({ key: 'gl_unknown' })],
    ['another scheme', ({ key }) => ({ key: null, headers: { authorization: `Basic ${key}` } })],
    ['x-api-key', ({ key }) => ({ key: null, headers: { 'x-api-key': key } })],
    ['a cookie', ({ key }) => ({ key: null, headers: { cookie: `gatelog_session=${key}` } })],
  ];
  test.each(cases)('%s', async (_name, asked) => {
    const here = await world();
    const response = await here.ask(logsOf(here, '?limit=0'), asked(here));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(response.headers.get('x-request-id')).toBeTruthy();
    expect(await response.json()).toEqual({ detail: 'Not authenticated' });
  });

  test('a post of lines is refused in the same envelope', async () => {
    const here = await world();
    const refused = { status: 401, body: { detail: 'Not authenticated' } };
    expect(await answer(here, logsOf(here), { key: null, body: 'line' })).toEqual(refused);
  });
});

describe('403', () => {
  const denied = { status: 403, body: { detail: 'Access denied to workspace' } };

  test('a key of another workspace, whatever else is wrong', async () => {
    const here = await worldWithLine();
    const { key } = await here.mint({ scopes: ['read'], workspace_ids: [crypto.randomUUID()] });
    expect(await answer(here, logsOf(here), { key })).toEqual(denied);
    expect(await answer(here, logsOf(here, '?limit=0', 'nobody'), { key })).toEqual(denied);
    expect(await answer(here, logsOf({ ...here, workspace: 'x' }), { key })).toEqual(denied);
  });

  test('a key that may only post', async () => {
    const here = await worldWithLine();
    const { key } = await here.mint({ scopes: ['ingest'] });
    expect((await here.ask(logsOf(here), { key })).status).toBe(403);
  });
});

describe('404', () => {
  test('a workspace that is no UUID or was never seen, before bad parameters', async () => {
    const here = await worldWithLine();
    const unknown = crypto.randomUUID();
    for (const workspace of ['not-a-uuid', `x' OR 1=1 --`, '%', unknown])
      expect(
        await answer(
          here,
          logsOf({ ...here, workspace: encodeURIComponent(workspace) }, '?limit=0&cursor=x'),
        ),
      ).toEqual({ status: 404, body: { detail: `Workspace ${workspace} not found` } });
  });

  test('a server that was never seen, as it was sent, after bad parameters', async () => {
    const here = await worldWithLine();
    const unseen = { status: 404, body: { detail: 'Server ai.x/nobody not found or has no running pods' } };
    expect(await answer(here, logsOf(here, '', 'ai.x%2Fnobody'))).toEqual(unseen);
    expect(await answer(here, logsOf(here, '', 'ai.x/nobody'))).toEqual(unseen);
    expect((await here.ask(logsOf(here, '?limit=0', 'nobody'))).status).toBe(422);
    expect((await here.ask(logsOf(here, '', 'echo/'))).status).toBe(404);
  });

  test('a server of another workspace', async () => {
    const here = await worldWithLine();
    const elsewhere = crypto.randomUUID();
    await here.post([{ server_id: 'other', workspace_id: elsewhere, message: 'two' }]);
    expect((await here.ask(logsOf(here, '', 'other'))).status).toBe(404);
    expect((await here.ask(logsOf({ ...here, workspace: elsewhere }))).status).toBe(404);
  });

  test('a workspace is known to the key that names it, and by any event in it', async () => {
    const here = await world();
    const detail = 'Server echo not found or has no running pods';
    const { key } = await here.mint({ scopes: ['read'], workspace_ids: [here.workspace] });
    expect(await answer(here, logsOf(here), { key })).toEqual({ status: 404, body: { detail } });
    await here.post([{ tool_name: 'search_web', workspace_id: here.workspace }]);
    expect(await answer(here, logsOf(here))).toEqual({ status: 404, body: { detail } });
  });

  test('paths without a route', async () => {
    const here = await world();
    const { workspace } = here;
    for (const path of [`/${workspace}`, `/${workspace}/servers`, `/${workspace}/servers/logs`])
      expect(await answer(here, `/v1/workspaces${path}`)).toEqual({
        status: 404,
        body: { detail: 'Not Found' },
      });
  });
});

test.each(['PUT', 'PATCH', 'DELETE'])('405: %s', async (method) => {
  const here = await world();
  const response = await here.ask(logsOf(here), { method });
  expect(response.status).toBe(405);
  expect(response.headers.get('allow')).toBe('GET, HEAD, POST');
  expect(await response.json()).toEqual({ detail: 'Method Not Allowed' });
});

describe('422', () => {
  const levels = `'debug', 'info', 'warning', 'error' or 'critical'`;

  test.each(['0', '-5', '-0', '0.0'])('limit=%s is too small', async (input) => {
    const words = ['greater_than_equal', 'Input should be greater than or equal to 1', { ge: 1 }] as const;
    const body = { detail: [fault('limit', input, ...words)] };
    expect(await refusal('limit', input)).toEqual({ status: 422, body });
  });

  test.each(['1001', '1_001', '99999999999999999999999'])('limit=%s is too large', async (input) => {
    const words = ['less_than_equal', 'Input should be less than or equal to 1000', { le: 1000 }] as const;
    const body = { detail: [fault('limit', input, ...words)] };
    expect(await refusal('limit', input)).toEqual({ status: 422, body });
  });

  const noIntegers = [
    'abc',
    '',
    ' ',
    '10.5',
    '1e2',
    '0x10',
    '1__0',
    '_1',
    '10.',
    'NaN',
    '１０',
    '1 0',
    '1;--',
  ];
  test.each(noIntegers)('limit=%s is no integer', async (input) => {
    const msg = 'Input should be a valid integer, unable to parse string as an integer';
    const body = { detail: [fault('limit', input, 'int_parsing', msg)] };
    expect(await refusal('limit', input)).toEqual({ status: 422, body });
  });

  test.each(['1', '1000', ' 10 ', '10.0', '1_0', '%2B10', '010'])('limit=%s is a limit', async (input) => {
    const here = await worldWithLine();
    expect((await here.ask(logsOf(here, `?limit=${input}`))).status).toBe(200);
  });

  const noLevels = ['Error', 'WARNING', 'warn', 'fatal', '', 'error ', `error' OR 1=1`];
  test.each(noLevels)('level=%s', async (input) => {
    const body = {
      detail: [fault('level', input, 'enum', `Input should be ${levels}`, { expected: levels })],
    };
    expect(await refusal('level', input)).toEqual({ status: 422, body });
  });

  const extra = 'unexpected extra characters at the end of the input';
  const separator = 'invalid date separator, expected `-`';
  // The reasons are those of pydantic 2.13 for these texts.
  test.each([
    ['', 'input is too short'],
    ['yesterday', 'input is too short'],
    ['2024-1-1', 'input is too short'],
    ['1e9', 'input is too short'],
    ['1h30m', 'input is too short'],
    ['1.5h', 'input is too short'],
    ['15 M', 'input is too short'],
    ['1 year ago', 'invalid character in year'],
    ['not-a-date-at-all', 'invalid character in year'],
    [`' OR 1=1 --`, 'invalid character in year'],
    ['2024/01/01x', separator],
    ['20240101T100000Z', separator],
    ['2024-01x01', separator],
    ['2024-1x-01', 'invalid character in month'],
    ['2024-01-x1', 'invalid character in day'],
    ['2024-13-01', 'month value is outside expected range of 1-12'],
    ['2024-02-30', 'day value is outside expected range'],
    ['2023-02-29T00:00:00Z', 'day value is outside expected range'],
    ['2024-01-01T10', extra],
    ['2024-01-01Z', extra],
    ['2024-01-01T25:00:00Z', extra],
    ['2024-01-01T10:00:60Z', extra],
    ['2024-01-01T10:00:00.Z', extra],
    ['2024-01-01T10:00:00 Z', extra],
    ['2024-01-01T10:00:00+24:00', extra],
    ['1704067200000000', 'dates after 9999 are not supported as unix timestamps'],
    ['-999999999999999', 'dates before 0000 are not supported as unix timestamps'],
  ])('since and until %s', async (input, error) => {
    const here = await worldWithLine();
    const value = encodeURIComponent(input);
    const words = [
      'datetime_from_date_parsing',
      `Input should be a valid datetime or date, ${error}`,
      { error },
    ] as const;
    expect(await answer(here, logsOf(here, `?until=${value}&since=${value}`))).toEqual({
      status: 422,
      body: { detail: [fault('since', input, ...words), fault('until', input, ...words)] },
    });
  });

  test('all faults at once, in their order', async () => {
    const here = await worldWithLine();
    const { detail } = await here.json(logsOf(here, '?level=x&until=x&pod_name=&since=x&limit=x&cursor=x'));
    expect(detail.map((each: { loc: string[] }) => each.loc[1])).toEqual([
      'limit',
      'since',
      'until',
      'level',
    ]);
  });
});

describe('a cursor', () => {
  test.each(['x', `' OR 1=1`, '🙂', 'e30', 'A'.repeat(5000)])('that is none: %.20s', async (cursor) => {
    const [given, refused] = await after(await worldWithLine(), '?limit=1', cursor);
    expect(given).toEqual(refused);
  });

  test('of another query', async () => {
    const here = await worldWithLine();
    await here.post([
      { server_id: 'echo', workspace_id: here.workspace, message: 'two', level: 'error' },
      { server_id: 'other', workspace_id: here.workspace, message: 'three' },
    ]);
    const { next_cursor: cursor } = await here.json(logsOf(here, '?limit=1'));
    expect((await here.ask(logsOf(here, `?limit=5&cursor=${cursor}`))).status).toBe(200);
    for (const query of ['?level=error', '?since=1h', '?q=t', '?pod_name=p']) {
      const [given, refused] = await after(here, query, cursor);
      expect(given).toEqual(refused);
    }
    expect((await here.ask(logsOf(here, `?cursor=${cursor}`, 'other'))).status).toBe(422);
    expect((await here.ask(logsOf(here, `?cursor=${cursor}`), { key: here.adminKey })).status).toBe(422);
  });
});

describe('failures of the service', () => {
  test('500 names the request and nothing of the database', async () => {
    const response = await failing('failed', { ADMIN_KEY: 'the-admin-key' });
    expect(response.status).toBe(500);
    const detail = 'Error retrieving server logs: internal error (request request-1)';
    expect(await response.json()).toEqual({ detail });
  });

  test('503 while the database is busy, and without an admin key', async () => {
    const busy = await failing('busy', { ADMIN_KEY: 'the-admin-key' });
    expect(busy.status).toBe(503);
    expect(busy.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await busy.json()).toEqual({ detail: expect.any(String) });
    const bare = await failing('failed', {});
    expect(bare.status).toBe(503);
    expect(await bare.json()).toEqual({ detail: expect.stringContaining('ADMIN_KEY') });
  });
});
