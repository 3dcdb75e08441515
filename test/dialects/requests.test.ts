/** requests, seen as its clients see it (contracts/requests.md). */
import { describe, expect, test } from 'vitest';
import { world, type Body } from '../world.ts';

const PATH = '/v1/requests';
const TIME = Date.parse('2024-11-15T10:32:45.123Z');

/** A request on the wire with what is required, and these fields. */
function modelRequest(fields: Body = {}): Body {
  return { model: 'gpt-4o', provider: 'openai', status: 200, timestamp: TIME, ...fields };
}

function ids(body: Body): string[] {
  return body.data.map((row: Body) => row.id);
}

function query(parameters: Record<string, string>): string {
  return `${PATH}?${new URLSearchParams(parameters).toString()}`;
}

describe('the list', () => {
  test('shows the rows of the document, with exactly ten keys, newest first', async () => {
    const { post, ask, project } = await world();
    const failed = {
      id: 'req_01j9xky2m3n4o5p6q7r8s9t0',
      timestamp: '2024-11-15T10:31:12.044Z',
      model: 'claude-3-5-sonnet-20241022',
      provider: 'anthropic',
      status: 429,
      latency_ms: 210,
      input_tokens: null,
      output_tokens: null,
      project_id: project,
      error: 'rate_limit_error',
    };
    const answered = {
      id: 'req_01j9xkz3p4q5r6s7t8u9v0w1',
      timestamp: '2024-11-15T10:32:45.123Z',
      model: 'gpt-4o',
      provider: 'openai',
      status: 200,
      latency_ms: 843,
      input_tokens: 512,
      output_tokens: 128,
      project_id: project,
      error: null,
    };
    await post([failed, { ...answered, cost: 0.5, user_id: 'user-1', metadata: { a: 1 } }]);
    const response = await ask(PATH);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('server-timing')).toMatch(/^db;dur=/);
    expect(await response.json()).toEqual({
      total: 2,
      limit: 50,
      offset: 0,
      data: [answered, failed],
      next_cursor: null,
    });
  });

  test('writes nulls for what is unknown, and times with three fractional digits in UTC', async () => {
    const { post, json, project } = await world();
    await post([
      modelRequest({ id: 'bare', timestamp: '2024-11-15T12:00:00+02:00', model: '', provider: '' }),
    ]);
    expect((await json(PATH)).data).toEqual([
      {
        id: 'bare',
        timestamp: '2024-11-15T10:00:00.000Z',
        model: '',
        provider: '',
        status: 200,
        latency_ms: null,
        input_tokens: null,
        output_tokens: null,
        project_id: project,
        error: null,
      },
    ]);
  });

  test('is empty where there is nothing', async () => {
    const { json } = await world();
    expect(await json(PATH)).toEqual({ total: 0, limit: 50, offset: 0, data: [], next_cursor: null });
  });

  test('shows requests alone, not tool calls', async () => {
    const { post, json } = await world();
    await post([{ id: 'call', tool_name: 'search' }, modelRequest({ id: 'request' })]);
    expect(ids(await json(PATH))).toEqual(['request']);
  });

  test('answers HEAD as GET, without a body', async () => {
    const { ask } = await world();
    const response = await ask(PATH, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect((await ask(`${PATH}?limit=0`, { method: 'HEAD' })).status).toBe(400);
  });
});

describe('pages', () => {
  test('by offset: total stays exact, and past the end there is nothing', async () => {
    const { post, json } = await world();
    await post(Array.from({ length: 7 }, (_, n) => modelRequest({ id: `r${n}`, timestamp: TIME + n })));
    const second = await json(query({ limit: '3', offset: '3' }));
    expect(second).toMatchObject({ total: 7, limit: 3, offset: 3 });
    expect(ids(second)).toEqual(['r3', 'r2', 'r1']);
    expect(await json(query({ offset: '7' }))).toMatchObject({ total: 7, data: [], next_cursor: null });
    const far = query({ offset: String(Number.MAX_SAFE_INTEGER), limit: '500' });
    expect(await json(far)).toMatchObject({ total: 7, limit: 500, data: [] });
  });

  test('by cursor and by offset: equal timestamps neither repeat nor vanish', async () => {
    const { post, json } = await world();
    const posted = Array.from({ length: 11 }, (_, n) => modelRequest({ id: `r${n}` }));
    await post(posted);
    const all = ids(await json(PATH));
    expect([all.length, new Set(all)]).toEqual([11, new Set(posted.map(({ id }) => id))]);
    const walked: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Body = await json(query({ limit: '4', cursor }));
      expect([page.total, page.data.length <= 4]).toEqual([11, true]);
      walked.push(...ids(page));
      cursor = page.next_cursor;
    }
    expect(walked).toEqual(all);
    const skipped = await Promise.all(
      [0, 4, 8].map(async (offset) => ids(await json(query({ limit: '4', offset: String(offset) })))),
    );
    expect(skipped.flat()).toEqual(all);
  });

  test('by cursor: what comes in meanwhile moves nothing', async () => {
    const { post, json } = await world();
    await post(['a', 'b', 'c'].map((id, n) => modelRequest({ id, timestamp: TIME + n })));
    const first = await json(query({ limit: '2' }));
    await post([modelRequest({ id: 'newer', timestamp: TIME + 100 })]);
    expect(ids(first)).toEqual(['c', 'b']);
    expect(ids(await json(query({ limit: '2', cursor: first.next_cursor })))).toEqual(['a']);
  });

  test('a cursor of another query, another key or no make is refused', async () => {
    const { post, json, ask, project, adminKey } = await world();
    await post([modelRequest({ id: 'a' }), modelRequest({ id: 'b' })]);
    const { next_cursor: cursor } = await json(query({ limit: '1' }));
    expect(cursor).toEqual(expect.any(String));
    const refused = [
      await ask(query({ cursor, model: 'gpt-4o' })),
      await ask(query({ cursor, until: '2030-01-01T00:00:00Z' })),
      await ask(query({ cursor, project_id: project }), { key: adminKey }),
      await ask(query({ cursor: `${cursor}A` })),
      await ask(query({ cursor: '"; DROP TABLE requests' })),
      await ask(query({ cursor: '💥' })),
    ];
    for (const response of refused) {
      expect(response.status).toBe(400);
      expect(await response.json()).toEqual({
        error: {
          message: expect.stringContaining('cursor'),
          type: 'invalid_request_error',
          code: 'invalid_cursor',
        },
      });
    }
  });
});

