/** server-logs: the lines of a server, seen as NimbleTools' clients see them (contracts/server-logs.md). */
import { describe, expect, test } from 'vitest';
import { LogParameters } from '../../src/dialects/server-logs/contract.ts';
import { world, type Body, type World } from '../world.ts';

const LEVELS = ['debug', 'info', 'warning', 'error', 'critical'];

/** The path of a server's logs, `echo`'s unless another is named. */
function logsOf({ workspace }: World, query = '', server = 'echo'): string {
  return `/v1/workspaces/${workspace}/servers/${server}/logs${query}`;
}

/** Posts lines of `echo` in one call. */
function postLines({ post, workspace }: World, lines: readonly Body[]): Promise<void> {
  return post(lines.map((line) => ({ server_id: 'echo', workspace_id: workspace, ...line })));
}

async function messages(here: World, query = '', server = 'echo'): Promise<unknown> {
  const body = await here.json(logsOf(here, query, server));
  return body['logs']?.map((log: Body) => log['message']) ?? body;
}

test('lines come back as the document shows them', async () => {
  const here = await world();
  const pod = { pod_name: 'echo-deployment-abc123', container_name: 'echo-container' };
  await postLines(here, [
    { timestamp: '2024-01-01T10:02:45.120Z', level: 'WARN', message: 'High memory usage: 85%', ...pod },
    { timestamp: '2024-01-01T12:03:00+02:00', message: 'Processing request' },
  ]);
  const response = await here.ask(logsOf(here));
  const text = await response.clone().text();
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(response.headers.get('x-request-id')).toBeTruthy();
  expect(response.headers.get('server-timing')).toMatch(/^db;dur=/);
  expect(await response.json()).toEqual({
    version: 'v1',
    server_id: 'echo',
    workspace_id: here.workspace,
    logs: [
      {
        timestamp: '2024-01-01T10:03:00Z',
        level: 'info',
        message: 'Processing request',
        pod_name: null,
        container_name: null,
      },
      {
        timestamp: '2024-01-01T10:02:45.120Z',
        level: 'warning',
        message: 'High memory usage: 85%',
        ...pod,
      },
    ],
    count: 2,
    has_more: false,
    query_timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/),
    next_cursor: null,
  });
  const keys = ['version', 'server_id', 'workspace_id', 'logs', 'count', 'has_more', 'query_timestamp'];
  const line = ['timestamp', 'level', 'message', 'pod_name', 'container_name'];
  const inOrder = [...keys.slice(0, 4), ...line, ...line, ...keys.slice(4), 'next_cursor'];
  expect([...text.matchAll(/"(\w+)":/g)].map((match) => match[1])).toEqual(inOrder);
});

test('HEAD answers as GET does, without a body', async () => {
  const here = await world();
  await postLines(here, [{ message: 'one' }]);
  const response = await here.ask(logsOf(here), { method: 'HEAD' });
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('');
  expect((await here.ask(logsOf(here, '', 'nobody'), { method: 'HEAD' })).status).toBe(404);
});

test('a raw line that was posted to the same path is read back', async () => {
  const here = await world();
  const path = logsOf(here, '?wait=true&pod_name=p1', 'ai.nimblebrain%2Fecho');
  const posted = await here.ask(path, { body: '2024-01-01T12:00:00Z ERROR it broke\n' });
  expect(posted.status).toBe(202);
  const body = await here.json(logsOf(here));
  expect(body['logs']).toMatchObject([
    { timestamp: '2024-01-01T12:00:00Z', level: 'error', message: 'it broke', pod_name: 'p1' },
  ]);
});

