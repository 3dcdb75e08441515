/** tool-execution: usage, in sum and by group, as Composio's SDKs ask for it (contracts/tool-execution.md, "Usage"). */
import { describe, expect, test } from 'vitest';
import { world, type Ask, type Body, type World } from '../world.ts';

const USAGE = '/api/v3.1/project/usage';
const DAY = 86_400_000;

/** A finished call on the wire, an hour ago, and these fields. */
function toolCall(fields: Body = {}): Body {
  return { tool_name: 'search', timestamp: Date.now() - 3_600_000, ...fields };
}

function summary(here: World, body: Body = {}, asked: Ask = {}): Promise<Body> {
  return here.json(`${USAGE}/summary`, { ...asked, body });
}

/** The groups of a breakdown as `[key, total_quantity, event_count]`. */
async function groupsOf(here: World, entity: string, body: Body = {}, asked: Ask = {}): Promise<Body> {
  const answer = await here.json(`${USAGE}/${entity}`, { ...asked, body });
  return answer.groups?.map((group: Body) => [group.key, group.total_quantity, group.event_count]) ?? answer;
}

function amount(quantity: number, events = quantity): Body {
  return { unit: 'count', total_quantity: String(quantity), event_count: events };
}

describe('the summary', () => {
  test('tells calls, and the different sessions that some of them have', async () => {
    const here = await world();
    await here.post([
      toolCall({ session_id: 's-1' }),
      toolCall({ session_id: 's-1', error: 'no' }),
      toolCall({ session_id: 's-2' }),
      toolCall(),
    ]);
    const response = await here.ask(`${USAGE}/summary`, { body: {} });
    expect(response.status).toBe(200);
    expect(response.headers.get('server-timing')).toMatch(/^db;dur=/);
    expect(response.headers.get('x-gatelog-warning')).toBe(null);
    expect(await response.json()).toEqual({
      entities: { tool_calls: amount(4), sessions: amount(2, 3) },
    });
  });

  test.each([undefined, '', 'null', '{}', '{"entity_types":[]}', '{"filters":{}}'])(
    '%j asks for all entities of the last 30 days',
    async (body) => {
      const here = await world();
      await here.post([
        toolCall({ session_id: 's-1' }),
        toolCall({ session_id: 's-2', timestamp: Date.now() - 30 * DAY + 60_000 }),
        toolCall({ session_id: 's-3', timestamp: Date.now() - 30 * DAY - 1 }),
        toolCall({ session_id: 's-4', timestamp: Date.now() + 60_000 }),
      ]);
      const asked = { method: 'POST', ...(body === undefined ? {} : { body }) };
      expect(await here.json(`${USAGE}/summary`, asked)).toEqual({
        entities: { tool_calls: amount(2), sessions: amount(2) },
      });
    },
  );

  test('is zeros where there is nothing', async () => {
    const here = await world();
    expect(await summary(here)).toEqual({ entities: { tool_calls: amount(0), sessions: amount(0) } });
  });

  test('tells the entities that are named, each once', async () => {
    const here = await world();
    await here.post([toolCall({ session_id: 's-1' })]);
    const named = async (types: readonly string[]): Promise<Body> =>
      Object.keys((await summary(here, { entity_types: types })).entities);
    expect(await named(['sessions'])).toEqual(['sessions']);
    expect(await named(['tool_calls', 'tool_calls'])).toEqual(['tool_calls']);
    expect((await named(['sessions', 'tool_calls'])).toSorted()).toEqual(['sessions', 'tool_calls']);
  });

  test('counts finished calls alone, and a call once it finishes', async () => {
    const here = await world();
    await here.post([toolCall({ id: 'one', status: 'processing', session_id: 's-1' })]);
    expect((await summary(here)).entities).toEqual({ tool_calls: amount(0), sessions: amount(0) });
    await here.post([toolCall({ id: 'one', status: 'success' })]);
    expect((await summary(here)).entities).toEqual({ tool_calls: amount(1), sessions: amount(1) });
  });

  test('takes its start in and leaves its end out, each alone or both', async () => {
    const here = await world();
    const time = Date.now() - 100 * DAY;
    await here.post([-1, 0, 1, 2].map((offset) => toolCall({ timestamp: time + offset })));
    const calls = async (range: Body): Promise<Body> =>
      (await summary(here, { ...range, entity_types: ['tool_calls'] })).entities.tool_calls.event_count;
    expect(await calls({ from: time, to: time + 2 })).toBe(2);
    expect(await calls({ from: time + 0.5, to: time + 1.5 })).toBe(1);
    expect(await calls({ from: time + 1 })).toBe(2);
    expect(await calls({ to: time + 1 })).toBe(2);
    expect(await calls({ to: time + 30 * DAY })).toBe(3);
    expect(await calls({ to: time + 30 * DAY + 3 })).toBe(0);
    expect(await calls({ from: time + 3 - 366 * DAY, to: time + 3 })).toBe(4);
    expect(await calls({ from: 0, to: 1 })).toBe(0);
  });

  test('filters by user and session: one value, any of several, or none', async () => {
    const here = await world();
    await here.post([
      toolCall({ user_id: 'ada', session_id: 's-1' }),
      toolCall({ user_id: 'ada', session_id: 's-2' }),
      toolCall({ user_id: 'bob', session_id: 's-2' }),
      toolCall({ user_id: "' OR 1=1 --", session_id: '%' }),
      toolCall(),
    ]);
    const seen = async (filters: Body): Promise<Body> => {
      const { tool_calls: calls, sessions } = (await summary(here, { filters })).entities;
      return [calls.event_count, Number(sessions.total_quantity)];
    };
    expect(await seen({ user_id: 'ada' })).toEqual([2, 2]);
    expect(await seen({ session_id: 's-2' })).toEqual([2, 1]);
    expect(await seen({ user_id: 'ada', session_id: 's-2' })).toEqual([1, 1]);
    expect(await seen({ user_id: ['ada', 'bob'], session_id: null })).toEqual([3, 2]);
    expect(await seen({ user_id: [], session_id: ['s-1', 's-2'] })).toEqual([3, 2]);
    expect(await seen({ user_id: 'Ada' })).toEqual([0, 0]);
    expect(await seen({ user_id: '' })).toEqual([0, 0]);
    expect(await seen({ user_id: "' OR 1=1 --" })).toEqual([1, 1]);
    expect(await seen({ session_id: '%' })).toEqual([1, 1]);
  });

  test('names the keys that it ignores', async () => {
    const here = await world();
    const response = await here.ask(`${USAGE}/summary`, {
      body: '{"__proto__":{},"limit":0,"from":1,"to":2}',
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-gatelog-warning')).toBe('ignored unknown fields: "__proto__", "limit"');
  });
});

describe('a breakdown', () => {
  test('has the keys of the contract, by tool and the most frequent first', async () => {
    const here = await world();
    await here.post([
      toolCall({ tool_name: 'b' }),
      toolCall({ tool_name: 'a', error: 'no' }),
      toolCall({ tool_name: 'a' }),
      toolCall({ tool_name: 'c', status: 'processing' }),
    ]);
    const response = await here.ask(`${USAGE}/tool_calls`, { method: 'POST' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      entity_type: 'tool_calls',
      unit: 'count',
      total_quantity: '3',
      event_count: 3,
      groups: [
        { key: 'a', total_quantity: '2', event_count: 2 },
        { key: 'b', total_quantity: '1', event_count: 1 },
      ],
    });
  });

  test('is empty where there is nothing', async () => {
    const here = await world();
    for (const entity of ['tool_calls', 'sessions'])
      expect(await here.json(`${USAGE}/${entity}`, { body: {} })).toEqual({
        entity_type: entity,
        ...amount(0),
        groups: [],
      });
  });

  test.each([
    ['tool_slug', 'tool_name'],
    ['toolkit_slug', 'server_label'],
    ['connected_account_id', 'connected_account_id'],
    ['user_id', 'user_id'],
    ['session_id', 'session_id'],
  ])('groups by %s; calls without one count in the total alone', async (grouping, field) => {
    const here = await world();
    const values = ['a', '__proto__', "' OR 1=1 --", '💥'];
    await here.post([...values.map((value) => toolCall({ [field]: value })), toolCall({ [field]: 'a' })]);
    await here.post([toolCall()]);
    const body = { group_by: grouping, order_by: 'key' };
    const answer = await here.json(`${USAGE}/tool_calls`, { body });
    expect(answer.event_count).toBe(6);
    const expected = [...values, ...(field === 'tool_name' ? ['search'] : [])].toSorted().toReversed();
    expect(answer.groups.map((group: Body) => group.key)).toEqual(expected);
    expect(answer.groups.find((group: Body) => group.key === 'a')).toEqual({
      key: 'a',
      total_quantity: '2',
      event_count: 2,
    });
  });

  test('orders by key, quantity and events, both ways, before it cuts', async () => {
    const here = await world();
    const names = ['a', 'b', 'b', 'b', 'c', 'c'];
    await here.post(names.map((name) => toolCall({ tool_name: name })));
    const keys = async (body: Body): Promise<Body> =>
      (await groupsOf(here, 'tool_calls', body)).map(([key]: Body) => key).join('');
    for (const order of ['total_quantity', 'event_count']) {
      expect(await keys({ order_by: order })).toBe('bca');
      expect(await keys({ order_by: order, order_direction: 'asc' })).toBe('acb');
      expect(await keys({ order_by: order, order_direction: 'asc', limit: 1 })).toBe('a');
      expect(await keys({ order_by: order, order_direction: 'desc', limit: 2 })).toBe('bc');
    }
    expect(await keys({ order_by: 'key', order_direction: 'asc' })).toBe('abc');
    expect(await keys({ order_by: 'key', limit: 1 })).toBe('c');
  });

  test('groups of equal counts come by their key, either way', async () => {
    const here = await world();
    await here.post(['b', 'c', 'a'].map((name) => toolCall({ tool_name: name })));
    for (const order_direction of ['asc', 'desc'])
      expect((await groupsOf(here, 'tool_calls', { order_direction })).map(([key]: Body) => key)).toEqual([
        'a',
        'b',
        'c',
      ]);
  });

  test('has 100 groups by default and 1000 at most; a group without a value takes nobody’s place', async () => {
    const here = await world();
    const users = Array.from({ length: 1001 }, (_, place) => toolCall({ user_id: `user-${place}` }));
    await here.post([...users, toolCall(), toolCall()]);
    const count = async (limit?: number): Promise<number> =>
      (await groupsOf(here, 'tool_calls', { group_by: 'user_id', limit })).length;
    expect(await count()).toBe(100);
    expect(await count(1)).toBe(1);
    expect(await count(1000)).toBe(1000);
    expect(await count(1001)).toBe(1000);
    expect(await count(1e300)).toBe(1000);
    const first = { group_by: 'user_id', limit: 1, order_by: 'key', order_direction: 'asc' };
    expect(await groupsOf(here, 'tool_calls', first)).toEqual([['user-0', '1', 1]]);
  });

  test('filters and times narrow groups and total alike', async () => {
    const here = await world();
    const time = Date.now() - 50 * DAY;
    await here.post([
      toolCall({ tool_name: 'a', user_id: 'ada', timestamp: time }),
      toolCall({ tool_name: 'b', user_id: 'ada', timestamp: time + 1 }),
      toolCall({ tool_name: 'c', user_id: 'bob', timestamp: time }),
    ]);
    const body = { from: time, to: time + 1, filters: { user_id: 'ada' } };
    expect(await here.json(`${USAGE}/tool_calls`, { body })).toMatchObject({
      event_count: 1,
      groups: [{ key: 'a' }],
    });
  });
});

describe('a breakdown of sessions', () => {
  test('counts the different sessions of each group, over the calls that have one', async () => {
    const here = await world();
    await here.post([
      ...['s-1', 's-1', 's-1'].map((session_id) => toolCall({ tool_name: 'a', session_id })),
      ...['s-1', 's-2'].map((session_id) => toolCall({ tool_name: 'b', session_id })),
      toolCall({ tool_name: 'b' }),
      toolCall({ tool_name: 'c' }),
    ]);
    expect(await here.json(`${USAGE}/sessions`, { body: {} })).toEqual({
      entity_type: 'sessions',
      ...amount(2, 5),
      groups: [
        { key: 'b', total_quantity: '2', event_count: 2 },
        { key: 'a', total_quantity: '1', event_count: 3 },
      ],
    });
    const orders: readonly [Body, string][] = [
      [{ order_by: 'event_count' }, 'ab'],
      [{ order_by: 'event_count', order_direction: 'asc' }, 'ba'],
      [{ order_by: 'total_quantity', order_direction: 'asc' }, 'ab'],
      [{ order_by: 'key' }, 'ba'],
      [{ order_by: 'key', order_direction: 'asc' }, 'ab'],
    ];
    for (const [order, keys] of orders)
      expect((await groupsOf(here, 'sessions', order)).map(([key]: Body) => key).join('')).toBe(keys);
  });

  test('a session has one session, and more than 40 of them are told', async () => {
    const here = await world();
    const sessions = Array.from({ length: 60 }, (_, place) => `s-${place}`);
    await here.post([...sessions, ...sessions].map((session_id) => toolCall({ session_id })));
    const groups = await groupsOf(here, 'sessions', { group_by: 'session_id' });
    expect(groups).toHaveLength(60);
    expect(new Set(groups.map(([, quantity, events]: Body) => `${quantity} ${events}`))).toEqual(
      new Set(['1 2']),
    );
  });

  test('has 40 groups at most where sessions must be counted', async () => {
    const here = await world();
    const tools = Array.from({ length: 41 }, (_, place) => `tool-${place}`);
    await here.post(
      ['s-1', 's-2'].flatMap((session_id) => tools.map((tool_name) => toolCall({ tool_name, session_id }))),
    );
    const groups = await groupsOf(here, 'sessions', { limit: 1000 });
    expect(groups).toHaveLength(40);
    expect(new Set(groups.map(([, quantity]: Body) => quantity))).toEqual(new Set(['2']));
  });
});

describe('bounds', () => {
  test('a key sees the usage inside its bounds alone', async () => {
    const mine = await world();
    const theirs = await world();
    const virtualKey = `vk-${crypto.randomUUID()}`;
    await mine.post([
      toolCall({ tool_name: 'by-key', virtual_key_id: virtualKey, session_id: 's-1' }),
      toolCall({ tool_name: 'in-workspace', workspace_id: mine.workspace, session_id: 's-2' }),
    ]);
    await theirs.post([toolCall({ tool_name: 'theirs', session_id: 's-3' })]);
    expect((await summary(mine)).entities).toEqual({ tool_calls: amount(2), sessions: amount(2) });
    expect(await groupsOf(mine, 'tool_calls')).toEqual([
      ['by-key', '1', 1],
      ['in-workspace', '1', 1],
    ]);
    expect(await groupsOf(theirs, 'sessions', { group_by: 'session_id' })).toEqual([['s-3', '1', 1]]);
    for (const [bound, tool] of [
      [{ virtual_key_id: virtualKey }, 'by-key'],
      [{ workspace_ids: [mine.workspace] }, 'in-workspace'],
    ] as const) {
      const { key } = await mine.mint({ scopes: ['read'], ...bound });
      expect((await summary(mine, {}, { key })).entities).toEqual({
        tool_calls: amount(1),
        sessions: amount(1),
      });
      expect(await groupsOf(mine, 'tool_calls', {}, { key })).toEqual([[tool, '1', 1]]);
    }
  });

  test('both versions answer alike', async () => {
    const here = await world();
    await here.post([toolCall({ session_id: 's-1' })]);
    const body = { from: Date.now() - DAY, to: Date.now() };
    for (const path of ['summary', 'tool_calls', 'sessions'])
      expect(await here.json(`/api/v3/project/usage/${path}`, { body })).toEqual(
        await here.json(`${USAGE}/${path}`, { body }),
      );
  });

  test('x-api-key and a session cookie work as they do for logs', async () => {
    const here = await world();
    await here.post([toolCall()]);
    const session = await here.ask('/v1/session', { key: null, body: { key: here.key } });
    const cookie = (session.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    for (const headers of [{ 'x-api-key': here.key }, { cookie }]) {
      const { entities } = await summary(here, {}, { key: null, headers });
      expect(entities.tool_calls).toEqual(amount(1));
    }
  });
});
