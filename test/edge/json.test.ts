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