describe('the server id', () => {
  test.each(['echo', 'ai.nimblebrain/echo', 'ai.nimblebrain%2Fecho', 'a/b/c/echo', 'a%2fb/c%2Fecho'])(
    '%s is echo',
    async (sent) => {
      const here = await world();
      await postLines(here, [{ server_id: 'other/echo', message: 'one' }]);
      const body = await here.json(logsOf(here, '', sent));
      expect(body).toMatchObject({ server_id: 'echo', count: 1 });
    },
  );

  test('is decoded once, keeps its case, and may look like the path around it', async () => {
    const here = await world();
    await postLines(here, [
      { server_id: 'Echo', message: 'upper' },
      { server_id: 'echo', message: 'lower' },
      { server_id: 'a%2Fb', message: 'percent' },
      { server_id: 'logs', message: 'logs' },
      { server_id: 'nul\0', message: 'nul' },
      { server_id: '100% 🙂"', message: 'hostile' },
    ]);
    expect(await messages(here, '', 'Echo')).toEqual(['upper']);
    expect(await messages(here, '', 'echo')).toEqual(['lower']);
    expect(await messages(here, '', 'a%252Fb')).toEqual(['percent']);
    expect(await messages(here, '', 'x/logs')).toEqual(['logs']);
    expect(await messages(here, '', 'nul%00')).toEqual(['nul']);
    expect(await messages(here, '', encodeURIComponent('100% 🙂"'))).toEqual(['hostile']);
  });
});

test('an upper-case workspace comes back in lower case', async () => {
  const here = await world();
  await postLines(here, [{ message: 'one' }]);
  const upper = { ...here, workspace: here.workspace.toUpperCase() };
  expect(await here.json(logsOf(upper))).toMatchObject({ workspace_id: here.workspace, count: 1 });
});

test('a server without a match is 200 and empty', async () => {
  const here = await world();
  await postLines(here, [{ message: 'one', timestamp: '2024-01-01T10:00:00Z' }]);
  const queries = [
    '?since=2024-01-02&until=2024-01-01',
    '?since=2050-01-01T00:00:00Z',
    '?since=9999-12-31',
    '?until=1971-01-01',
    '?pod_name=none',
    '?level=critical',
  ];
  for (const query of queries) {
    const response = await here.ask(logsOf(here, query));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ logs: [], count: 0, has_more: false, next_cursor: null });
  }
});

describe('filters', () => {
  test.each(LEVELS.map((level, index) => [level, LEVELS.slice(index)] as const))(
    'level %s lets through %j',
    async (level, higher) => {
      const here = await world();
      await postLines(
        here,
        LEVELS.map((each, index) => ({ level: each, message: each, timestamp: 1704103200000 - index })),
      );
      expect(await messages(here, `?level=${level}`)).toEqual(higher);
    },
  );

  test('pods merge into one order; pod_name and container_name are exact, and absent when empty', async () => {
    const here = await world();
    await postLines(here, [
      { message: 'a1', pod_name: 'pod-a', container_name: 'main', timestamp: 1704103200001 },
      { message: 'b1', pod_name: 'pod-b', container_name: 'main', timestamp: 1704103200002 },
      { message: 'a2', pod_name: 'pod-a', container_name: 'sidecar', timestamp: 1704103200003 },
      { message: 'c1', pod_name: 'pod', timestamp: 1704103200004 },
    ]);
    expect(await messages(here)).toEqual(['c1', 'a2', 'b1', 'a1']);
    expect(await messages(here, '?pod_name=&container_name=&q=&cursor=')).toEqual(['c1', 'a2', 'b1', 'a1']);
    expect(await messages(here, '?pod_name=pod-a')).toEqual(['a2', 'a1']);
    expect(await messages(here, '?pod_name=Pod-A')).toEqual([]);
    expect(await messages(here, '?container_name=main')).toEqual(['b1', 'a1']);
    expect(await messages(here, '?container_name=main&pod_name=pod-a&level=info&unknown=1')).toEqual(['a1']);
  });

  const hostile = [
    '%',
    '_',
    `'`,
    '"',
    `' OR 1=1 --`,
    '*',
    'zz',
    'a AND b',
    '🙂',
    '\\',
    '<b>',
    'ä',
    'x\0y',
    ')',
  ];

  test.each(hostile)('the text %j is taken literally', async (text) => {
    const here = await world();
    await postLines(here, [
      { message: `one ${text} two`, pod_name: text, container_name: text },
      { message: 'nothing of it', pod_name: 'plain', container_name: 'plain' },
    ]);
    const value = encodeURIComponent(text);
    const found = [`one ${text.replace('\0', '\uFFFD')} two`];
    for (const name of ['pod_name', 'container_name', 'q'])
      expect(await messages(here, `?${name}=${value}`)).toEqual(found);
    expect(await here.json(logsOf(here, '', encodeURIComponent(`${text}?`)))).toEqual({
      detail: `Server ${text}? not found or has no running pods`,
    });
  });

  test('q finds a part of the message in any case', async () => {
    const here = await world();
    await postLines(here, [{ message: 'Traceback: ValueError', pod_name: 'needle' }, { message: 'fine' }]);
    expect(await messages(here, '?q=valueerror')).toEqual(['Traceback: ValueError']);
    expect(await messages(here, '?q=E')).toEqual(['fine', 'Traceback: ValueError']);
    expect(await messages(here, '?q=needle')).toEqual([]);
  });
});

