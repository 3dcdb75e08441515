/** tool-execution: every refusal of usage, in Composio's envelope (contracts/tool-execution.md, "Usage"). */
import { describe, expect, test } from 'vitest';
import { world, type Ask, type Body } from '../world.ts';

const USAGE = '/api/v3.1/project/usage';
const DAY = 86_400_000;

describe('a bad body', () => {
  const now = Date.now();
  const long = 'a'.repeat(1025);
  const both: readonly [Body, readonly RegExp[]][] = [
    ['[]', [/^body: must be a JSON object/]],
    ['"x"', [/^body: must be a JSON object/]],
    ['{', [/^body: not JSON/]],
    [{ from: 'x' }, [/^from: must be epoch milliseconds/]],
    [{ to: null }, [/^to: must be epoch milliseconds/]],
    ['{"to":1e999}', [/^to: must be epoch milliseconds/]],
    [{ from: 2, to: 2 }, [/^from: must be before to/]],
    [{ from: 3, to: 2 }, [/^from: must be before to/]],
    [{ from: now + DAY }, [/^from: must be before to, which is now/]],
    [{ from: 0, to: 366 * DAY + 1 }, [/^from: must be 366 days before to at most/]],
    [{ from: now - 367 * DAY }, [/^from: must be 366 days before to at most/]],
    [{ filters: [] }, [/^filters: must be an object of user_id, session_id/]],
    [{ filters: null }, [/^filters: must be an object of user_id, session_id/]],
    [{ filters: { tool_slug: 'x' } }, [/^filters: must be an object of user_id, session_id/]],
    [{ filters: { user_id: 1 } }, [/^filters\.user_id: must be a string, or an array/]],
    [{ filters: { session_id: ['a', 1] } }, [/^filters\.session_id\.1: must be a string/]],
    [{ filters: { user_id: long } }, [/^filters\.user_id\.0: must have 1024 characters at most/]],
    [
      { filters: { user_id: Array.from({ length: 101 }, () => 'ada') } },
      [/^filters\.user_id: must have 100 values at most/],
    ],
    [{ from: 3, to: 2, filters: { user_id: 1 } }, [/^filters\.user_id: must be/, /^from: must be before to/]],
  ];
  const ofSummary: readonly [Body, readonly RegExp[]][] = [
    [{ entity_types: ['tools'] }, [/^entity_types\.0: must be one of tool_calls, sessions/]],
    [{ entity_types: 'sessions' }, [/^entity_types: must be an array of tool_calls, sessions/]],
    [{ entity_types: ['__proto__', null] }, [/^entity_types\.0: /, /^entity_types\.1: /]],
    [{ entity_types: Array.from({ length: 3 }, () => 'sessions') }, [/^entity_types: must have 2 at most/]],
  ];
  const ofBreakdown: readonly [Body, readonly RegExp[]][] = [
    [{ limit: 0 }, [/^limit: must be an integer of 1 or more; more than 1000 is taken as 1000/]],
    [{ limit: 1.5 }, [/^limit: must be an integer/]],
    [{ limit: '5' }, [/^limit: must be an integer/]],
    [
      { group_by: 'status' },
      [/^group_by: must be one of tool_slug, toolkit_slug, connected_account_id, user_id, session_id/],
    ],
    [{ order_by: 'count' }, [/^order_by: must be one of key, total_quantity, event_count/]],
    [{ order_direction: 'up' }, [/^order_direction: must be asc or desc/]],
    [
      { from: 2, to: 1, group_by: 'constructor', limit: -1 },
      [/^group_by: must be one of/, /^limit: must be/, /^from: must be before to/],
    ],
  ];
  const cases = [
    ...both.flatMap(([body, errors]) => [
      ['summary', body, errors] as const,
      ['sessions', body, errors] as const,
    ]),
    ...ofSummary.map(([body, errors]) => ['summary', body, errors] as const),
    ...ofBreakdown.map(([body, errors]) => ['tool_calls', body, errors] as const),
  ];

  test.each(cases)('of %s is 400 that names every fault: %#', async (path, body, errors) => {
    const here = await world();
    const response = await here.ask(`${USAGE}/${path}`, { body });
    expect(response.status).toBe(400);
    const { error } = await response.json<Body>();
    expect(error).toMatchObject({ code: 10400, slug: 'HTTP_BadRequest', status: 400 });
    expect(error.suggested_fix).toMatch(/./);
    expect(error.request_id).toBe(response.headers.get('x-request-id'));
    expect(error.errors).toHaveLength(errors.length);
    for (const [place, expected] of errors.entries()) expect(error.errors[place]).toMatch(expected);
  });
});

test.each(['tools', 'TOOL_CALLS', '__proto__', 'tool_calls%2Fx', '%00'])(
  'an unknown entity type %s is 400 that lists the known ones',
  async (entity) => {
    const here = await world();
    const response = await here.ask(`${USAGE}/${entity}`, { body: {} });
    expect(response.status).toBe(400);
    expect((await response.json<Body>()).error.errors).toEqual([
      'entity_type: must be one of tool_calls, sessions',
    ]);
  },
);

test('every other refusal wears the envelope too, on all paths of the project', async () => {
  const here = await world();
  const ingest = await here.mint({ scopes: ['ingest'], project_id: here.project });
  const answers: readonly (readonly [string, Ask, number, number])[] = [
    [`${USAGE}/summary`, { body: {}, key: null }, 401, 906],
    [`${USAGE}/tool_calls`, { body: { limit: 0 }, key: 'gl_wrong' }, 401, 801],
    [`${USAGE}/summary`, { body: {}, key: ingest.key }, 403, 812],
    [`${USAGE}/summary`, {}, 405, 10405],
    [`${USAGE}/sessions`, { method: 'DELETE' }, 405, 10405],
    [`${USAGE}/sessions/x`, { body: {} }, 404, 10404],
    [USAGE, { body: {} }, 404, 10404],
    ['/api/v3.1/project', {}, 404, 10404],
    ['/api/v3/project/config', {}, 404, 10404],
    [`${USAGE}/summary`, { body: `"${'x'.repeat(1024 * 1024)}"` }, 413, 10413],
  ];
  for (const [path, asked, status, code] of answers) {
    const response = await here.ask(path, asked);
    expect([path, response.status]).toEqual([path, status]);
    expect((await response.json<Body>()).error).toMatchObject({ code, status });
    if (status === 405) expect(response.headers.get('allow')).toBe('POST');
  }
});
