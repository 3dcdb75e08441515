/** Health, request ids, and what a path or method that does not exist answers. */
import { createExecutionContext, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { breakDatabase, healDatabase, ingestObject } from '../ingest/faulty-database.ts';
import { ORIGIN, world } from '../world.ts';

test('/healthz and /readyz are open; only the second reads the database', async () => {
  const { ask } = await world();
  const health = await ask('/healthz', { key: null });
  expect([health.status, health.headers.has('server-timing')]).toEqual([200, false]);
  const ready = await ask('/readyz', { key: null });
  expect(await ready.json()).toEqual({
    status: 'ok',
    database: 'ok',
    ingest: 'ok',
    backlog: 'ok',
    dead_letters: 'ok',
  });
  expect(ready.headers.get('server-timing')).toMatch(
    /^db;dur=[\d.]+, rows_read;desc="\d+", rows_written;desc="\d+"$/,
  );
});

test('/readyz names the part that fails, and tells nothing of how', async () => {
  const app = createApp();
  const context = createExecutionContext();
  const readiness = async (settings: object): Promise<unknown[]> => {
    const response = await app.fetch(new Request(`${ORIGIN}/readyz`), settings, context);
    return [response.status, await response.json()];
  };
  const noDatabase = {
    withSession: () => noDatabase,
    prepare: () => {
      throw new Error('D1_ERROR: no such table: private');
    },
    getBookmark: () => null,
  };
  const noObject = {
    getByName: () => {
      throw new Error('private');
    },
  };
  const rest = { ingest: 'ok', backlog: 'ok', dead_letters: 'ok' };
  expect(await readiness({ ...env, DB: noDatabase })).toEqual([
    503,
    { status: 'failing', database: 'failing', ...rest, reasons: ['database: does not answer'] },
  ]);
  expect(await readiness({ ...env, INGEST: noObject })).toEqual([
    503,
    { status: 'failing', database: 'ok', ingest: 'failing', reasons: ['ingest: does not answer'] },
  ]);
  expect(await readiness({ ...env, DB: noDatabase, INGEST: noObject })).toEqual([
    503,
    {
      status: 'failing',
      database: 'failing',
      ingest: 'failing',
      reasons: ['database: does not answer', 'ingest: does not answer'],
    },
  ]);
});

test('/readyz does not wait for a part that hangs', async () => {
  const hang = (): Promise<never> => new Promise(() => undefined);
  const statement = { bind: () => statement, all: hang, run: hang, raw: hang, first: hang };
  const noDatabase = { withSession: () => noDatabase, prepare: () => statement, getBookmark: () => null };
  const startedAt = Date.now();
  const response = await createApp().fetch(
    new Request(`${ORIGIN}/readyz`),
    { ...env, DB: noDatabase },
    createExecutionContext(),
  );
  expect(await response.json()).toMatchObject({ status: 'failing', database: 'failing', ingest: 'ok' });
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(4900);
});

test('/readyz is degraded from half a backlog on, and still ready', async () => {
  const { ask } = await world();
  await breakDatabase(() => 'before');
  expect((await ask('/v1/events', { body: { tool_name: 'tool' } })).status).toBe(202);
  await runInDurableObject(ingestObject(), (_instance, state) => {
    state.storage.sql.exec('UPDATE wal SET received_at = received_at - 31000');
  });
  const ready = await ask('/readyz', { key: null });
  await healDatabase();
  await runDurableObjectAlarm(ingestObject());
  expect([ready.status, await ready.json()]).toEqual([
    200,
    {
      status: 'degraded',
      database: 'ok',
      ingest: 'ok',
      backlog: 'degraded',
      dead_letters: 'ok',
      reasons: ['backlog: events wait for the database'],
    },
  ]);
});

test('/healthz lives on whatever the settings say, the request carries or the bindings lack', async () => {
  const app = createApp();
  const asked = (headers: Record<string, string>): Request => new Request(`${ORIGIN}/healthz`, { headers });
  for (const settings of [
    { ...env, ADMIN_KEY: '' },
    { ...env, REDACT_PATTERNS: '[{"name":"a","pattern":"("}]' },
    { ...env, REDACT: 'perhaps' },
    {},
  ]) {
    const response = await app.fetch(asked({}), settings);
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  }
  for (const headers of [{ 'x-d1-bookmark': 'none' }, { authorization: 'Bearer wrong' }])
    expect((await app.fetch(asked(headers), env)).status).toBe(200);
});

test('a sane request id is taken over, any other is replaced', async () => {
  const { ask } = await world();
  const given = async (id: string): Promise<string | null> =>
    (await ask('/healthz', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
  expect(await given('trace-1.a:b')).toBe('trace-1.a:b');
  expect(await given('a b')).toMatch(/^[0-9a-f-]{36}$/);
  expect(await given(`ghp_${'Ab1'.repeat(12)}`)).toMatch(/^[0-9a-f-]{36}$/);
  expect(await given('x'.repeat(200))).toMatch(/^[0-9a-f-]{36}$/);
});

test('an unknown path is 404, a wrong method 405 with Allow', async () => {
  const { ask } = await world();
  expect((await ask('/nowhere')).status).toBe(404);
  const wrong = await ask('/v1/events');
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
  const keys = await ask('/v1/keys', { method: 'PUT' });
  expect([keys.status, keys.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
});

test('HEAD answers as GET does, without a body', async () => {
  const { ask } = await world();
  const head = await ask('/healthz', { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});
