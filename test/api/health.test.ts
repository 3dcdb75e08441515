/** Health, request ids, and what a path or method that does not exist answers. */
import { expect, test } from 'vitest';
import { world } from '../world.ts';

test('/healthz and /readyz are open; only the second reads the database', async () => {
  const { ask } = await world();
  const health = await ask('/healthz', { key: null });
  expect([health.status, health.headers.has('server-timing')]).toEqual([200, false]);
  const ready = await ask('/readyz', { key: null });
  expect(await ready.json()).toEqual({ status: 'ok', database: 'ok', ingest: 'ok' });
  expect(ready.headers.get('server-timing')).toMatch(
    /^db;dur=[\d.]+, rows_read;desc="\d+", rows_written;desc="\d+"$/,
  );
});

test('a sane request id is taken over, any other is replaced', async () => {
  const { ask } = await world();
  const given = async (id: string): Promise<string | null> =>
    (await ask('/healthz', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
  expect(await given('trace-1.a:b')).toBe('trace-1.a:b');
  expect(await given('a b')).toMatch(/^[0-9a-f-]{36}$/);
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
