/** Retention through the front door: what may be set and by whom, the cron, and an archive that is posted back. */
import { createScheduledController } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Bindings } from '../../src/app.ts';
import gatelog from '../../src/index.ts';
import { world, type Ask, type Body, type World } from '../world.ts';

const DAY = 86_400_000;

const put = (here: World, body: unknown, ask: Ask = {}): Promise<Response> =>
  here.ask('/v1/retention', { method: 'PUT', key: here.adminKey, body, ...ask });

const set = async (here: World, body: unknown): Promise<Body> => (await put(here, body)).json();

/** What the cron does, in a deployment with or without an archive, and with these settings. */
async function cron(settings: Record<string, unknown> = {}, time = Date.now()): Promise<void> {
  const bindings = { ...env, ARCHIVE: undefined, ...settings } as unknown as Bindings;
  const controller = createScheduledController({ scheduledTime: new Date(time), cron: '*/15 * * * *' });
  await gatelog.scheduled(controller, bindings);
}

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM retention').run();
  await cron();
});

describe('what is set', () => {
  test('the defaults are in force where nothing is set', async () => {
    const here = await world();
    const { retention } = await here.json('/v1/retention', { key: here.adminKey });
    const open = { project_id: null, payload_days: null, row_days: null };
    expect(retention).toEqual([
      { kind: 'tool_call', ...open, in_force: { payload_days: 30, row_days: 365 } },
      { kind: 'request', ...open, in_force: { payload_days: 30, row_days: 365 } },
      { kind: 'server_log', ...open, in_force: { payload_days: 30, row_days: 30 } },
    ]);
  });

  test('a project follows its kind where it says nothing, and null gives it back', async () => {
    const here = await world();
    const project_id = here.project;
    expect(await set(here, { kind: 'request', row_days: 90 })).toEqual({
      kind: 'request',
      project_id: null,
      payload_days: null,
      row_days: 90,
      in_force: { payload_days: 30, row_days: 90 },
    });
    const own = await set(here, { kind: 'request', project_id, payload_days: 0 });
    expect(own).toEqual({
      kind: 'request',
      project_id,
      payload_days: 0,
      row_days: null,
      in_force: { payload_days: 0, row_days: 90 },
    });
    expect((await here.json('/v1/retention', { key: here.adminKey })).retention).toContainEqual(own);
    await set(here, { kind: 'request', project_id, payload_days: null, row_days: null });
    const { retention } = await here.json('/v1/retention', { key: here.adminKey });
    expect(retention.length).toBe(3);
  });

  test.each([
    [{ kind: 'span', row_days: 1 }, 'kind: must be one of tool_call, request, server_log'],
    [{ row_days: 1 }, 'kind: must be one of tool_call, request, server_log'],
    [
      { kind: 'request', row_days: 0 },
      'row_days: must be a whole number of days from 1 to 3650, or null for the default',
    ],
    [
      { kind: 'request', payload_days: 3651 },
      'payload_days: must be a whole number of days from 0 to 3650, or null for the default',
    ],
    [
      { kind: 'request', payload_days: 1.5 },
      'payload_days: must be a whole number of days from 0 to 3650, or null for the default',
    ],
    [
      { kind: 'request', row_days: '30' },
      'row_days: must be a whole number of days from 1 to 3650, or null for the default',
    ],
    [
      { kind: 'request', project_id: '', row_days: 30 },
      'project_id: must not be empty; leave it out for all projects',
    ],
  ])('%j is refused by name', async (body, said) => {
    const here = await world();
    const response = await put(here, body);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect((await response.json<Body>()).errors).toEqual([said]);
  });

  test('an unknown field is refused, so that a slip of the pen deletes nothing', async () => {
    const here = await world();
    expect((await put(here, { kind: 'request', days: 1 })).status).toBe(400);
  });

  test('more projects than a run can look after are refused', async () => {
    const here = await world();
    const rows = Array.from({ length: 100 }, (_, place) => `('request', 'other-${place}', 1, 1)`);
    await env.DB.prepare(`INSERT INTO retention VALUES ${rows.join(', ')}`).run();
    const refused = await put(here, { kind: 'request', project_id: here.project, row_days: 1 });
    expect(refused.status).toBe(409);
    expect((await refused.json<Body>()).parameter).toBe('project_id');
    expect((await put(here, { kind: 'request', project_id: 'other-7', row_days: 2 })).status).toBe(200);
    expect((await put(here, { kind: 'tool_call', project_id: here.project, row_days: 2 })).status).toBe(200);
    const { entries } = await here.json('/v1/audit?limit=3', { key: here.adminKey });
    expect(entries.map((entry: Body) => entry.target)).toEqual([here.project, 'other-7', expect.anything()]);
  });
});