describe('times', () => {
  const TEN = Date.parse('2024-01-01T10:00:00Z');
  const forms = [
    '2024-01-01T10:00:00Z',
    '2024-01-01T10:00:00',
    '2024-01-01T10:00:00.000Z',
    '2024-01-01T10:00:00,000000000000Z',
    '2024-01-01t10:00:00z',
    '2024-01-01 10:00:00',
    '2024-01-01_10:00',
    '2024-01-01T10:00Z',
    '2024-01-01T12:00:00%2B02:00',
    '2024-01-01T12:00:00%2B0200',
    '2024-01-01T12:00:00+02:00',
    '2024-01-01T04:30:00-05:30',
    '1704103200',
    '1704103200.0',
    '1704103200000',
    '%2B1704103200000',
  ];

  test.each(forms)('%s is inclusive in since and until', async (form) => {
    const here = await world();
    await postLines(here, [
      { message: 'before', timestamp: TEN - 1 },
      { message: 'at', timestamp: TEN },
      { message: 'after', timestamp: TEN + 1 },
    ]);
    expect(await messages(here, `?since=${form}`)).toEqual(['after', 'at']);
    expect(await messages(here, `?until=${form}`)).toEqual(['at', 'before']);
    expect(await messages(here, `?since=${form}&until=${form}`)).toEqual(['at']);
  });

  test.each(['2024-01-01T10:00:00.123Z', '1704103200.123', '1704103200123'])(
    '%s is exact to the millisecond',
    async (form) => {
      const here = await world();
      await postLines(here, [
        { message: 'at', timestamp: TEN + 123 },
        { message: 'after', timestamp: TEN + 124 },
      ]);
      expect(await messages(here, `?since=${form}`)).toEqual(['after', 'at']);
      expect(await messages(here, `?until=${form}`)).toEqual(['at']);
      expect(await messages(here, '?since=2024-01-01T10:00:00.1235Z')).toEqual(['after']);
      expect(await messages(here, '?until=2024-01-01T10:00:00.1235Z')).toEqual(['at']);
    },
  );

  test('seconds whose thousandfold is no exact number still meet their millisecond', () => {
    const time = '2158377722.812';
    const at = { at: 2_158_377_722_812 };
    expect(LogParameters.parse({ since: time, until: time })).toEqual({ since: at, until: at });
  });

  test('a date is its midnight in UTC', async () => {
    const here = await world();
    await postLines(here, [
      { message: 'eve', timestamp: '2023-12-31T23:59:59.999Z' },
      { message: 'midnight', timestamp: '2024-01-01T00:00:00Z' },
      { message: 'noon', timestamp: '2024-01-01T12:00:00Z' },
    ]);
    expect(await messages(here, '?since=2024-01-01')).toEqual(['noon', 'midnight']);
    expect(await messages(here, '?until=2024-01-01')).toEqual(['midnight', 'eve']);
  });

  const minutes = 60_000;
  test.each([
    ['3600s', 60],
    ['15m', 15],
    ['1h', 60],
    ['2d', 2880],
    ['1w', 10_080],
    ['1 hour ago', 60],
    ['2 days ago', 2880],
    ['90 minutes ago', 90],
    ['900 seconds ago', 15],
    ['1 week ago', 10_080],
    ['3 hours', 180],
  ])('%s counts from now', async (form, age) => {
    const here = await world();
    const now = Date.now();
    await postLines(here, [
      { message: 'newer', timestamp: now - (age - 5) * minutes },
      { message: 'older', timestamp: now - (age + 5) * minutes },
    ]);
    expect(await messages(here, `?since=${encodeURIComponent(form)}`)).toEqual(['newer']);
    expect(await messages(here, `?until=${form.replaceAll(' ', '+')}`)).toEqual(['older']);
  });
});