describe('filters', () => {
  test('times are inclusive at both ends, as RFC 3339 and as epoch milliseconds', async () => {
    const { post, json } = await world();
    await post([-1, 0, 1, 2].map((n) => modelRequest({ id: `t${n}`, timestamp: TIME + n })));
    const cases: [Record<string, string>, string[]][] = [
      [{ since: '2024-11-15T10:32:45.123Z' }, ['t2', 't1', 't0']],
      [{ since: String(TIME), until: String(TIME + 1) }, ['t1', 't0']],
      [{ until: '2024-11-15T12:32:45.123+02:00' }, ['t0', 't-1']],
      [{ since: '2024-11-15T10:32:45.1231Z', until: '2024-11-15T10:32:45.1249Z' }, ['t1']],
      [{ since: String(TIME + 2), until: String(TIME) }, []],
      [{ since: '0', until: '1' }, []],
      [{ since: '0', until: '9007199254740991' }, ['t2', 't1', 't0', 't-1']],
      [{ since: '2300-01-01T00:00:00Z' }, []],
      [{ since: '', until: '' }, ['t2', 't1', 't0', 't-1']],
    ];
    for (const [parameters, expected] of cases) {
      const body = await json(query(parameters));
      expect([parameters, body.total, ids(body)]).toEqual([parameters, expected.length, expected]);
    }
  });

  test('status, outcome, provider and model: one, several, and together', async () => {
    const { post, json } = await world();
    const statuses = [200, 299, 300, 199, 400, 429, 499, 500, 0, 999];
    await post(
      statuses.map((status, n) =>
        modelRequest({
          id: `s${status}`,
          status,
          timestamp: TIME - n,
          provider: status < 400 ? 'openai' : 'anthropic',
          model: status % 2 === 0 ? 'even' : 'odd',
        }),
      ),
    );
    const rest = statuses.filter((status) => status < 200 || status > 299);
    const cases: [Record<string, string>, number[]][] = [
      [{ status: '429' }, [429]],
      [{ status: '4xx' }, [400, 429, 499]],
      [{ status: '4XX, 200 ,' }, [200, 400, 429, 499]],
      [{ status: '0' }, [0]],
      [{ status: '0xx,1xx,2xx,3xx,4xx,5xx,6xx,7xx,8xx,9xx' }, statuses],
      [{ status: '404' }, []],
      [{ status: ',' }, statuses],
      [{ outcome: 'ok' }, [200, 299]],
      [{ outcome: 'error' }, rest],
      [{ outcome: 'ok,error' }, statuses],
      [{ outcome: '' }, statuses],
      [{ outcome: 'error', status: '2xx,5xx' }, [500]],
      [{ provider: 'anthropic' }, [400, 429, 499, 500, 999]],
      [{ provider: 'anthropic,openai' }, statuses],
      [{ provider: 'OpenAI' }, []],
      [{ model: 'odd', provider: 'openai' }, [299, 199]],
      [{ model: 'odd,even', status: '5xx' }, [500]],
    ];
    for (const [parameters, expected] of cases) {
      const body = await json(query(parameters));
      expect([parameters, body.total, new Set(ids(body))]).toEqual([
        parameters,
        expected.length,
        new Set(expected.map((status) => `s${status}`)),
      ]);
    }
  });

  test('q finds a part of the error in any case of ASCII letters, and takes a comma as it is', async () => {
    const { post, json } = await world();
    await post([
      modelRequest({ id: 'limited', status: 429, error: 'Rate_Limit: wait, then retry' }),
      modelRequest({ id: 'percent', status: 500, error: '100% "sure" 💥' }),
      modelRequest({ id: 'fine' }),
    ]);
    const cases: [string, string[]][] = [
      ['rate_limit', ['limited']],
      ['wait, then', ['limited']],
      ['wait,retry', []],
      ['0%', ['percent']],
      ['"sure"', ['percent']],
      ['💥', ['percent']],
      ['rate-limit', []],
      ['', ['fine', 'limited', 'percent']],
    ];
    for (const [q, expected] of cases)
      expect([q, ids(await json(query({ q }))).toSorted()]).toEqual([q, expected]);
  });

  test('hostile texts are only texts: each finds its own event and no other', async () => {
    const { post, json, adminKey, project: own } = await world();
    const hostile = [
      '%',
      '_',
      "' OR 1=1 --",
      '" OR "',
      '*',
      'a*',
      'zz',
      'NOT x',
      '💥é',
      '\u0000',
      '\\',
      '(',
      '../x',
    ];
    const projects = hostile.map((text) => `${own}${text}`);
    await post(
      hostile.map((text, n) =>
        modelRequest({ id: `h${n}`, provider: text, model: `m${text}`, error: `e${text}!` }),
      ),
    );
    for (const [n, text] of hostile.entries()) {
      expect([text, ids(await json(query({ provider: text })))]).toEqual([text, [`h${n}`]]);
      expect([text, ids(await json(query({ model: `m${text}` })))]).toEqual([text, [`h${n}`]]);
      expect([text, ids(await json(query({ q: `E${text}!` })))]).toEqual([text, [`h${n}`]]);
    }
    for (const project of projects)
      expect((await json(query({ project_id: project }), { key: adminKey })).total).toBe(0);
  });

  test('a list takes a hundred values', async () => {
    const { post, json, ask } = await world();
    await post([modelRequest({ id: 'last', model: 'm99', provider: 'm99' })]);
    const values = Array.from({ length: 100 }, (_, n) => `m${n}`).join(',');
    for (const name of ['model', 'provider']) {
      expect(ids(await json(query({ [name]: values })))).toEqual(['last']);
      const response = await ask(query({ [name]: `${values},m100` }));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: { message: `${name}: must have 100 values at most`, type: 'invalid_request_error' },
      });
    }
  });

  test('project_id is exact, a comma included', async () => {
    const { ask, json, adminKey, project } = await world();
    const names = [project, `${project},x`, project.toUpperCase()];
    const body = names.map((project_id, n) => modelRequest({ id: `p${n}`, project_id }));
    await ask('/v1/events?wait=true', { key: adminKey, body });
    for (const [n, project_id] of names.entries()) {
      const found = await json(query({ project_id }), { key: adminKey });
      expect([found.total, ids(found), found.data[0].project_id]).toEqual([1, [`p${n}`], project_id]);
    }
  });
});