describe('who may set it', () => {
  test('admins alone, and each change is in the audit log', async () => {
    const here = await world();
    expect((await here.ask('/v1/retention')).status).toBe(403);
    expect((await put(here, { kind: 'request', row_days: 9 }, { key: here.key })).status).toBe(403);
    expect((await put(here, { kind: 'request', row_days: 9 }, { key: null })).status).toBe(401);
    await set(here, { kind: 'request', project_id: here.project, row_days: 9 });
    const { entries } = await here.json('/v1/audit?limit=1', { key: here.adminKey });
    expect(entries[0]).toMatchObject({
      actor: 'admin',
      action: 'retention.changed',
      target: here.project,
      detail: { kind: 'request', project_id: here.project, payload_days: null, row_days: 9 },
    });
  });

  test('an admin of one project sets and sees that project alone', async () => {
    const [here, other] = [await world(), await world()];
    const { key } = await here.mint({ scopes: ['admin'], project_id: here.project });
    await set(here, { kind: 'request', project_id: other.project, row_days: 9 });
    const own = await put(here, { kind: 'request', row_days: 7 }, { key });
    expect(await own.json()).toMatchObject({ project_id: here.project, row_days: 7 });
    const foreign = await put(here, { kind: 'request', project_id: other.project, row_days: 1 }, { key });
    expect(foreign.status).toBe(403);
    const { retention } = await here.json('/v1/retention', { key });
    expect(retention.map((each: Body) => each.project_id)).toEqual([null, null, null, here.project]);
  });

  test('an admin of a part of a project sets nothing', async () => {
    const here = await world();
    const { key } = await here.mint({
      scopes: ['admin'],
      project_id: here.project,
      workspace_ids: [here.workspace],
    });
    expect((await put(here, { kind: 'request', row_days: 7 }, { key })).status).toBe(403);
    expect((await here.ask('/v1/retention', { key })).status).toBe(403);
  });
});

