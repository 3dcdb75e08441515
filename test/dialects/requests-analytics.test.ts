/** requests: the sums of analytics, as clients of the gateway see them (contracts/requests.md, "GET /v1/analytics"). */
import { describe, expect, test } from 'vitest';
import { world, type Body, type World } from '../world.ts';

const PATH = '/v1/analytics';
const DAY = 86_400_000;

/** A request on the wire with what is required, now, and these fields. */
function modelRequest(fields: Body = {}): Body {
  return { model: 'gpt-4o', provider: 'openai', status: 200, ...fields };
}

/** Midnight of UTC so many days before today. */
function midnight(daysAgo: number): number {
  return Math.floor(Date.now() / DAY) * DAY - daysAgo * DAY;
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function counts(successful: number, failed: number): Body {
  return { requests: successful + failed, successful, failed };
}

/** Asks, and again where midnight of UTC passed meanwhile, so that `today` is one day for the test and the Worker. */
async function analytics({ json }: World, query = '', asked: Body = {}): Promise<Body> {
  const today = midnight(0);
  const body = await json(`${PATH}${query}`, asked);
  return midnight(0) === today ? body : json(`${PATH}${query}`, asked);
}

describe('the sums', () => {
  test('have exactly the keys of the contract', async () => {
    const here = await world();
    await here.post([
      modelRequest({ status: 200 }),
      modelRequest({ status: 299, model: 'gpt-4o-mini' }),
      modelRequest({ status: 300, provider: 'anthropic', model: 'claude' }),
      modelRequest({ status: 199 }),
      modelRequest({ status: 500, timestamp: midnight(1) }),
    ]);
    const response = await here.ask(`${PATH}?days=3`);
    expect(response.status).toBe(200);
    expect(response.headers.get('server-timing')).toMatch(/^db;dur=/);
    expect(await response.json()).toEqual({
      total_requests: 5,
      successful_requests: 2,
      failed_requests: 3,
      success_rate: 0.4,
      providers: { openai: counts(2, 2), anthropic: counts(0, 1) },
      models: { 'gpt-4o': counts(1, 2), 'gpt-4o-mini': counts(1, 0), claude: counts(0, 1) },
      projects: { [here.project]: counts(2, 3) },
      daily: [
        { date: dateOf(midnight(2)), ...counts(0, 0) },
        { date: dateOf(midnight(1)), ...counts(0, 1) },
        { date: dateOf(midnight(0)), ...counts(2, 2) },
      ],
    });
  });

  test('are zeros where there is nothing, and the rate is no division by zero', async () => {
    const here = await world();
    const body = await analytics(here);
    expect(body).toEqual({
      total_requests: 0,
      successful_requests: 0,
      failed_requests: 0,
      success_rate: 0,
      providers: {},
      models: {},
      projects: {},
      daily: Array.from({ length: 30 }, (_, place) => ({
        date: dateOf(midnight(29 - place)),
        ...counts(0, 0),
      })),
    });
  });

  test('count requests alone, not tool calls or lines', async () => {
    const here = await world();
    await here.post([
      { tool_name: 'search' },
      { server_id: 'echo', workspace_id: here.workspace, message: 'one' },
      modelRequest(),
    ]);
    expect((await analytics(here)).total_requests).toBe(1);
  });

  test('a request that is posted again counts once, as what it became', async () => {
    const here = await world();
    await here.post([modelRequest({ id: 'one', status: 500 })]);
    await here.post([modelRequest({ id: 'one', status: 200 })]);
    expect(await analytics(here)).toMatchObject({ total_requests: 1, success_rate: 1 });
  });

  test('take any text as a name, and leave its object whole', async () => {
    const here = await world();
    const names = ['__proto__', 'constructor', 'toString', '', '0', 'a"b\\', '💥', "' OR 1=1 --"];
    await here.post(names.map((name) => modelRequest({ provider: name, model: name, status: 404 })));
    const { providers, models } = await analytics(here);
    for (const map of [providers, models]) {
      expect(Object.keys(map).toSorted()).toEqual(names.toSorted());
      for (const name of names)
        expect(Object.getOwnPropertyDescriptor(map, name)?.value, name).toEqual(counts(0, 1));
    }
  });

  test('name the five hundred most frequent', async () => {
    const here = await world();
    const models = Array.from({ length: 502 }, (_, place) => `model-${String(place).padStart(3, '0')}`);
    const twice = models.slice(2);
    await here.post([...models, ...twice].map((model) => modelRequest({ model })));
    const body = await analytics(here);
    expect(Object.keys(body.models).toSorted()).toEqual(twice);
    expect(body.total_requests).toBe(1002);
  });

  test('leave requests without a project out of the projects alone', async () => {
    const here = await world();
    const { key } = await here.mint({ scopes: ['read', 'ingest'], workspace_ids: [here.workspace] });
    const body = [modelRequest(), modelRequest({ project_id: 'p-1' }), modelRequest({ project_id: '' })];
    await here.ask('/v1/events?wait=true', { key, body });
    const sums = await analytics(here, '', { key });
    expect([sums.total_requests, sums.projects]).toEqual([3, { 'p-1': counts(1, 0) }]);
  });
});

describe('the window', () => {
  test('begins at the midnight of UTC that began its first day', async () => {
    const here = await world();
    await here.post([
      modelRequest({ timestamp: midnight(0) }),
      modelRequest({ timestamp: midnight(0) - 1 }),
      modelRequest({ timestamp: midnight(1) }),
      modelRequest({ timestamp: midnight(1) - 1 }),
    ]);
    const dailyOf = async (query: string): Promise<Body> =>
      (await analytics(here, query)).daily.map((day: Body) => [day.date, day.requests]);
    expect(await dailyOf('?days=1')).toEqual([[dateOf(midnight(0)), 1]]);
    expect(await dailyOf('?days=2')).toEqual([
      [dateOf(midnight(1)), 2],
      [dateOf(midnight(0)), 1],
    ]);
    expect((await analytics(here, '?days=2')).total_requests).toBe(3);
  });

  test('is 30 days unless days says otherwise, and 365 at most', async () => {
    const here = await world();
    await here.post([29, 30, 364, 365].map((ago) => modelRequest({ timestamp: midnight(ago) })));
    const seen = async (query: string): Promise<Body> => {
      const { total_requests: total, daily } = await analytics(here, query);
      return [total, daily.length, daily[0].date, daily.at(-1).date];
    };
    const today = dateOf(midnight(0));
    expect(await seen('')).toEqual([1, 30, dateOf(midnight(29)), today]);
    expect(await seen('?days=')).toEqual([1, 30, dateOf(midnight(29)), today]);
    expect(await seen('?days=31')).toEqual([2, 31, dateOf(midnight(30)), today]);
    expect(await seen('?days=365')).toEqual([3, 365, dateOf(midnight(364)), today]);
  });

  test('ends with today: its days add up to the totals', async () => {
    const here = await world();
    await here.post([
      modelRequest({ timestamp: midnight(-1) }),
      modelRequest({ timestamp: midnight(-1) - 1 }),
      modelRequest({ status: 500 }),
    ]);
    const body = await analytics(here);
    expect([body.total_requests, body.daily.at(-1).requests]).toEqual([2, 2]);
  });

  test.each(['0', '366', '-1', '1.5', 'x', '1e1', '٣', ' 7', '99999999999999999999'])(
    'refuses days=%s with its name and its limits',
    async (days) => {
      const here = await world();
      const response = await here.ask(`${PATH}?days=${encodeURIComponent(days)}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        error: {
          message: 'days: must be an integer from 1 to 365',
          type: 'invalid_request_error',
          code: 'invalid_parameter',
        },
      });
    },
  );
});

describe('bounds', () => {
  test('a key bound to a project sums its own alone', async () => {
    const mine = await world();
    const theirs = await world();
    await mine.post([modelRequest({ model: 'mine' })]);
    await theirs.post([modelRequest({ model: 'theirs' })]);
    const sums = await analytics(mine);
    expect([sums.models, sums.projects]).toEqual([{ mine: counts(1, 0) }, { [mine.project]: counts(1, 0) }]);
    expect(await analytics(mine, `?project_id=${mine.project}`)).toEqual(sums);
    expect(await analytics(mine, '?project_id=')).toEqual(sums);
    const asAdmin = await analytics(mine, `?project_id=${theirs.project}`, { key: mine.adminKey });
    expect([asAdmin.models, asAdmin.projects]).toEqual([
      { theirs: counts(1, 0) },
      { [theirs.project]: counts(1, 0) },
    ]);
  });

  test('a key bound to another project gets 403', async () => {
    const mine = await world();
    for (const project of ['another', `${mine.project}%`, mine.project.toUpperCase()]) {
      const response = await mine.ask(`${PATH}?project_id=${encodeURIComponent(project)}`);
      expect(response.status).toBe(403);
      expect((await response.json<Body>()).error).toEqual({
        message: expect.stringContaining('project_id'),
        type: 'permission_error',
        code: 'permission_denied',
      });
    }
  });

  test('keys bound to a virtual key or to workspaces sum their own', async () => {
    const here = await world();
    const virtualKey = `vk-${crypto.randomUUID()}`;
    await here.post([
      modelRequest({ model: 'by-key', virtual_key_id: virtualKey }),
      modelRequest({ model: 'in-workspace', workspace_id: here.workspace }),
      modelRequest({ model: 'neither' }),
    ]);
    for (const [bound, model] of [
      [{ virtual_key_id: virtualKey }, 'by-key'],
      [{ workspace_ids: [here.workspace] }, 'in-workspace'],
    ] as const) {
      const { key } = await here.mint({ scopes: ['read'], ...bound });
      expect((await analytics(here, '', { key })).models).toEqual({ [model]: counts(1, 0) });
    }
  });
});

test('every refusal wears the envelope, and every answer its id under both names', async () => {
  const here = await world();
  const ingest = await here.mint({ scopes: ['ingest'], project_id: here.project });
  const answers: readonly (readonly [string, Body, number, string])[] = [
    [PATH, {}, 200, ''],
    [`${PATH}?days=0`, {}, 400, 'invalid_request_error'],
    [PATH, { key: null }, 401, 'authentication_error'],
    [PATH, { key: null, headers: { 'x-api-key': here.key } }, 401, 'authentication_error'],
    [PATH, { key: ingest.key }, 403, 'permission_error'],
    [`${PATH}?project_id=other`, {}, 403, 'permission_error'],
    [`${PATH}/any`, {}, 404, 'not_found_error'],
    [`${PATH}/any`, { key: null }, 401, 'authentication_error'],
    [PATH, { method: 'POST' }, 405, 'invalid_request_error'],
  ];
  for (const [path, asked, status, type] of answers) {
    const response = await here.ask(path, asked);
    expect([path, response.status]).toEqual([path, status]);
    expect(response.headers.get('x-gateway-request-id')).toBe(response.headers.get('x-request-id'));
    if (status !== 200)
      expect(await response.json()).toEqual({
        error: { message: expect.stringMatching(/./), type, code: expect.any(String) },
      });
    if (status === 405) expect(response.headers.get('allow')).toBe('GET, HEAD');
  }
  const head = await here.ask(PATH, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});
