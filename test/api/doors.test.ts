/** The doors of producers, through the whole Worker: what each posts is read back, once, and by whoever may post. */
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { producers } from '../../src/producers/index.ts';
import { world, type Ask } from '../world.ts';
import { DOORS } from './door-cases.ts';

test('every producer is under test', () => {
  const tested = new Set(DOORS.map((door) => door.producer));
  expect(producers.map((producer) => producer.name).filter((name) => !tested.has(name))).toEqual([]);
});

describe.for(DOORS.map((door) => [door.name, door] as const))('%s', ([, door]) => {
  const posting = (key: string | null, body: unknown): Ask => ({
    key: null,
    headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), 'content-type': door.type },
    body,
    method: 'POST',
  });

  test('what it posts is read back, typed', async () => {
    const here = await world();
    const response = await here.ask(door.path(here), posting(here.key, door.body(here, 'a plain word')));
    expect(response.status).toBe(door.status);
    const read = door.read(here);
    await expect.poll(async () => JSON.stringify(await here.json(read.path, read))).toContain(door.shows);
  });

  test('the same delivery twice is kept once', async () => {
    if (!door.isIdempotent) return;
    const here = await world();
    const body = door.body(here, 'a plain word');
    for (let delivery = 0; delivery < 2; delivery++)
      expect((await here.ask(door.path(here), posting(here.key, body))).status).toBe(door.status);
    await here.post([{ type: 'tool_call', tool_name: 'last' }]);
    const counts = await env.DB.prepare(
      `SELECT (SELECT count(*) FROM tool_calls WHERE project_id = ?1 AND tool_name <> 'last') +
        (SELECT count(*) FROM requests WHERE project_id = ?1) + (SELECT count(*) FROM server_logs WHERE project_id = ?1) AS n`,
    )
      .bind(here.project)
      .first<{ n: number }>();
    expect(counts?.n).toBe(door.events);
  });

  test('PUT opens it too; no credential and one without the scope do not', async () => {
    const here = await world();
    const body = door.body(here, 'a plain word');
    expect((await here.ask(door.path(here), { ...posting(here.key, body), method: 'PUT' })).status).toBe(
      door.status,
    );
    expect((await here.ask(door.path(here), posting(null, body))).status).toBe(401);
    const reader = await here.mint({ scopes: ['read'] });
    expect((await here.ask(door.path(here), posting(reader.key, body))).status).toBe(403);
    const basic = { authorization: `Basic ${btoa(`tenant:${here.key}`)}`, 'content-type': door.type };
    expect(
      (await here.ask(door.path(here), { key: null, headers: basic, body, method: 'POST' })).status,
    ).toBe(door.status);
  });
});

test('what Helicone says in headers of the call is read back', async () => {
  const here = await world();
  const door = DOORS.find(({ name }) => name === 'helicone');
  const headers = {
    'Helicone-User-Id': 'user-1',
    'Helicone-Session-Id': 'session-1',
    'Helicone-Property-Team': 'blue',
    'Helicone-Property-Api-Key': 'hunter2',
  };
  await here.ask('/custom/v1/log?wait=true', { body: door?.body(here, 'words'), headers });
  const { logs } = await here.json('/api/mcp-logs');
  const stored = env.DB.prepare('SELECT user_id, session_id FROM tool_calls WHERE project_id = ?').bind(
    here.project,
  );
  expect(await stored.first()).toEqual({ user_id: 'user-1', session_id: 'session-1' });
  expect(logs[0].metadata).toMatchObject({
    team: 'blue',
    'api-key': expect.stringMatching(/^\[redacted:api_key:/),
  });
});

test('one address knows them by their shape', async () => {
  const here = await world();
  for (const door of DOORS.filter((each) => each.isRecognised)) {
    const response = await here.ask('/v1/events?wait=true', { body: door.body(here, 'a plain word') });
    expect(response.status, door.name).toBe(202);
    expect((await response.json<{ accepted: number }>()).accepted, door.name).toBe(door.events);
  }
});
