/** The ingest object when all is well, and when it is behind: waiting, idempotency keys, back-pressure. */
import { runInDurableObject } from 'cloudflare:test';
import { afterEach, expect, test } from 'vitest';
import { world } from '../world.ts';
import { breakDatabase, healDatabase, ingestObject } from './faulty-database.ts';

afterEach(async () => {
  await healDatabase();
});

test('an event is readable within a quarter of a second when idle', async () => {
  const { ask, json } = await world();
  const startedAt = Date.now();
  expect((await ask('/v1/events', { body: { id: 'a', tool_name: 'tool' } })).status).toBe(202);
  while ((await json('/api/mcp-logs')).logs.length === 0) {
    if (Date.now() - startedAt > 250) break;
  }
  expect((await json('/api/mcp-logs')).logs.length).toBe(1);
});

test('wait=true answers when the events are readable', async () => {
  const { json } = await world();
  const receipt = await json('/v1/events?wait=true', { body: [{ id: 'a', tool_name: 'tool' }] });
  expect(receipt).toEqual({ accepted: 1, rejected: [], readable: true });
  expect((await json('/api/mcp-logs')).logs.length).toBe(1);
});

test('wait=true gives up after ten seconds and says so; the event is kept', async () => {
  const { ask, json } = await world();
  await breakDatabase(() => 'before');
  const startedAt = Date.now();
  const response = await ask('/v1/events?wait=true', { body: [{ id: 'a', tool_name: 'tool' }] });
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ accepted: 1, rejected: [], readable: false });
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(9_900);
  await healDatabase();
  await expect.poll(async () => (await json('/api/mcp-logs')).logs.length, { timeout: 35_000 }).toBe(1);
});

test('a repeated idempotency key returns the first answer and stores nothing', async () => {
  const { json, mint, project } = await world();
  const headers = { 'idempotency-key': 'batch-1' };
  const first = await json('/v1/events?wait=true', {
    headers,
    body: [{ tool_name: 'tool' }, { tool_name: 7 }],
  });
  expect(first).toMatchObject({
    accepted: 1,
    rejected: [{ index: 1, error: 'tool_name: must be a string' }],
  });
  const second = await json('/v1/events', { headers, body: [{ tool_name: 'other' }, { tool_name: 'more' }] });
  expect(second).toEqual({ accepted: 1, rejected: first.rejected });
  const other = (await mint({ scopes: ['ingest'], project_id: project })).key;
  await json('/v1/events?wait=true', { key: other, headers, body: { tool_name: 'by another credential' } });
  const { logs } = await json('/api/mcp-logs');
  expect(logs.map((log: { tool_name: string }) => log.tool_name).toSorted()).toEqual([
    'by another credential',
    'tool',
  ]);
});

test('over 60 seconds behind, nothing is taken in and 503 says when to come back', async () => {
  const { ask, json } = await world();
  await breakDatabase(() => 'before');
  expect((await ask('/v1/events', { body: { id: 'kept', tool_name: 'tool' } })).status).toBe(202);
  await runInDurableObject(ingestObject(), (_instance, state) => {
    state.storage.sql.exec('UPDATE wal SET received_at = received_at - 61000');
  });
  const response = await ask('/v1/events', { body: { id: 'refused', tool_name: 'tool' } });
  expect(response.status).toBe(503);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  await healDatabase();
  await expect.poll(async () => (await json('/api/mcp-logs')).logs.length, { timeout: 35_000 }).toBe(1);
  expect((await json('/api/mcp-logs')).logs[0].id).toBe('kept');
});

test('over 16 MB behind, nothing is taken in', async () => {
  const { ask, json } = await world();
  await breakDatabase(() => 'before');
  const big = 'x'.repeat(900_000);
  const statuses: number[] = [];
  for (let call = 0; call < 20; call++)
    statuses.push(
      (await ask('/v1/events', { body: { id: `big-${call}`, tool_name: 'tool', result: big } })).status,
    );
  const kept = statuses.filter((status) => status === 202).length;
  expect(statuses.filter((status) => status === 503).length).toBe(20 - kept);
  expect(kept).toBeGreaterThanOrEqual(17);
  expect(kept).toBeLessThan(20);
  await healDatabase();
  await expect
    .poll(async () => (await json('/api/mcp-logs?limit=1')).pagination.total_count, { timeout: 35_000 })
    .toBe(kept);
});

test('events of one call that share an id become one', async () => {
  const { post, json } = await world();
  await post([
    { id: 'a', tool_name: 'tool', status: 'success', result: 1, latency_ms: 5 },
    { id: 'a', tool_name: 'tool', status: 'processing', arguments: { q: 1 }, result: 2 },
  ]);
  const { logs, pagination } = await json('/api/mcp-logs');
  expect(pagination.total_count).toBe(1);
  expect(logs[0]).toMatchObject({ status: 'success', result: 1, latency: 5, arguments: { q: 1 } });
});

test('the first arrival fixes the time, a later field wins, null takes nothing away', async () => {
  const { post, json } = await world();
  await post([{ id: 'a', tool_name: 'tool', timestamp: '2026-01-01T00:00:00Z', status: 'processing' }]);
  await post([{ id: 'a', tool_name: 'tool', timestamp: '2026-01-02T00:00:00Z', cost: 1, result: 'one' }]);
  await post([{ id: 'a', tool_name: 'tool', cost: 2, result: null }]);
  expect(await json('/api/mcp-logs/a')).toMatchObject({
    timestamp: '2026-01-01T00:00:00Z',
    status: 'success',
    cost: 2,
    result: 'one',
  });
});

test('entries of the log and parameters of D1 stay within their bytes, whatever the alphabet', async () => {
  const { post, json } = await world();
  await breakDatabase(() => 'before');
  const result = '語'.repeat(60_000);
  const events = Array.from({ length: 30 }, (_, place) => ({
    id: `wide-${place}`,
    tool_name: 'tool',
    result,
  }));
  const { ask } = await world();
  expect((await ask('/v1/events', { body: events })).status).toBe(202);
  const sizes = await runInDurableObject(ingestObject(), (_instance, state) =>
    state.storage.sql.exec<{ bytes: number }>('SELECT octet_length(body) AS bytes FROM wal').toArray(),
  );
  expect(Math.max(...sizes.map((row) => row.bytes))).toBeLessThanOrEqual(256_000);
  await healDatabase();
  await post([{ id: 'after', tool_name: 'tool' }]);
  expect((await json('/api/mcp-logs')).pagination.total_count).toBe(1);
});

test('text that grows too large once stored is refused by name', async () => {
  const { ask } = await world();
  const response = await ask('/v1/events', {
    body: { id: 'a', tool_name: 'tool', result: '\\'.repeat(500_000) },
  });
  expect(response.status).toBe(413);
  expect((await response.json<{ detail: string }>()).detail).toContain('1900000 bytes');
});
