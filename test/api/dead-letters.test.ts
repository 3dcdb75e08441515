/** Dead letters as an operator meets them: listed, sent again once the cause is healed, dropped; all of it audited. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, expect, test } from 'vitest';
import { breakDatabase, healDatabase, ingestObject } from '../ingest/faulty-database.ts';
import { refuseMarked } from '../ingest/refusing-database.ts';
import { world, type Body, type World } from '../world.ts';

afterEach(async () => {
  await healDatabase();
  await runDurableObjectAlarm(ingestObject());
});

/** Parks one event for each id; each must hold the word poison. */
async function park(here: World, ids: readonly string[], fields: Body = {}): Promise<void> {
  await refuseMarked('poison');
  for (const id of ids)
    await here.json('/v1/events?wait=true', { body: { id, tool_name: 'tool', ...fields } });
  await healDatabase();
}

function asAdmin(here: World, path: string, method = 'GET'): Promise<Response> {
  return here.ask(path, { method, key: here.adminKey });
}

/** The letters of a world's own project, the newest first. */
async function lettersOf(here: World): Promise<Body[]> {
  const { dead_letters } = await (await asAdmin(here, '/v1/dead-letters?limit=200')).json<Body>();
  return dead_letters.filter((letter: Body) => letter.event.project_id === here.project);
}

test('a letter tells what it is, when and why it was put aside, and its redacted event', async () => {
  const here = await world();
  const secret = `ghp_${'Ab1'.repeat(12)}`;
  const timestamp = '2026-01-01T00:00:00Z';
  await park(here, ['poison'], { timestamp, arguments: { note: `with ${secret}` } });
  const response = await asAdmin(here, '/v1/dead-letters');
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(text).not.toContain(secret);
  const [letter] = JSON.parse(text).dead_letters;
  expect(letter).toMatchObject({
    id: expect.stringMatching(/^\d+$/),
    kind: 'tool_call',
    reason: expect.stringContaining('constraint failed'),
    bytes: expect.any(Number),
    event: { id: 'poison', kind: 'tool_call', tool_name: 'tool', project_id: here.project, timestamp },
  });
  expect(letter.event.arguments.note).toContain('[redacted:');
  expect(Math.abs(Date.parse(letter.parked_at) - Date.now())).toBeLessThan(60_000);
});

test('letters page by cursor, the newest first, each once', async () => {
  const here = await world();
  const ids = ['poison 1', 'poison 2', 'poison 3', 'poison 4', 'poison 5'];
  await park(here, ids);
  const seen: string[] = [];
  let cursor = '';
  do {
    const page = await (await asAdmin(here, `/v1/dead-letters?limit=2&cursor=${cursor}`)).json<Body>();
    expect(page.dead_letters.length).toBeLessThanOrEqual(2);
    seen.push(...page.dead_letters.map((letter: Body) => letter.event.id));
    cursor = page.next_cursor ?? '';
  } while (cursor !== '' && seen.length < 100);
  expect(seen.slice(0, 5)).toEqual(ids.toReversed());
  for (const wrong of ['x', btoa('audit 5').replaceAll('=', ''), '!'])
    expect((await asAdmin(here, `/v1/dead-letters?cursor=${encodeURIComponent(wrong)}`)).status).toBe(400);
  for (const limit of ['0', '-1', 'all'])
    expect((await asAdmin(here, `/v1/dead-letters?limit=${limit}`)).status).toBe(400);
});

test('sent again after the cause is healed, an event is readable; before, it comes back', async () => {
  const here = await world();
  await park(here, ['poison']);
  const [first] = await lettersOf(here);
  await refuseMarked('poison');
  const early = await asAdmin(here, `/v1/dead-letters/${first.id}/resend?wait=true`, 'POST');
  expect([early.status, await early.json()]).toEqual([202, { id: first.id, readable: false }]);
  await healDatabase();
  const letters = await lettersOf(here);
  expect(letters.map((letter) => letter.event.id)).toEqual(['poison']);
  expect(Number(letters[0].id)).toBeGreaterThan(Number(first.id));
  const late = await asAdmin(here, `/v1/dead-letters/${letters[0].id}/resend?wait=true`, 'POST');
  expect([late.status, await late.json()]).toEqual([202, { id: letters[0].id, readable: true }]);
  expect((await here.json('/api/mcp-logs/poison')).id).toBe('poison');
  expect(await lettersOf(here)).toEqual([]);
  expect((await asAdmin(here, `/v1/dead-letters/${letters[0].id}/resend`, 'POST')).status).toBe(404);
});

