/** D1 is down for ten minutes of the clock: what was acknowledged is kept, the rest is refused as a whole. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { world, type Body } from '../world.ts';
import { breakDatabase, healDatabase, ingestObject } from './faulty-database.ts';

/** How often the outage is looked at, in milliseconds. */
const STEP = 10_000;

beforeEach(() => {
  // The clock alone: timers and alarms are the runtime's own.
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterEach(async () => {
  vi.useRealTimers();
  await healDatabase();
});

/** Everything that the object holds, as text, but for its counts. */
function kept(): Promise<string> {
  return runInDurableObject(ingestObject(), (_instance, state) =>
    JSON.stringify(
      ['wal', 'parked', 'idempotency'].map((table) =>
        state.storage.sql.exec(`SELECT * FROM ${table}`).toArray(),
      ),
    ),
  );
}

test('ten minutes without D1 cost no acknowledged event, and no refused call leaves a trace', async () => {
  const here = await world();
  await breakDatabase(() => 'before');
  const acknowledged: string[] = [];
  let refusals = 0;
  for (let elapsed = 0; elapsed < 600_000; elapsed += STEP) {
    const before = await kept();
    const ids = [`${elapsed} a`, `${elapsed} b`];
    const response = await here.ask('/v1/events', {
      headers: { 'idempotency-key': `call ${elapsed}` },
      body: ids.map((id) => ({ id, tool_name: 'tool' })),
    });
    if (response.status === 202) acknowledged.push(...ids);
    else {
      refusals += 1;
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toMatch(/^([1-9]|[12]\d|30)$/);
      expect(await kept()).toBe(before);
    }
    await runDurableObjectAlarm(ingestObject());
    vi.setSystemTime(Date.now() + STEP);
  }
  // The first minute's calls are taken, at 0, 10, …, 60 seconds.
  expect([acknowledged.length, refusals]).toEqual([14, 53]);
  await healDatabase();
  await runDurableObjectAlarm(ingestObject());
  const { logs, pagination } = await here.json('/api/mcp-logs?limit=1000');
  expect(pagination.total_count).toBe(14);
  expect(logs.map((log: Body) => log.id).toSorted()).toEqual(acknowledged.toSorted());
  const again = await here.ask('/v1/events', {
    headers: { 'idempotency-key': 'call 590000' },
    body: [{ id: '590000 a', tool_name: 'tool' }],
  });
  expect(again.status).toBe(202);
  await runDurableObjectAlarm(ingestObject());
  expect((await here.ask('/api/mcp-logs/590000%20a')).status).toBe(200);
});

test('a call that cannot be written as a whole leaves nothing of it', async () => {
  const here = await world();
  await breakDatabase(() => 'before');
  const before = await kept();
  await runInDurableObject(ingestObject(), (_instance, state) => {
    state.storage.sql.exec(`CREATE TRIGGER no_second BEFORE INSERT ON wal
      WHEN (SELECT count(*) FROM wal) > 0
      BEGIN SELECT RAISE(ABORT, 'disk full'); END`);
  });
  const result = 'x'.repeat(200_000);
  const response = await here.ask('/v1/events', {
    body: [1, 2, 3].map((place) => ({ id: `big ${place}`, tool_name: 'tool', result })),
  });
  await runInDurableObject(ingestObject(), (_instance, state) => {
    state.storage.sql.exec('DROP TRIGGER no_second');
  });
  expect(response.status).toBeGreaterThanOrEqual(500);
  expect(await kept()).toBe(before);
  await healDatabase();
  await runDurableObjectAlarm(ingestObject());
  expect(
    (await env.DB.prepare('SELECT count(*) AS n FROM tool_calls WHERE id LIKE ?').bind('big %').first())?.[
      'n'
    ],
  ).toBe(0);
});