describe('pages', () => {
  test('ten lines by default; has_more is exact', async () => {
    const here = await world();
    const lines = Array.from({ length: 11 }, (_, index) => ({
      message: `${index}`,
      timestamp: 1704103200000 + index,
    }));
    await postLines(here, lines);
    expect(await here.json(logsOf(here))).toMatchObject({ count: 10, has_more: true });
    expect(await here.json(logsOf(here, '?limit=11'))).toMatchObject({ count: 11, has_more: false });
    expect(await here.json(logsOf(here, '?limit=1000'))).toMatchObject({ count: 11, next_cursor: null });
    expect(await messages(here, '?limit=2')).toEqual(['10', '9']);
  });

  test('a walk over equal timestamps gives each line once, newest arrival first', async () => {
    const here = await world();
    const timestamp = '2024-01-01T10:00:00Z';
    const names = Array.from({ length: 7 }, (_, index) => `line ${index}`);
    await postLines(
      here,
      names.slice(0, 4).map((message) => ({ message, timestamp })),
    );
    await postLines(
      here,
      names.slice(4).map((message) => ({ message, timestamp })),
    );
    const walked: string[] = [];
    let query = '?limit=3';
    for (let page = 0; page < 3; page++) {
      const body = await here.json(logsOf(here, query));
      walked.push(...body['logs'].map((log: Body) => log['message']));
      expect(body['has_more']).toBe(page < 2);
      expect(body['next_cursor'] === null).toBe(page === 2);
      query = `?limit=3&cursor=${body['next_cursor']}`;
      await postLines(here, [{ message: 'newer' }]);
    }
    expect(walked).toEqual(names.toReversed());
  });

  test('a walk with relative times goes on from where it began', async () => {
    const here = await world();
    const now = Date.now();
    await postLines(here, [
      { message: 'second', timestamp: now - 20_000 },
      { message: 'first', timestamp: now - 10_000 },
    ]);
    const query = '?limit=1&since=1%20hour%20ago&until=1s';
    const { next_cursor: cursor } = await here.json(logsOf(here, query));
    expect(await messages(here, `${query}&cursor=${cursor}`)).toEqual(['second']);
  });
});

describe('bounds', () => {
  test('a key sees nothing of another project, not even that it is there', async () => {
    const [here, other] = await Promise.all([world(), world()]);
    await postLines(here, [{ message: 'mine' }]);
    const theirs = await other.ask(logsOf(here));
    expect(theirs.status).toBe(404);
    expect(await theirs.json()).toEqual({ detail: `Workspace ${here.workspace} not found` });
    await other.post([{ server_id: 'echo', workspace_id: here.workspace, message: 'theirs' }]);
    expect(await messages(here)).toEqual(['mine']);
    expect(await other.json(logsOf(here))).toMatchObject({ logs: [{ message: 'theirs' }], count: 1 });
  });

  test('a virtual key sees its own lines', async () => {
    const here = await world();
    const { key } = await here.mint({ scopes: ['read'], virtual_key_id: 'vk-1', project_id: here.project });
    await postLines(here, [
      { message: 'own', virtual_key_id: 'vk-1' },
      { message: 'foreign', virtual_key_id: 'vk-2' },
      { message: 'foreign too', server_id: 'other', virtual_key_id: 'vk-2' },
    ]);
    expect(await here.json(logsOf(here), { key })).toMatchObject({ logs: [{ message: 'own' }], count: 1 });
    expect((await here.ask(logsOf(here, '', 'other'), { key })).status).toBe(404);
  });

  test('a token bound to the workspace reads it, and the admin key reads everything', async () => {
    const here = await world();
    await postLines(here, [{ message: 'one' }]);
    const { key } = await here.mint({ scopes: ['read'], workspace_ids: [here.workspace.toUpperCase()] });
    expect(await here.json(logsOf(here), { key })).toMatchObject({ count: 1 });
    expect(await here.json(logsOf(here), { key: here.adminKey })).toMatchObject({ count: 1 });
  });
});
