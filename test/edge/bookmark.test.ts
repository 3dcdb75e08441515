/** Bookmarks: every answer that read names its state, and a reader gets back at least the state that it names. */
import { expect, test } from 'vitest';
import { world } from '../world.ts';

const HEADER = 'x-d1-bookmark';

test('an answer carries a bookmark, and the request after it may send it back', async () => {
  const { ask } = await world();
  const posted = await ask('/v1/events?wait=true', { body: { id: 'a', tool_name: 'tool' } });
  const written = posted.headers.get(HEADER);
  expect(written).toMatch(/^[0-9a-f-]+$/);
  const read = await ask('/api/mcp-logs', { headers: { [HEADER]: written ?? '' } });
  expect([read.status, (await read.json<{ logs: unknown[] }>()).logs.length]).toEqual([200, 1]);
  expect((read.headers.get(HEADER) ?? '') >= (written ?? '~')).toBe(true);
});

test('what is no bookmark is refused by name, in the surface’s own envelope', async () => {
  const { ask } = await world();
  const response = await ask('/v1/requests', { headers: { [HEADER]: "'; DROP TABLE keys" } });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining(HEADER) } });
});