test('sent again while D1 is down, an event waits in the log and is nowhere else', async () => {
  const here = await world();
  await park(here, ['poison']);
  const [letter] = await lettersOf(here);
  await breakDatabase(() => 'before');
  const response = await asAdmin(here, `/v1/dead-letters/${letter.id}/resend`, 'POST');
  expect([response.status, await response.json()]).toEqual([202, { id: letter.id }]);
  expect(await lettersOf(here)).toEqual([]);
  const waiting = await runInDurableObject(ingestObject(), (_instance, state) =>
    state.storage.sql.exec<{ body: string }>('SELECT body FROM wal').toArray(),
  );
  expect(waiting.map(({ body }) => body.includes('"poison"'))).toEqual([true]);
});

test('a backlog that is full takes no letter either', async () => {
  const here = await world();
  await park(here, ['poison']);
  await breakDatabase(() => 'before');
  await here.ask('/v1/events', { body: { id: 'waiting', tool_name: 'tool' } });
  await runInDurableObject(ingestObject(), (_instance, state) => {
    state.storage.sql.exec('UPDATE wal SET received_at = received_at - 61000');
  });
  const [letter] = await lettersOf(here);
  const response = await asAdmin(here, `/v1/dead-letters/${letter.id}/resend`, 'POST');
  expect([response.status, response.headers.has('retry-after')]).toEqual([503, true]);
  expect((await lettersOf(here)).length).toBe(1);
});

test('a dropped letter is gone; what is none is not found', async () => {
  const here = await world();
  await park(here, ['poison']);
  const [letter] = await lettersOf(here);
  const path = `/v1/dead-letters/${letter.id}`;
  expect((await asAdmin(here, path, 'DELETE')).status).toBe(204);
  expect(await lettersOf(here)).toEqual([]);
  for (const unknown of [
    path,
    '/v1/dead-letters/0',
    '/v1/dead-letters/1e3',
    '/v1/dead-letters/999999999999999999',
  ])
    expect((await asAdmin(here, unknown, 'DELETE')).status).toBe(404);
});

test('only admins come near, and a bounded one no further than its project', async () => {
  const here = await world();
  const other = await world();
  await park(here, ['poison']);
  const [letter] = await lettersOf(here);
  const calls = [
    ['GET', '/v1/dead-letters'],
    ['POST', `/v1/dead-letters/${letter.id}/resend`],
    ['DELETE', `/v1/dead-letters/${letter.id}`],
  ] as const;
  for (const [method, path] of calls) {
    expect((await here.ask(path, { method, key: null })).status).toBe(401);
    expect((await here.ask(path, { method })).status).toBe(403);
  }
  const stranger = (await here.mint({ scopes: ['admin'], project_id: other.project })).key;
  expect(await here.json('/v1/dead-letters', { key: stranger })).toEqual({
    dead_letters: [],
    next_cursor: null,
  });
  for (const [method, path] of calls.slice(1))
    expect((await here.ask(path, { method, key: stranger })).status).toBe(404);
  expect((await lettersOf(here)).length).toBe(1);
});

test('who sent what again, or dropped it, is in the audit log, and nothing of its content', async () => {
  const here = await world();
  await park(here, ['poison 1', 'poison 2'], { arguments: 'private' });
  const [second, first] = await lettersOf(here);
  await asAdmin(here, `/v1/dead-letters/${first.id}/resend?wait=true`, 'POST');
  await asAdmin(here, `/v1/dead-letters/${second.id}`, 'DELETE');
  const audit = await (await asAdmin(here, '/v1/audit?limit=2')).text();
  expect(audit).not.toContain('private');
  expect(JSON.parse(audit).entries).toMatchObject([
    { actor: 'admin', action: 'dead_letter.dropped', target: second.id, detail: { event_id: 'poison 2' } },
    { actor: 'admin', action: 'dead_letter.resent', target: first.id, detail: { kind: 'tool_call' } },
  ]);
});
