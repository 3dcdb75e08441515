/** Events that D1 refuses for good: put aside once, never lost, and nothing passes them when there is no more room. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, expect, test } from 'vitest';
import { PARKED_EVENTS_MAX } from '../../src/ingest/parked-events.ts';
import { world, type Body, type World } from '../world.ts';
import { breakDatabase, healDatabase, ingestObject } from './faulty-database.ts';
import { refuseMarked } from './refusing-database.ts';

afterEach(async () => {
  await healDatabase();
  await sql('DELETE FROM parked');
  await evictDurableObject(ingestObject());
});

function sql(statement: string): Promise<Body[]> {
  return runInDurableObject(ingestObject(), (_instance, state) =>
    state.storage.sql.exec(statement).toArray(),
  );
}

async function idsOf(here: World): Promise<string[]> {
  return (await here.json('/api/mcp-logs?limit=100')).logs.map((log: Body) => log.id).toSorted();
}

test('a flush that parks and then fails parks nothing twice', async () => {
  const here = await world();
  await breakDatabase(() => 'before');
  for (const id of ['a', 'poison', 'b'])
    expect((await here.ask('/v1/events', { body: { id, tool_name: 'tool' } })).status).toBe(202);
  // Refuses the poison alone and then loses the connection on the last of the halves.
  await refuseMarked('poison');
  const [lost] = await runInDurableObject(ingestObject(), (instance) => {
    const held = (instance as unknown as { env: { DB: Body } }).env.DB;
    const batch = held.batch;
    let calls = 0;
    held.batch = (statements: D1PreparedStatement[]) => {
      calls += 1;
      if (calls === 5) throw new Error('D1_ERROR: Network connection lost.');
      return batch(statements);
    };
    return [() => calls];
  });
  await runDurableObjectAlarm(ingestObject());
  expect(lost?.()).toBe(5);
  expect(await sql('SELECT number FROM parked')).toEqual([]);
  await runDurableObjectAlarm(ingestObject());
  expect((await sql('SELECT body FROM parked')).length).toBe(1);
  expect(await sql('SELECT number FROM wal')).toEqual([]);
  expect(await idsOf(here)).toEqual(['a', 'b']);
});

test('wait=true does not call an event readable that was put aside', async () => {
  const here = await world();
  await refuseMarked('poison');
  const wait = async (id: string): Promise<Body> =>
    here.json('/v1/events?wait=true', { body: [{ id, tool_name: 'tool' }] });
  expect(await wait('poison')).toEqual({ accepted: 1, rejected: [], readable: false });
  expect(await wait('fine')).toEqual({ accepted: 1, rejected: [], readable: true });
});

test('when no more can be put aside, the log stands still and nothing is lost', async () => {
  const here = await world();
  await sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${PARKED_EVENTS_MAX})
    INSERT INTO parked (parked_at, reason, body) SELECT 0, 'full', '["tool_call",["",""]]' FROM n`);
  await evictDurableObject(ingestObject());
  await refuseMarked('poison');
  for (const id of ['poison', 'behind it'])
    expect((await here.ask('/v1/events', { body: { id, tool_name: 'tool' } })).status).toBe(202);
  await runDurableObjectAlarm(ingestObject());
  expect((await sql('SELECT sum(events) AS events FROM wal'))[0]).toEqual({ events: 2 });
  await sql('UPDATE wal SET received_at = received_at - 61000');
  const refused = await here.ask('/v1/events', { body: { id: 'refused', tool_name: 'tool' } });
  expect([refused.status, refused.headers.has('retry-after')]).toEqual([503, true]);
  const ready = await here.ask('/readyz', { key: null });
  expect([ready.status, await ready.json()]).toEqual([
    503,
    {
      status: 'failing',
      database: 'ok',
      ingest: 'ok',
      backlog: 'failing',
      dead_letters: 'failing',
      reasons: [
        'backlog: too many events wait for the database; new ones are refused',
        'dead_letters: no more events can be put aside',
      ],
    },
  ]);
  const metrics = await (await here.ask('/metrics', { key: here.adminKey })).text();
  expect(metrics).toMatch(/gatelog_flushes_total\{outcome="full"\} [1-9]/);
  const [last] = await sql('SELECT max(number) AS number FROM parked');
  const dropped = await here.ask(`/v1/dead-letters/${last.number}`, { method: 'DELETE', key: here.adminKey });
  expect(dropped.status).toBe(204);
  await runDurableObjectAlarm(ingestObject());
  expect(await idsOf(here)).toEqual(['behind it']);
  expect((await sql('SELECT body FROM parked ORDER BY number DESC LIMIT 1'))[0].body).toContain('"poison"');
  expect((await here.ask('/v1/events', { body: { id: 'taken', tool_name: 'tool' } })).status).toBe(202);
});

test('a log of an object from before the counts is flushed as any other', async () => {
  const here = await world();
  await breakDatabase(() => 'before');
  expect((await here.ask('/v1/events', { body: { id: 'old', tool_name: 'tool' } })).status).toBe(202);
  await sql('ALTER TABLE wal DROP COLUMN counts');
  await evictDurableObject(ingestObject());
  await runDurableObjectAlarm(ingestObject());
  expect(await idsOf(here)).toEqual(['old']);
});
