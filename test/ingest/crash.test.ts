/** What was acknowledged survives: evictions, aborts, a D1 that fails, alarms that are lost or late. */
import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { world, type World } from '../world.ts';
import { breakDatabase, healDatabase, ingestObject, type Fault } from './faulty-database.ts';

/** How long a flush may take to show, in milliseconds: several backoffs. */
const READABLE_MILLISECONDS_MAX = 15_000;

afterEach(async () => {
  await healDatabase();
});

async function acknowledged(here: World, ids: readonly string[], status = 'success'): Promise<void> {
  const response = await here.ask('/v1/events', {
    body: ids.map((id) => ({ id, tool_name: 'tool', status })),
  });
  expect(response.status).toBe(202);
}

/** Each id is readable exactly once, the total says so, and so does a recount of table and posting lists. */
async function areReadableOnce(here: World, ids: readonly string[]): Promise<void> {
  const deadline = Date.now() + READABLE_MILLISECONDS_MAX;
  for (;;) {
    const body = await here.json('/api/mcp-logs?limit=1000');
    const total = body.pagination.total_count;
    if (total === ids.length || Date.now() > deadline) {
      expect(body.logs.map((log: { id: string }) => log.id).toSorted()).toEqual([...ids].toSorted());
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { results } = await env.DB.prepare(
    `SELECT t.seq FROM tool_calls t FULL JOIN
      (SELECT rowid FROM tool_call_postings WHERE tool_call_postings MATCH 'zz') p ON p.rowid = t.seq
      WHERE t.seq IS NULL OR p.rowid IS NULL`,
  ).all();
  expect(results).toEqual([]);
  const counts = await env.DB.prepare(
    `SELECT (SELECT count(*) FROM tool_calls) = (SELECT count(*) FROM tool_call_postings WHERE tool_call_postings MATCH 'zz') AS same`,
  ).first<{ same: number }>();
  expect(counts?.same).toBe(1);
}

const waiting = (): Promise<number> =>
  runInDurableObject(ingestObject(), (_instance, state) =>
    Number(state.storage.sql.exec('SELECT count(*) AS n FROM wal').one()['n']),
  );

test('an eviction between acknowledgement and flush loses nothing', async () => {
  const here = await world();
  await breakDatabase(() => 'hang');
  await acknowledged(here, ['a', 'b']);
  expect(await waiting()).toBeGreaterThan(0);
  await abortAllDurableObjects();
  await here.json('/readyz', { key: null });
  await areReadableOnce(here, ['a', 'b']);
  expect(await waiting()).toBe(0);
});

test('an orderly eviction keeps the log, and the alarm alone flushes it', async () => {
  const here = await world();
  await breakDatabase(() => 'before');
  await acknowledged(here, ['a']);
  await expect
    .poll(() => runInDurableObject(ingestObject(), (_i, state) => state.storage.getAlarm()))
    .not.toBeNull();
  await evictDurableObject(ingestObject());
  await runDurableObjectAlarm(ingestObject());
  await areReadableOnce(here, ['a']);
});

test('a lost alarm does not matter: the next call flushes what was left', async () => {
  const here = await world();
  await breakDatabase(() => 'before');
  await acknowledged(here, ['a']);
  await runInDurableObject(ingestObject(), (_instance, state) => state.storage.deleteAlarm());
  await abortAllDurableObjects();
  await acknowledged(here, ['b']);
  await areReadableOnce(here, ['a', 'b']);
});

test('an overdue alarm does not matter either', async () => {
  const here = await world();
  await breakDatabase(() => 'before');
  await acknowledged(here, ['a']);
  await evictDurableObject(ingestObject());
  await runInDurableObject(ingestObject(), (_instance, state) =>
    state.storage.setAlarm(Date.now() + 3_600_000),
  );
  await acknowledged(here, ['b']);
  await areReadableOnce(here, ['a', 'b']);
});

test('a D1 that commits and then fails writes nothing twice', async () => {
  const here = await world();
  let faults = 3;
  await breakDatabase(() => (faults-- > 0 ? 'after' : 'none'));
  await acknowledged(here, ['a', 'b', 'c']);
  while ((await waiting()) > 0) await runDurableObjectAlarm(ingestObject());
  await areReadableOnce(here, ['a', 'b', 'c']);
  expect(faults).toBeLessThan(0);
});

test('an alarm never throws, so the platform never drops it', async () => {
  const here = await world();
  await breakDatabase(() => 'overloaded');
  await acknowledged(here, ['a']);
  for (let firing = 0; firing < 8; firing++) expect(await runDurableObjectAlarm(ingestObject())).toBe(true);
  await healDatabase();
  await runDurableObjectAlarm(ingestObject());
  await areReadableOnce(here, ['a']);
});

test('an event that D1 refuses for good is parked alone, and the others go through', async () => {
  const here = await world();
  await runInDurableObject(ingestObject(), (instance) => {
    const prepare = (query: string): D1PreparedStatement => {
      const statement = env.DB.prepare(query);
      const bind = (...values: unknown[]): D1PreparedStatement => {
        if (
          values.some(
            (value) => typeof value === 'string' && value.includes('poison') && query.startsWith('WITH'),
          )
        )
          return env.DB.prepare('INSERT INTO tool_calls (seq) VALUES (NULL)');
        return statement.bind(...values);
      };
      return new Proxy(statement, {
        get: (target, name) => (name === 'bind' ? bind : Reflect.get(target, name)),
      });
    };
    const database = {
      prepare,
      batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
      withSession: () => database,
      getBookmark: () => null,
    };
    Object.assign(instance, { env: { ...env, DB: database } });
  });
  await acknowledged(here, ['a', 'poison', 'b']);
  await areReadableOnce(here, ['a', 'b']);
  const parked = await runInDurableObject(ingestObject(), (_instance, state) =>
    state.storage.sql.exec<{ body: string; reason: string }>('SELECT body, reason FROM parked').toArray(),
  );
  expect(parked.length).toBe(1);
  expect(parked[0]?.body).toContain('"poison"');
  expect(parked[0]?.reason).toContain('constraint');
});

test('numbers of the log are never used again after a drain', async () => {
  const here = await world();
  const last = (): Promise<number> =>
    runInDurableObject(ingestObject(), (_instance, state) =>
      Number(state.storage.sql.exec("SELECT seq FROM sqlite_sequence WHERE name = 'wal'").one()['seq']),
    );
  await acknowledged(here, ['a']);
  await areReadableOnce(here, ['a']);
  const before = await last();
  await acknowledged(here, ['b']);
  await areReadableOnce(here, ['a', 'b']);
  expect(await last()).toBe(before + 1);
});

test('whatever fails in whatever order, each acknowledged event is there once', async () => {
  const fault = fc.constantFrom<Fault>('none', 'before', 'after', 'overloaded');
  const blow = fc.constantFrom('none', 'evict', 'abort', 'alarm', 'heal');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ faults: fc.array(fault, { maxLength: 3 }), blow, again: fc.boolean() }), {
        minLength: 1,
        maxLength: 5,
      }),
      async (rounds) => {
        const here = await world();
        const ids: string[] = [];
        for (const [place, { faults, blow: hit, again }] of rounds.entries()) {
          const pending = [...faults];
          await breakDatabase(() => pending.shift() ?? 'none');
          const id = `event-${place}`;
          await acknowledged(here, [id], 'success');
          if (again) await acknowledged(here, [id], 'processing');
          ids.push(id);
          if (hit === 'evict') await evictDurableObject(ingestObject());
          if (hit === 'abort') await abortAllDurableObjects();
          if (hit === 'alarm') await runDurableObjectAlarm(ingestObject());
          if (hit === 'heal') await healDatabase();
        }
        await healDatabase();
        await runDurableObjectAlarm(ingestObject());
        await areReadableOnce(here, ids);
        const { stats } = await here.json('/api/mcp-logs');
        expect(stats).toMatchObject({ total_executions: ids.length, success_rate: 100 });
      },
    ),
    { numRuns: 25 },
  );
});
