/** The doors of producers, through the whole Worker: what each posts is read back, and no secret stays anywhere. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, test } from 'vitest';
import { producers } from '../../src/producers/index.ts';
import { breakDatabase, healDatabase, ingestObject } from '../ingest/faulty-database.ts';
import { world, type Ask } from '../world.ts';
import { DOORS } from './door-cases.ts';

afterEach(async () => {
  await healDatabase();
});

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

  test.for<[string, string | Uint8Array]>([
    ['truncated', '[{"a":'],
    ['text', 'hello there'],
    ['a number', '7'],
    ['null', 'null'],
    ['wrong types', '[[1,2],{"a":[]},"x",null]'],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0, 1, 2, 0x80])],
    ['deep nesting', '['.repeat(20_000) + ']'.repeat(20_000)],
  ])('%s is no 500', async ([, body]) => {
    const here = await world();
    expect((await here.ask(door.path(here), posting(here.key, body))).status).toBeLessThan(500);
  });

  test('11 MB are refused in its own way', async () => {
    const here = await world();
    const { status } = await here.ask(door.path(here), posting(here.key, `[${' '.repeat(11_000_000)}]`));
    expect([400, 413]).toContain(status);
  });

  test('a secret appears in no answer, no table and no log', async () => {
    const here = await world();
    // Waiting would wait for the database that is broken on purpose.
    const unwaited = door.path(here).replace(/wait=true&?/, '');
    const secret = `sk-ant-${'Zq7'.repeat(12)}`;
    await breakDatabase(() => 'before');
    const response = await here.ask(
      unwaited,
      posting(here.key, door.body(here, `the key is ${secret} here`)),
    );
    expect(response.status).toBe(door.status);
    expect(await response.text()).not.toContain('Zq7Zq7');
    const logged = await runInDurableObject(ingestObject(), (_instance, state) =>
      JSON.stringify(state.storage.sql.exec('SELECT body FROM wal').toArray()),
    );
    expect(logged).not.toContain('Zq7Zq7');
    expect(logged).toContain('[redacted:');
    await healDatabase();
    await here.post([{ type: 'tool_call', tool_name: 'last' }]);
    for (const table of ['tool_calls', 'requests', 'server_logs', 'counters']) {
      const { results } = await env.DB.prepare(`SELECT * FROM ${table}`).all();
      expect(JSON.stringify(results)).not.toContain('Zq7Zq7');
    }
    const found = await here.json(`/api/mcp-logs?content_search=${secret.slice(0, 20)}`);
    expect(found.pagination.total_count).toBe(0);
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
