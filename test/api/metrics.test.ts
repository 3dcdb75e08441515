/** What an operator sees: the metrics move by what happened, no eviction sets them back, and one line tells a request. */
import {
  createExecutionContext,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, test, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import { breakDatabase, healDatabase, ingestObject } from '../ingest/faulty-database.ts';
import { refuseMarked } from '../ingest/refusing-database.ts';
import { ORIGIN, world, type Body, type World } from '../world.ts';

afterEach(async () => {
  vi.restoreAllMocks();
  await healDatabase();
  await runDurableObjectAlarm(ingestObject());
});

type Samples = ReadonlyMap<string, number>;

/** The samples of the metrics by name and labels. Every line must be one of the format's. */
async function scrape(here: World): Promise<Samples> {
  const response = await here.ask('/metrics', { key: here.adminKey });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const samples = new Map<string, number>();
  for (const line of (await response.text()).split('\n').slice(0, -1)) {
    if (/^# (HELP gatelog_[a-z_]+ .+|TYPE gatelog_[a-z_]+ (counter|gauge))$/.test(line)) continue;
    const [, name, value] =
      /^(gatelog_[a-z_]+(?:\{[a-z_]+="[\w]+"(?:,[a-z_]+="[\w]+")*\})?) (\S+)$/.exec(line) ?? [];
    expect(name, line).toBeDefined();
    samples.set(name ?? '', Number(value));
  }
  return samples;
}

/** What became more between two scrapes. */
function grown(before: Samples, after: Samples, pattern: RegExp): Record<string, number> {
  return Object.fromEntries(
    [...after]
      .map(([name, value]) => [name.replace('gatelog_', ''), value - (before.get(name) ?? 0)] as const)
      .filter(([name, value]) => pattern.test(name) && value !== 0),
  );
}

test('accepted by kind, rejected by reason, merged and flushed add up', async () => {
  const here = await world();
  const before = await scrape(here);
  const line = { workspace_id: here.workspace, server_id: 's', message: 'm' };
  const model = { model: 'm', provider: 'p', status: 200 };
  const call = { id: 'same', tool_name: 'tool' };
  await here.json('/v1/events?wait=true', {
    body: [
      call,
      { ...call, latency_ms: 1 },
      model,
      line,
      { tool_name: 7 },
      { ...model, timestamp: Date.now() + 90_000_000 },
      { ...model, project_id: 'another' },
    ],
  });
  expect(grown(before, await scrape(here), /^(events|flushes)_/)).toEqual({
    'events_accepted_total{kind="tool_call"}': 2,
    'events_accepted_total{kind="request"}': 1,
    'events_accepted_total{kind="server_log"}': 1,
    'events_rejected_total{reason="invalid"}': 1,
    'events_rejected_total{reason="future"}': 1,
    'events_rejected_total{reason="out_of_bounds"}': 1,
    'events_merged_total{place="call"}': 1,
    events_flushed_total: 3,
    'flushes_total{outcome="done"}': 1,
  });
});

test('what merges with a stored event is told, and what repeats it too', async () => {
  const here = await world();
  const before = await scrape(here);
  const call = { id: 'same', tool_name: 'tool' };
  await here.post([{ ...call, status: 'processing' }]);
  await here.post([{ ...call, latency_ms: 7 }]);
  await here.post([{ ...call, latency_ms: 7 }]);
  expect(grown(before, await scrape(here), /^events_/)).toEqual({
    'events_accepted_total{kind="tool_call"}': 3,
    'events_merged_total{place="store"}': 2,
    events_flushed_total: 3,
  });
});

test('calls that never reach the object are counted too', async () => {
  const here = await world();
  const before = await scrape(here);
  expect((await here.ask('/v1/events', { body: [{ tool_name: 7 }] })).status).toBe(400);
  await here.ask('/v1/events', {
    body: '{"tool_name":"a"}\nnot json\n{',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  const many = Array.from({ length: 5001 }, () => ({ tool_name: 'tool' }));
  expect((await here.ask('/v1/events', { body: many })).status).toBe(413);
  expect(grown(before, await scrape(here), /^events_rejected/)).toEqual({
    'events_rejected_total{reason="invalid"}': 1,
    'events_rejected_total{reason="unreadable"}': 2,
    'events_rejected_total{reason="too_large"}': 5001,
  });
});

test('an outage shows as backlog, age and errors, and evictions lose no count', async () => {
  const here = await world();
  const before = await scrape(here);
  await breakDatabase(() => 'overloaded');
  expect((await here.ask('/v1/events', { body: [{ tool_name: 'a' }, { tool_name: 'b' }] })).status).toBe(202);
  await runDurableObjectAlarm(ingestObject());
  await runInDurableObject(ingestObject(), (_instance, state) => {
    state.storage.sql.exec('UPDATE wal SET received_at = received_at - 90000');
  });
  expect((await here.ask('/v1/events', { body: [{ tool_name: 'c' }] })).status).toBe(503);
  const during = await scrape(here);
  expect(during.get('gatelog_backlog_bytes')).toBeGreaterThan(0);
  expect(during.get('gatelog_backlog_age_seconds')).toBeGreaterThanOrEqual(90);
  expect(during.get('gatelog_backlog_fullness_ratio')).toBeGreaterThanOrEqual(1.5);
  expect(grown(before, during, /^events_/)).toEqual({
    'events_accepted_total{kind="tool_call"}': 2,
    'events_rejected_total{reason="behind"}': 1,
  });
  const failures = grown(before, during, /^(flushes|database_errors)_/);
  expect(failures['flushes_total{outcome="busy"}']).toBeGreaterThanOrEqual(2);
  expect(failures['database_errors_total{by="writer",class="busy"}']).toBe(
    failures['flushes_total{outcome="busy"}'],
  );
  // Evicted, it has the real database again, and flushes as soon as it is asked.
  await evictDurableObject(ingestObject());
  await runDurableObjectAlarm(ingestObject());
  await evictDurableObject(ingestObject());
  const after = await scrape(here);
  expect(after.get('gatelog_backlog_bytes')).toBe(0);
  expect(after.get('gatelog_backlog_age_seconds')).toBe(0);
  expect(after.get('gatelog_flush_lag_seconds')).toBeGreaterThanOrEqual(90);
  expect(Date.now() / 1000 - (after.get('gatelog_last_flush_timestamp_seconds') ?? 0)).toBeLessThan(60);
  expect(grown(before, after, /^events_(accepted|flushed)/)).toEqual({
    'events_accepted_total{kind="tool_call"}': 2,
    events_flushed_total: 2,
  });
  expect(grown(during, after, /^flushes.*busy/)).toEqual({});
});

test('dead letters and rows read and written are told', async () => {
  const here = await world();
  const before = await scrape(here);
  await refuseMarked('poison');
  await here.json('/v1/events?wait=true', {
    body: [
      { id: 'poison', tool_name: 'tool' },
      { id: 'b', tool_name: 'tool' },
    ],
  });
  await healDatabase();
  await here.json('/api/mcp-logs');
  const after = await scrape(here);
  expect(after.get('gatelog_dead_letters')).toBe((before.get('gatelog_dead_letters') ?? 0) + 1);
  expect(grown(before, after, /^dead_letters_moved|refused/)).toEqual({
    'dead_letters_moved_total{action="parked"}': 1,
    'database_errors_total{by="writer",class="refused"}': 2,
  });
  const rows = grown(before, after, /^database_rows/);
  expect(rows['database_rows_written_total{by="writer"}']).toBeGreaterThanOrEqual(4);
  expect(rows['database_rows_read_total{by="requests"}']).toBeGreaterThan(0);
  expect(grown(before, after, /^requests.*2xx/)['requests_total{status="2xx"}']).toBeGreaterThanOrEqual(2);
});

test('while D1 is away, the admin key still reads all but what D1 alone knows', async () => {
  const here = await world();
  expect([...(await scrape(here)).keys()]).toContain('gatelog_retention_backlog_seconds{kind="tool_call"}');
  const statement = {
    bind: () => statement,
    all: () => Promise.reject(new Error('D1_ERROR: D1 DB is overloaded.')),
  };
  const away = { withSession: () => away, prepare: () => statement, getBookmark: () => null };
  const response = await createApp().fetch(
    new Request(`${ORIGIN}/metrics`, { headers: { authorization: `Bearer ${here.adminKey}` } }),
    { ...env, DB: away },
    createExecutionContext(),
  );
  const text = await response.text();
  expect(response.status).toBe(200);
  expect(text).toContain('gatelog_backlog_bytes');
  expect(text).not.toContain('gatelog_retention');
});

test('/metrics takes the admin key or an unbounded key for metrics, and that key opens nothing else', async () => {
  const { ask, mint, key, project } = await world();
  const metrics = (await mint({ scopes: ['metrics'] })).key;
  expect((await ask('/metrics', { key: metrics })).status).toBe(200);
  for (const path of ['/api/mcp-logs', '/v1/dead-letters', '/v1/keys'])
    expect((await ask(path, { key: metrics })).status, path).toBe(403);
  expect((await ask('/v1/events', { key: metrics, body: [] })).status).toBe(403);
  expect((await ask('/metrics', { key: null })).status).toBe(401);
  expect((await ask('/metrics', { key })).status).toBe(403);
  const bounded = (await mint({ scopes: ['metrics'], project_id: project })).key;
  expect((await ask('/metrics', { key: bounded })).status).toBe(403);
});

test('each request is one line that tells what, who, how much and what went wrong, and no secret', async () => {
  const here = await world();
  const lines: Body[] = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => lines.push(JSON.parse(text)));
  const headers = { 'x-request-id': 'trace-1' };
  await here.ask('/v1/events?note=private', { headers, body: [{ tool_name: 'tool' }, { tool_name: 7 }] });
  await here.ask('/api/mcp-logs?limit=none', { headers });
  await here.ask('/v1/ingest/litellm', { headers, key: 'gl_wrong', body: [{}] });
  await here.ask('/api/mcp-logs', { headers });
  const [posted, refused, unknown, read] = lines.filter((line) => line.request_id === 'trace-1');
  expect(posted).toMatchObject({
    message: 'request',
    method: 'POST',
    surface: 'gatelog',
    path: '/v1/events',
    status: 202,
    duration_ms: expect.any(Number),
    accepted: 1,
    rejected: 1,
    rows_read: expect.any(Number),
    rows_written: expect.any(Number),
    credential: expect.stringMatching(/^key_/),
  });
  expect(posted).not.toHaveProperty('problem');
  expect(refused).toMatchObject({ surface: 'mcp-logs', status: 400, problem: 'invalid_request' });
  expect(unknown).toMatchObject({ surface: 'litellm', status: 401, problem: 'unauthenticated' });
  expect(unknown).not.toHaveProperty('credential');
  expect(read).toMatchObject({ surface: 'mcp-logs', status: 200 });
  expect(read.rows_read).toBeGreaterThan(0);
  expect(lines.length).toBe(4);
  for (const secret of [here.key, 'gl_wrong', 'private']) expect(JSON.stringify(lines)).not.toContain(secret);
});