describe('the cron', () => {
  const old = (days: number): string => new Date(Date.now() - days * DAY).toISOString();

  test('removes rows and clears payloads at their age, by the variables and by what is set', async () => {
    const here = await world();
    const events = [20, 40, 80].map((days) => ({
      id: `call-${days}`,
      tool_name: 'search',
      timestamp: old(days),
      arguments: { query: `weather ${days}` },
      result: 'sunny',
      metadata: { tag: 'x' },
      error: 'boom',
    }));
    const lines = [20, 40].map((days) => ({
      id: `line-${days}`,
      server_id: 'echo',
      workspace_id: here.workspace,
      message: 'up',
      timestamp: old(days),
    }));
    await here.post([...events, ...lines]);
    await cron({ RETENTION_ROW_DAYS: '60' });
    const { logs, pagination } = await here.json('/api/mcp-logs');
    expect(logs.map((log: Body) => log.id)).toEqual(['call-20', 'call-40']);
    expect(pagination.total_count).toBe(2);
    expect(logs[0]).toMatchObject({ arguments: { query: 'weather 20' }, result: 'sunny' });
    const cleared = await here.json('/api/mcp-logs/call-40');
    expect(cleared.arguments ?? null).toBeNull();
    expect(cleared.result ?? null).toBeNull();
    expect(cleared.metadata ?? null).toBeNull();
    expect(cleared.error_details.error.message).toBe('boom');
    const found = async (text: string): Promise<readonly string[]> =>
      (await here.json(`/api/mcp-logs?content_search=${text}`)).logs.map((log: Body) => log.id);
    expect(await found('weather')).toEqual(['call-20']);
    expect(await found('boom')).toEqual(['call-20', 'call-40']);
    // What no search may find is not in the index either.
    const indexed = `SELECT rowid FROM tool_call_texts WHERE tool_call_texts MATCH '"wea"'`;
    expect((await env.DB.prepare(indexed).all()).results.length).toBe(1);
    const shown = await here.json(`/v1/workspaces/${here.workspace}/servers/echo/logs`);
    expect(shown.logs.length).toBe(1);
    await set(here, { kind: 'tool_call', project_id: here.project, payload_days: 0, row_days: 30 });
    await cron();
    const rest = await here.json('/api/mcp-logs');
    expect(rest.logs.map((log: Body) => [log.id, log.arguments ?? null])).toEqual([['call-20', null]]);
    expect(rest.stats.total_executions).toBe(1);
  });

  test('a variable that is no number of days stops the run and deletes nothing', async () => {
    const here = await world();
    await here.post([{ id: 'old', tool_name: 'search', timestamp: old(4000) }]);
    const wrong = cron({ RETENTION_ROW_DAYS: 'a year' });
    await expect(wrong).rejects.toThrow('RETENTION_ROW_DAYS: must be a number of days from 1 to 3650');
    expect((await here.ask('/api/mcp-logs/old')).status).toBe(200);
  });

  test('what was archived can be posted again, and then it is all there again', async () => {
    const here = await world();
    await here.post([
      { id: 'c1', tool_name: 'search', timestamp: old(400), arguments: ['é'], result: 'sunny', cost: 0.5 },
      { id: 'c2', tool_name: 'search', timestamp: old(400), error: { type: 'timeout', message: 'slow' } },
      { id: 'c3', tool_name: 'search', timestamp: old(400), status: 'processing', metadata: { a: [1] } },
      { id: 'r1', model: 'm', provider: 'p', status: 500, timestamp: old(400), error: 'no', input_tokens: 3 },
      {
        id: 'l1',
        server_id: 'echo',
        workspace_id: here.workspace,
        line: `${old(400)} ERROR boom`,
        pod_name: 'p',
      },
    ]);
    const paths = ['/api/mcp-logs', '/v1/requests', `/v1/workspaces/${here.workspace}/servers/echo/logs`];
    const read = async (): Promise<readonly string[]> => {
      const pages = await Promise.all(paths.map((path) => here.json(path)));
      return pages.map((page) => JSON.stringify(page.logs ?? page.requests ?? page.data, withoutReceipt));
    };
    const before = await read();
    await cron({ ARCHIVE: env.ARCHIVE });
    expect((await here.json('/api/mcp-logs')).logs).toEqual([]);
    const { objects } = await env.ARCHIVE.list();
    const names = objects.map(({ key }) => key);
    expect(names.length).toBe(3);
    for (const name of names)
      expect(name).toMatch(
        /^(tool_call|request|server_log)\/\d{4}\/\d\d\/\d\d\/\d\d\/\d+-\d+-[0-9a-f]{16}\.jsonl\.gz$/,
      );
    for (const name of names) {
      const packed = new Uint8Array(await new Response((await env.ARCHIVE.get(name))?.body).arrayBuffer());
      const headers = { 'content-encoding': 'gzip', 'content-type': 'application/x-ndjson' };
      const receipt = await here.json('/v1/events?wait=true', { body: packed, headers });
      expect(receipt.rejected).toEqual([]);
    }
    expect(await read()).toEqual(before);
  });
});

/** The time of receipt is the only thing that an archive does not bring back. */
function withoutReceipt(name: string, value: unknown): unknown {
  return name === 'created_at' ? undefined : value;
}
