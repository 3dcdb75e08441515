/** Redaction through the canonical door: no credential is stored, searched or shown, and the same one can be followed. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { SECRETS } from '../event/secrets.ts';
import { breakDatabase, healDatabase, ingestObject } from '../ingest/faulty-database.ts';
import { ORIGIN, world } from '../world.ts';

afterEach(async () => {
  await healDatabase();
});

test('one credential of each form is in no table, no log entry and no answer', async () => {
  const here = await world();
  await breakDatabase(() => 'before');
  const body = SECRETS.map(([, secret], place) => ({
    id: `call-${place}`,
    tool_name: 'tool',
    arguments: { text: `before ${secret} after`, headers: { Authorization: `Bearer ${secret}` } },
    result: [{ deep: { url: `https://user:${encodeURIComponent(secret.slice(0, 30))}@host.test/` } }],
    error: `failed with ${secret}`,
    metadata: { note: secret },
    unknown_field: secret,
  }));
  const response = await here.ask('/v1/events', { body });
  expect(response.status).toBe(202);
  const logged = await runInDurableObject(ingestObject(), (_instance, state) =>
    JSON.stringify(state.storage.sql.exec('SELECT body FROM wal').toArray()),
  );
  await healDatabase();
  await here.post([{ id: 'last', tool_name: 'tool' }]);
  const { results } = await env.DB.prepare('SELECT * FROM tool_calls').all();
  const shown = JSON.stringify(await here.json('/api/mcp-logs?limit=1000'));
  for (const [kind, secret] of SECRETS) {
    const part = JSON.stringify(secret).slice(1, -1);
    expect(logged.includes(part), kind).toBe(false);
    expect(JSON.stringify(results).includes(part), kind).toBe(false);
    expect(shown.includes(part), kind).toBe(false);
    expect(shown, kind).toContain(`[redacted:${kind}:`);
  }
});

test('the same secret leaves the same mark, so that it can be followed', async () => {
  const { post, json } = await world();
  const secret = SECRETS[0]?.[1] ?? '';
  await post([
    { id: 'a', tool_name: 'tool', arguments: { note: `x ${secret}` } },
    { id: 'b', tool_name: 'tool', result: `${secret} y` },
  ]);
  const marks = ['a', 'b'].map(
    async (id) => /\[redacted:[^\]]+\]/.exec(JSON.stringify(await json(`/api/mcp-logs/${id}`)))?.[0],
  );
  const [one, other] = await Promise.all(marks);
  expect(one).toBeDefined();
  expect(other).toBe(one);
  expect(
    (await json(`/api/mcp-logs?content_search=${encodeURIComponent(one ?? '')}`)).pagination.total_count,
  ).toBe(2);
});

test('REDACT=off keeps what is posted, and a pattern that makes no sense is refused loudly', async () => {
  const here = await world();
  const secret = SECRETS[0]?.[1] ?? '';
  const post = (settings: object, id: string): Promise<Response> =>
    Promise.resolve(
      createApp().fetch(
        new Request(`${ORIGIN}/v1/events?wait=true`, {
          method: 'POST',
          headers: { authorization: `Bearer ${here.key}` },
          body: JSON.stringify({ id, tool_name: 'tool', result: `${secret} acme_123` }),
        }),
        { ...env, ...settings },
      ),
    );
  expect((await post({ REDACT: 'off' }, 'kept')).status).toBe(202);
  expect((await here.json('/api/mcp-logs/kept')).result).toBe(`${secret} acme_123`);
  const patterns = JSON.stringify([{ name: 'acme_key', pattern: 'acme_[0-9]+' }]);
  expect((await post({ REDACT_PATTERNS: patterns }, 'own')).status).toBe(202);
  expect((await here.json('/api/mcp-logs/own')).result).toMatch(/\[redacted:acme_key:[0-9a-f]{8}\]$/);
  const refused = await post({ REDACT_PATTERNS: '[{"name":"a","pattern":"("}]' }, 'never');
  expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining('REDACT_PATTERNS')]);
});

test('a metadata-only key leaves no arguments, results or messages behind', async () => {
  const here = await world();
  const { key } = await here.mint({ scopes: ['ingest'], project_id: here.project, metadata_only: true });
  const body = [
    {
      id: 'a',
      tool_name: 'tool',
      arguments: { q: 'private' },
      result: 'private',
      message: 'private',
      error: 'private',
    },
    {
      server_id: 's',
      workspace_id: here.workspace,
      line: '{"level":"error","msg":"private","sql":"private"}',
    },
  ];
  expect((await here.json('/v1/events?wait=true', { key, body })).accepted).toBe(2);
  const path = `/v1/workspaces/${here.workspace}/servers/s/logs`;
  expect((await here.json(`${path}?wait=true`, { key, body: 'private line', method: 'POST' })).accepted).toBe(
    1,
  );
  expect(await here.json('/api/mcp-logs/a')).toMatchObject({ tool_name: 'tool', status: 'error' });
  const tables = ['tool_calls', 'server_logs'].map((table) =>
    env.DB.prepare(`SELECT * FROM ${table} WHERE project_id = ?`).bind(here.project),
  );
  const stored = await env.DB.batch(tables);
  expect(stored.map(({ results }) => results.length)).toEqual([1, 2]);
  expect(JSON.stringify(stored.map(({ results }) => results))).not.toContain('private');
});

test('base64 images shrink to their size and digest', async () => {
  const { post, json } = await world();
  const data = btoa('not really a picture');
  await post([
    { id: 'a', tool_name: 'tool', result: { content: [{ type: 'image', mimeType: 'image/png', data }] } },
  ]);
  expect((await json('/api/mcp-logs/a')).result).toEqual({
    content: [
      { type: 'image', mimeType: 'image/png', bytes: 20, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ],
  });
});