test.each([
  ['limit', '0'],
  ['limit', '501'],
  ['limit', '-1'],
  ['limit', '1.5'],
  ['limit', '1e2'],
  ['limit', 'ten'],
  ['limit', ' 5'],
  ['limit', '99999999999999999999'],
  ['offset', '-1'],
  ['offset', '0.5'],
  ['offset', 'x'],
  ['offset', '9007199254740993'],
  ['since', 'yesterday'],
  ['since', '2024-11-15'],
  ['since', '2024-11-15T10:00:00'],
  ['since', '2024-11-15T10:00:00 02:00'],
  ['since', '2024-02-30T10:00:00Z'],
  ['until', '-1'],
  ['until', '1.5'],
  ['until', "' OR 1=1"],
  ['status', 'ok'],
  ['status', '1000'],
  ['status', '4x'],
  ['status', '200,bad'],
  ['status', "429' OR 1=1"],
  ['outcome', 'OK'],
  ['outcome', 'ok,maybe'],
])('%s=%s is refused with 400 by its name', async (name, value) => {
  const { ask } = await world();
  const response = await ask(query({ [name]: value }));
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    error: {
      message: expect.stringMatching(new RegExp(`^${name}: must be`)),
      type: 'invalid_request_error',
      code: 'invalid_parameter',
    },
  });
});

describe('parameters', () => {
  test('all faults are told at once', async () => {
    const { json } = await world();
    const { message } = (await json(query({ limit: '0', offset: '-1', outcome: 'x' }))).error;
    for (const name of ['limit', 'offset', 'outcome']) expect(message).toContain(`${name}: must be`);
  });

  test('limits take 1 and 500, an empty value is an absent one, the first of a repeated one counts', async () => {
    const { json } = await world();
    expect(await json(`${PATH}?limit=1`)).toMatchObject({ limit: 1 });
    expect(await json(`${PATH}?limit=500`)).toMatchObject({ limit: 500 });
    const empty = `${PATH}?limit=&offset=&project_id=&cursor=&since=&until=&status=&provider=&model=&outcome=&q=`;
    expect(await json(empty)).toMatchObject({ limit: 50, offset: 0, total: 0 });
    expect(await json(`${PATH}?limit=7&limit=8`)).toMatchObject({ limit: 7 });
    expect(await json(`${PATH}?unknown=1&__proto__=2`)).toMatchObject({ total: 0 });
  });
});
