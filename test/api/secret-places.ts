/** Where a secret could have come to rest: the tables, the object's own storage, and whatever any dialect answers. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, vi } from 'vitest';
import { ingestObject } from '../ingest/faulty-database.ts';
import type { Body, World } from '../world.ts';
import { areWithoutSecrets, FRAGMENTS } from './secret-samples.ts';

/** Everything that the Worker and its object write to the console from here on, until mocks are restored. */
export function overheard(): readonly string[] {
  const lines: string[] = [];
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, method).mockImplementation(
      (...said: unknown[]) => void lines.push(said.map(String).join(' ')),
    );
  return lines;
}

/** A table of the object's own storage, as text. */
export function logged(table: 'wal' | 'parked' | 'idempotency'): Promise<string> {
  return runInDurableObject(ingestObject(), (_instance, state) =>
    JSON.stringify(state.storage.sql.exec(`SELECT * FROM ${table}`).toArray()),
  );
}

/** Fails where a table of D1 holds a secret, or a text index knows a stretch of one. */
export async function areTablesWithoutSecrets(): Promise<void> {
  const { results: tables } = await env.DB.prepare(
    "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%\\_cf\\_%' ESCAPE '\\'",
  ).all<{ name: string; sql: string }>();
  expect(tables.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['tool_calls', 'requests', 'server_logs']),
  );
  for (const { name } of tables) {
    const { results } = await env.DB.prepare(`SELECT * FROM "${name}"`).all();
    areWithoutSecrets(JSON.stringify(results, textOfBytes), name);
  }
  const indexes = tables.filter(({ sql }) => sql.includes('trigram'));
  expect(indexes.length).toBe(3);
  for (const { name } of indexes) {
    const found = env.DB.prepare(`SELECT count(*) AS n FROM ${name} WHERE ${name} MATCH ?`);
    for (const fragment of FRAGMENTS)
      expect(await found.bind(trigramsOf(fragment)).first('n'), `${fragment} in ${name}`).toBe(0);
  }
}

/** Fails where an answer of any dialect holds a secret, or a search finds a stretch of one. */
export async function areReadsWithoutSecrets(here: World): Promise<void> {
  const answers = await Promise.all((await listsOf(here)).map((path) => here.ask(path)));
  const composio = { body: { limit: 100 }, headers: { 'x-api-key': here.key }, key: null };
  answers.push(await here.ask('/api/v3.1/logs/tool_execution', composio));
  for (const answer of answers) {
    expect(answer.status, answer.url).toBe(200);
    areWithoutSecrets(await answer.text(), 'a list');
  }
  const [calls, requests] = await Promise.all([
    here.json('/api/mcp-logs?limit=1000'),
    here.json(`/v1/requests?project_id=${here.project}`),
  ]);
  const details = [
    ...calls.logs.map(({ id }: Body) => `/api/mcp-logs/${encodeURIComponent(id)}`),
    ...calls.logs.map(({ id }: Body) => `/api/v3.1/logs/tool_execution/${encodeURIComponent(id)}`),
    ...requests.data.map(({ id }: Body) => `/v1/requests/${encodeURIComponent(id)}`),
  ];
  for (const path of details) {
    const detail = await here.ask(path);
    expect(detail.status, path).toBe(200);
    areWithoutSecrets(await detail.text(), path);
  }
  for (const fragment of FRAGMENTS) {
    const found = await here.json(`/api/mcp-logs?content_search=${fragment}`);
    expect(found.pagination.total_count, fragment).toBe(0);
  }
}

async function listsOf({ project, workspace }: World): Promise<readonly string[]> {
  const { results: servers } = await env.DB.prepare(
    'SELECT DISTINCT server_id FROM server_logs WHERE workspace_id = ?',
  )
    .bind(workspace)
    .all<{ server_id: string }>();
  return [
    '/api/mcp-logs?limit=1000',
    '/api/mcp-logs/filterdata',
    '/api/mcp-logs/histogram/top-tools',
    `/v1/requests?project_id=${project}`,
    '/v1/analytics',
    '/v1/workspaces',
    ...servers.map(
      ({ server_id }) => `/v1/workspaces/${workspace}/servers/${encodeURIComponent(server_id)}/logs`,
    ),
  ];
}

/** The indexes hold no positions, so they are asked for every three letters of a stretch. */
function trigramsOf(fragment: string): string {
  return Array.from(
    { length: fragment.length - 2 },
    (_, place) => `"${fragment.slice(place, place + 3)}"`,
  ).join(' AND ');
}

/** The pages of the text indexes are bytes. */
function textOfBytes(_key: string, value: unknown): unknown {
  const isBytes = Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number');
  return isBytes ? value.map((byte: number) => String.fromCharCode(byte)).join('') : value;
}
