/** tool-execution: lists, filters, walks and single logs, as clients see them (contracts/tool-execution.md). */
import { describe, expect, test } from 'vitest';
import { world, type Body, type World } from '../world.ts';

const PATH = '/api/v3.1/logs/tool_execution';
const TIME = 1_776_421_500_000;

/** A call with what the document's example has, and these fields. */
function toolCall(fields: Body = {}): Body {
  return { tool_name: 'GMAIL_SEND_EMAIL', server_label: 'gmail', timestamp: TIME, ...fields };
}

async function listed(here: World, body: Body = {}): Promise<string[]> {
  const answer = await here.json(PATH, { body });
  return answer.logs.map((log: Body) => log.id);
}

/** A log as its list shows it, which its detail repeats. */
async function rowOf(here: World, id: string): Promise<Body> {
  const { logs } = await here.json(PATH, {
    body: { filters: [{ field: 'log_id', operator: '==', value: id }] },
  });
  expect(logs).toHaveLength(1);
  expect(await here.json(`${PATH}/${id}`)).toMatchObject(logs[0]);
  return logs[0];
}

/** Follows the cursors of a list to its end, and gives the ids on its way. */
async function walked(here: World, body: Body, between: () => Promise<void>): Promise<string[]> {
  const seen: string[] = [];
  for (let cursor: string | null = null; ;) {
    const page: Body = await here.json(PATH, { body: { ...body, cursor } });
    seen.push(...page.logs.map((log: Body) => log.id));
    cursor = page.next_cursor;
    if (cursor === null) return seen;
    expect(page.logs).toHaveLength(body.limit);
    await between();
  }
}

describe('a row', () => {
  test('of a failed call has the shape of the document', async () => {
    const here = await world();
    await here.post([
      toolCall({
        id: 'log_-jRTWClpBoVo',
        error: { message: 'invalid recipient' },
        latency_ms: 202,
        user_id: 'user_abc123',
        connected_account_id: 'ca_1',
        auth_config_id: 'ac_1',
        session_id: 'trs_1',
        parent: { log_id: 'log_parent', tool_slug: 'COMPOSIO_MULTI_EXECUTE_TOOL', more: 1 },
        metadata: { region: 'eu', tool_slug: 'hidden', tool: 'hidden', toolkit: 1, user_id: 'hidden' },
      }),
    ]);
    expect(await here.json(PATH, { body: {} })).toEqual({
      logs: [
        {
          id: 'log_-jRTWClpBoVo',
          timestamp: '2026-04-17T10:25:00.000Z',
          type: 'tool.execution',
          status: 'failed',
          level: 'error',
          message: 'GMAIL_SEND_EMAIL failed: invalid recipient',
          metadata: {
            region: 'eu',
            tool: { slug: 'GMAIL_SEND_EMAIL' },
            tool_slug: 'GMAIL_SEND_EMAIL',
            toolkit: { slug: 'gmail' },
            toolkit_slug: 'gmail',
            user_id: 'user_abc123',
            connected_account_id: 'ca_1',
            auth_config_id: 'ac_1',
            session_id: 'trs_1',
          },
          metrics: { duration_ms: 202 },
          parent: { log_id: 'log_parent', tool_slug: 'COMPOSIO_MULTI_EXECUTE_TOOL' },
        },
      ],
      next_cursor: null,
    });
  });

  test('of a bare call has no key that is not known', async () => {
    const here = await world();
    await here.post([{ id: 'bare', tool_name: 'search', timestamp: TIME + 7 }]);
    expect(await rowOf(here, 'bare')).toEqual({
      id: 'bare',
      timestamp: '2026-04-17T10:25:00.007Z',
      type: 'tool.execution',
      status: 'success',
      level: 'info',
      metadata: { tool: { slug: 'search' }, tool_slug: 'search' },
      metrics: {},
      parent: null,
    });
  });

  test.each([
    ['debug', 'info'],
    ['info', 'info'],
    ['warning', 'warn'],
    ['error', 'error'],
    ['critical', 'error'],
  ])('of an event of level %s has level %s, whatever its status', async (level, shown) => {
    const here = await world();
    await here.post([toolCall({ id: 'ok', level }), toolCall({ id: 'no', level, error: 'x' })]);
    expect(await rowOf(here, 'ok')).toMatchObject({ status: 'success', level: shown });
    expect(await rowOf(here, 'no')).toMatchObject({ status: 'failed', level: shown });
  });

  test.each([
    [{ message: 'sent' }, 'sent'],
    [{ message: 'sent', error: 'refused' }, 'sent'],
    [{ error: 'refused' }, 'GMAIL_SEND_EMAIL failed: refused'],
    [
      { result: { isError: true, content: [{ type: 'text', text: 'MCP error -32602: no' }] } },
      'GMAIL_SEND_EMAIL failed: MCP error -32602: no',
    ],
    [{ status: 'error' }, undefined],
    [{ status: 'error', error: { code: 'E1' } }, undefined],
    [{}, undefined],
  ])('of %j has the message %s', async (fields, message) => {
    const here = await world();
    await here.post([toolCall({ id: 'one', ...fields })]);
    const row = await rowOf(here, 'one');
    expect(row.message).toBe(message);
    expect('message' in row).toBe(message !== undefined);
  });

  test.each([
    [{ log_id: 'p' }, { log_id: 'p', tool_slug: '' }],
    [{ tool_slug: 'T' }, { log_id: '', tool_slug: 'T' }],
    [{ other: 1 }, null],
  ])('of a call with the parent %j has the parent %j', async (parent, shown) => {
    const here = await world();
    await here.post([toolCall({ id: 'child', parent })]);
    expect((await rowOf(here, 'child')).parent).toEqual(shown);
  });
});

