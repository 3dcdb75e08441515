/** Large arguments and results through the front door of a deployment that has the bucket for them. */
import { createExecutionContext, runInDurableObject, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import type { Bindings } from '../../src/app.ts';
import gatelog from '../../src/index.ts';
import { ORIGIN, world, type Body, type World } from '../world.ts';

const bindings = { ...env, PAYLOADS: env.LARGE } as unknown as Bindings;

async function ask(here: World, path: string, init: RequestInit = {}): Promise<Body> {
  const headers = { authorization: `Bearer ${here.adminKey}` };
  const context = createExecutionContext();
  const response = await gatelog.fetch(
    new Request(`${ORIGIN}${path}`, { ...init, headers }),
    bindings,
    context,
  );
  await waitOnExecutionContext(context);
  return response.status === 204 ? null : response.json();
}

test('details have them whole and redacted, lists do without, and a deletion takes them away', async () => {
  const here = await world();
  await runInDurableObject(env.INGEST.getByName('main'), (instance) => {
    Object.assign(instance, { env: bindings });
  });
  const secret = `sk-proj-${'a1B2c3D4'.repeat(6)}`;
  const result = { text: 'sunny '.repeat(20_000), api_key: secret };
  await here.post([{ id: 'c', tool_name: 'search', arguments: { query: 'weather' }, result }]);
  const { objects } = await env.LARGE.list();
  expect(objects.length).toBe(1);
  const kept = (await (await env.LARGE.get(objects[0]?.key ?? ''))?.text()) ?? '';
  expect(kept).toContain('[redacted:');
  expect(kept).not.toContain(secret);
  const whole = JSON.parse(kept) as unknown;
  const detail = await ask(here, '/api/mcp-logs/c');
  expect(detail).toMatchObject({ arguments: { query: 'weather' }, result: whole });
  const execution = await ask(here, '/api/v3.1/logs/tool_execution/c');
  expect(execution.data.response.body.data).toEqual(whole);
  const { logs } = await ask(here, '/api/mcp-logs?content_search=sunny%20sunny');
  expect(logs.map((log: Body) => [log.id, log.arguments, log.result ?? null])).toEqual([
    ['c', { query: 'weather' }, null],
  ]);
  await ask(here, '/api/mcp-logs', { method: 'DELETE', body: JSON.stringify({ ids: ['c'] }) });
  expect((await env.LARGE.list()).objects).toEqual([]);
});
