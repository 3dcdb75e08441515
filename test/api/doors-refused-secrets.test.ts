/** Secrets in calls that are refused or fail: nobody hears of them, neither the caller nor whoever reads the log. */
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import { ORIGIN, world, type Ask } from '../world.ts';
import { logged, overheard } from './secret-places.ts';
import { areWithoutSecrets, SECRET_ID, SECRET_WORDS } from './secret-samples.ts';

let lines: readonly string[] = [];

beforeEach(() => {
  lines = overheard();
});

afterEach(() => {
  vi.restoreAllMocks();
});

test('what is refused says no secret back, to the caller or to the log', async () => {
  const here = await world();
  const home = `?workspace_id=${here.workspace}&server_id=echo`;
  const json = { 'content-type': 'application/json' };
  const long = { 'idempotency-key': `${SECRET_ID}${'x'.repeat(255)}` };
  const asked: readonly (readonly [number, string, Ask])[] = [
    [400, '/v1/events', { body: `{"tool_name": "x", "q": "${SECRET_ID}"` }],
    [400, '/v1/events', { body: '[]', headers: long }],
    [400, `/v1/ingest/litellm?project_id=${SECRET_ID}`, { body: `[{"a":"${SECRET_ID}"`, headers: json }],
    [400, '/v1/ingest/kong', { body: '{}', headers: { 'x-d1-bookmark': SECRET_ID } }],
    [400, `/${SECRET_ID}/_bulk`, { body: `{"${SECRET_ID}":{}}`, headers: json }],
    [400, '/loki/api/v1/push', { body: `{"streams":"${SECRET_ID}"}`, headers: json }],
    [401, `/v1/ingest/pino?api_key=${SECRET_ID}`, { body: '[]', key: SECRET_ID }],
    [404, `/${SECRET_ID}`, { headers: { 'x-request-id': SECRET_ID } }],
    [
      404,
      `/v1/workspaces/${SECRET_ID}/servers/x/logs`,
      { body: 'x', headers: { 'x-request-id': SECRET_ID } },
    ],
    [405, '/v1/ingest/pino', { method: 'DELETE', headers: { 'x-request-id': SECRET_ID } }],
    [413, `/v1/ingest/pino${home}`, { body: `{"msg":"${SECRET_ID}${'x'.repeat(2_000_000)}"}` }],
    [415, '/v1/ingest/kong', { body: '{}', headers: { 'content-encoding': SECRET_ID } }],
  ];
  for (const [status, path, ask] of asked) {
    const answer = await here.ask(path, ask);
    expect(answer.status, path).toBe(status);
    areWithoutSecrets(JSON.stringify([...answer.headers]) + (await answer.text()), path);
  }
  expect(lines).toHaveLength(asked.length + 1);
  areWithoutSecrets(lines.join('\n'), 'the log lines');
});

test('a failure that quotes a secret is logged without it, and an idempotency key is kept as its digest', async () => {
  const here = await world();
  const once = { 'idempotency-key': SECRET_ID };
  const body = { tool_name: 'once' };
  for (const accepted of [1, 1])
    expect(await here.json('/v1/events', { body, headers: once })).toMatchObject({ accepted });
  areWithoutSecrets(await logged('idempotency'), 'the idempotency keys');
  const home = `?workspace_id=${here.workspace}&server_id=echo`;
  const failing = {
    ...env,
    INGEST: { getByName: () => ({ append: () => Promise.reject(new Error(SECRET_WORDS)) }) },
  };
  const request = new Request(`${ORIGIN}/v1/ingest/winston${home}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${here.key}` },
    body: JSON.stringify({ message: SECRET_WORDS }),
  });
  const answer = await createApp().fetch(request, failing);
  expect([answer.status, await answer.text()]).toEqual([500, '{"error":"internal error"}']);
  expect(lines.join('\n')).toContain('"message":"failure","error":"Error: with [redacted:');
  areWithoutSecrets(lines.join('\n'), 'the log lines');
});

test('a search for a secret that fails is logged without it, whatever the database says', async () => {
  const run = (): Promise<never> =>
    Promise.reject(new Error(`D1_ERROR: fts5: syntax error near "${SECRET_ID}"`));
  const statement = { run, bind: () => statement };
  const session = { prepare: () => statement, getBookmark: () => null };
  const request = new Request(`${ORIGIN}/api/mcp-logs?content_search=${SECRET_ID}`, {
    headers: { authorization: `Bearer ${env.ADMIN_KEY}` },
  });
  const answer = await createApp().fetch(request, { ...env, DB: { ...session, withSession: () => session } });
  expect(answer.status).toBe(500);
  areWithoutSecrets(await answer.text(), 'the answer');
  expect(lines.join('\n')).toContain('near \\"id-[redacted:github_token:');
  areWithoutSecrets(lines.join('\n'), 'the log lines');
});