describe('a single log', () => {
  test('has everything that was recorded', async () => {
    const here = await world();
    const { project } = here;
    const fields = {
      id: 'full',
      latency_ms: 12.5,
      arguments: { to: 'a@b.c', cc: null },
      result: { sent: true },
      session_id: 's',
      trace_id: 't',
      request_id: 'r',
      source: { host: 'mcp', framework: 'langchain', language: 'python', more: 'x' },
      metadata: { region: 'eu' },
    };
    await here.post([toolCall({ ...fields, project_id: project })]);
    expect(await here.json(`${PATH}/full`)).toEqual({
      ...(await rowOf(here, 'full')),
      timings: { start_time: TIME, end_time: TIME + 12.5 },
      context: { session_id: 's', trace_id: 't', request_id: 'r' },
      source: { host: 'mcp', framework: 'langchain', language: 'python' },
      data: {
        request: { payload: { to: 'a@b.c', cc: null } },
        response: { body: { successful: true, data: { sent: true }, error: null } },
      },
    });
  });

  test('has what is not known absent, never null, and its objects always', async () => {
    const here = await world();
    await here.post([{ id: 'bare', tool_name: 'search', error: 'refused', source: { host: 'sdk' } }]);
    const log = await here.json(`${PATH}/bare`);
    expect('timings' in log).toBe(false);
    expect(log.context).toStrictEqual({});
    expect(log.source).toStrictEqual({ host: 'sdk' });
    expect(log.data).toStrictEqual({
      request: {},
      response: { body: { successful: false, error: 'refused' } },
    });
  });

  test.each(['text', 0, false, '', [1, null], { nested: { deep: [] } }])(
    'gives back arguments and result of %j as they came',
    async (value) => {
      const here = await world();
      await here.post([toolCall({ id: 'any', arguments: value, result: value })]);
      const { data } = await here.json(`${PATH}/any`);
      expect(data.request.payload).toEqual(value);
      expect(data.response.body.data).toEqual(value);
    },
  );

  test('is found by any id, however it is spelled in the path', async () => {
    const here = await world();
    for (const id of ['a/b', 'a b', '100%', "x' OR 1=1 --", '😀"*', 'nul\0', 'a_b', '?#']) {
      await here.post([toolCall({ id })]);
      const log = await here.json(`${PATH}/${encodeURIComponent(id)}`);
      expect(log.id).toBe(id.replaceAll('\0', '\uFFFD'));
    }
  });

  test('is there only once the call has finished', async () => {
    const here = await world();
    await here.post([toolCall({ id: 'open', status: 'processing' })]);
    expect((await here.ask(`${PATH}/open`)).status).toBe(404);
    expect(await listed(here)).toEqual([]);
    expect(await listed(here, { filters: [{ field: 'status', operator: '!=', value: 'success' }] })).toEqual(
      [],
    );
    await here.post([toolCall({ id: 'open', status: 'success' })]);
    expect((await here.ask(`${PATH}/open`)).status).toBe(200);
    expect(await listed(here)).toEqual(['open']);
  });

  test('answers HEAD like GET, without a body', async () => {
    const here = await world();
    await here.post([toolCall({ id: 'one' })]);
    const response = await here.ask(`${PATH}/one`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect((await here.ask(`${PATH}/none`, { method: 'HEAD' })).status).toBe(404);
  });
});

describe('the body of a list', () => {
  test.each([undefined, '', '  \n', '{}', 'null', '{"cursor":null}', '{"filters":[]}'])(
    '%j asks for the newest logs',
    async (body) => {
      const here = await world();
      await here.post([toolCall({ id: 'old' }), toolCall({ id: 'new', timestamp: TIME + 1 })]);
      const response = await here.ask(PATH, { method: 'POST', ...(body === undefined ? {} : { body }) });
      expect(response.status).toBe(200);
      expect(response.headers.get('x-gatelog-warning')).toBe(null);
      expect(response.headers.get('server-timing')).toMatch(/^db;dur=/);
      expect((await response.json<Body>()).logs.map((log: Body) => log.id)).toEqual(['new', 'old']);
    },
  );

  test('both versions answer alike', async () => {
    const here = await world();
    await here.post([toolCall({ id: 'one' })]);
    const old = PATH.replace('v3.1', 'v3');
    expect(await here.json(old, { body: {} })).toEqual(await here.json(PATH, { body: {} }));
    expect(await here.json(`${old}/one`)).toEqual(await here.json(`${PATH}/one`));
  });

  test.each([
    [undefined, 20],
    [1, 1],
    [100, 100],
    [101, 100],
    [200, 100],
    [1e300, 100],
  ])('limit %s gives %i logs of 105', async (limit, count) => {
    const here = await world();
    await here.post(Array.from({ length: 105 }, () => toolCall()));
    const answer = await here.json(PATH, { body: { limit } });
    expect(answer.logs).toHaveLength(count);
    expect(answer.next_cursor).toEqual(expect.any(String));
  });

  test('time_range takes its start in and leaves its end out', async () => {
    const here = await world();
    await here.post([-1, 0, 1, 2].map((offset) => toolCall({ id: `at${offset}`, timestamp: TIME + offset })));
    const within = (from: number, to: number): Promise<string[]> =>
      listed(here, { time_range: { from, to } });
    expect(await within(TIME, TIME + 2)).toEqual(['at1', 'at0']);
    expect(await within(TIME + 0.5, TIME + 1.5)).toEqual(['at1']);
    expect(await within(TIME, TIME)).toEqual([]);
    expect(await within(TIME + 2, TIME)).toEqual([]);
    expect(await within(0, 1e300)).toHaveLength(4);
    expect(await within(-1e300, 0)).toEqual([]);
  });

  test('unknown top-level keys are ignored and named in a header', async () => {
    const here = await world();
    await here.post([toolCall({ id: 'one' })]);
    const warningOf = async (body: Body): Promise<string | null> => {
      const response = await here.ask(PATH, { body });
      expect(response.status).toBe(200);
      expect((await response.json<Body>()).logs).toHaveLength(1);
      return response.headers.get('x-gatelog-warning');
    };
    expect(await warningOf({ include: 1, unknown: [], constructor: null, limit: 5 })).toBe(
      'ignored unknown fields: "include", "unknown", "constructor"',
    );
    expect(await warningOf({ 'a\r\nx-evil: 1': 1, '😀"é\0': 1 })).toBe(
      String.raw`ignored unknown fields: "a\r\nx-evil: 1", "\ud83d\ude00\"\u00e9\u0000"`,
    );
    const many = Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [`${'k'.repeat(90)}${index}`, 1]),
    );
    expect((await warningOf(many))?.length).toBeLessThan(600);
    expect(await warningOf('{"__proto__":{"limit":0},"limit":5}')).toBe(
      'ignored unknown fields: "__proto__"',
    );
  });
});

