/** JSON bodies of small requests: what is wrong with them is told in the words of JSON. */
import { expect, test } from 'vitest';
import { world } from '../world.ts';

test.for(['[]', '7', '"text"', 'null'])('a body of %s is told that it must be an object', async (body) => {
  const here = await world();
  for (const [path, method] of [
    ['/v1/keys', 'POST'],
    ['/v1/session', 'POST'],
    ['/v1/retention', 'PUT'],
  ] as const) {
    const problem = await here.json(path, { method, key: here.adminKey, body });
    expect(problem, path).toMatchObject({ status: 400, detail: 'body: must be a JSON object' });
  }
});

test.for([9_007_199_254_740_994, 253_402_300_800_000, -1, 1e308])(
  'a key that ends at %d is refused, and the list of keys stays whole',
  async (time) => {
    const here = await world();
    const body = { name: 'far', scopes: ['read'], expires_at: time };
    const problem = await here.json('/v1/keys', { key: here.adminKey, body });
    expect(problem).toMatchObject({
      status: 400,
      detail: 'expires_at: must be RFC 3339 or epoch milliseconds, before the year 10000',
    });
    expect((await here.ask('/v1/keys', { key: here.adminKey })).status).toBe(200);
  },
);