describe('a walk by cursor', () => {
  test('gives each log exactly once, though times are equal and newer ones arrive', async () => {
    const here = await world();
    const ids = Array.from({ length: 23 }, (_, index) => `id-${index}`);
    await here.post(ids.map((id, index) => toolCall({ id, timestamp: TIME + (index % 2) })));
    const seen = await walked(here, { limit: 5 }, () =>
      here.post([toolCall({ timestamp: TIME + 1 }), toolCall({ timestamp: TIME + 2 })]),
    );
    expect(seen.filter((id) => ids.includes(id)).toSorted()).toEqual(ids.toSorted());
    expect(new Set(seen).size).toBe(seen.length);
  });

  test('gives the order of the whole list, and null at an end that fills the page', async () => {
    const here = await world();
    await here.post(Array.from({ length: 6 }, (_, index) => toolCall({ timestamp: TIME - (index % 3) })));
    const filters = [{ field: 'status', operator: '==', value: 'success' }];
    const whole = await listed(here, { filters });
    expect(whole).toHaveLength(6);
    expect(await walked(here, { limit: 3, filters }, async () => {})).toEqual(whole);
  });

  test('may change its limit on the way', async () => {
    const here = await world();
    await here.post(Array.from({ length: 4 }, () => toolCall()));
    const { logs, next_cursor } = await here.json(PATH, { body: { limit: 1 } });
    const rest = await listed(here, { limit: 50, cursor: next_cursor });
    expect([logs[0].id, ...rest]).toEqual(await listed(here));
  });
});
