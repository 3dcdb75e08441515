/** What the limiter adds to a read: nothing, as long as it answers before the query does. */
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { Limiter, Verdict } from '../../src/edge/limits.ts';
import { ORIGIN, world } from '../world.ts';

/** A round trip to an object and one to D1, as far away as another continent, in milliseconds. */
const OBJECT_MILLISECONDS = 60;
const DATABASE_MILLISECONDS = 80;

const ROUNDS = 5;

const LET_IN: Verdict = { refusedBy: null, remaining: 7, resetMilliseconds: 60_000 };

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });

/** D1 whose sessions tell when a query begins, and are slow. */
function slowDatabase(begun: () => void): D1Database {
  const slow = (statement: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(statement, {
      get(target, name: keyof D1PreparedStatement) {
        if (name === 'bind') return (...values: unknown[]) => slow(target.bind(...values));
        if (name !== 'all' && name !== 'raw' && name !== 'run' && name !== 'first')
          return Reflect.get(target, name);
        return async (...given: never[]) => {
          begun();
          await pause(DATABASE_MILLISECONDS);
          return (target[name] as (...values: never[]) => unknown)(...given);
        };
      },
    });
  return new Proxy(env.DB, {
    get(target, name: keyof D1Database) {
      if (name !== 'withSession') return (target[name] as () => unknown).bind(target);
      return (...given: Parameters<D1Database['withSession']>) => {
        const session = target.withSession(...given);
        return {
          prepare: (sql: string) => slow(session.prepare(sql)),
          batch: async (statements: D1PreparedStatement[]) => {
            begun();
            await pause(DATABASE_MILLISECONDS);
            return session.batch(statements);
          },
          getBookmark: () => session.getBookmark(),
        };
      };
    },
  });
}

async function read(key: string, limiter: Limiter, begun: () => void = () => {}): Promise<Response> {
  const headers = { authorization: `Bearer ${key}` };
  const bindings = { ...env, DB: slowDatabase(begun), RATE_LIMITER: { getByName: () => limiter } };
  return createApp().fetch(new Request(`${ORIGIN}/v1/requests/absent`, { headers }), bindings);
}

test('the query has begun before the limiter answers', async () => {
  const { key } = await world();
  const { promise, resolve } = Promise.withResolvers<void>();
  const enter = async (): Promise<Verdict> => {
    // Serial code would never begin its query, and lose this answer to the bound.
    await promise;
    return LET_IN;
  };
  const response = await read(key, { enter, leave: () => Promise.resolve() }, resolve);
  expect(response.status).toBe(404);
  expect(response.headers.get('x-ratelimit-remaining')).toBe('7');
});

test('a limiter that is nearer than the database costs a reader no time', async () => {
  const { key } = await world();
  const leave = (): Promise<void> => Promise.resolve();
  const near = async (): Promise<Verdict> => LET_IN;
  const far = async (): Promise<Verdict> => {
    await pause(OBJECT_MILLISECONDS);
    return LET_IN;
  };
  const timed = async (limiter: Limiter, before: () => Promise<void>): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const startedAt = performance.now();
      await before();
      await read(key, limiter);
      times.push(performance.now() - startedAt);
    }
    return times.toSorted((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? 0;
  };
  await read(key, { enter: near, leave });
  const without = await timed({ enter: near, leave }, async () => {});
  const beside = await timed({ enter: far, leave }, async () => {});
  const first = await timed({ enter: near, leave }, async () => pause(OBJECT_MILLISECONDS));
  console.log(
    `a read over a database ${DATABASE_MILLISECONDS} ms away: ${without.toFixed(0)} ms; with a limiter ` +
      `${OBJECT_MILLISECONDS} ms away beside it ${beside.toFixed(0)} ms; with that limiter before it ${first.toFixed(0)} ms`,
  );
  expect(beside - without).toBeLessThan(OBJECT_MILLISECONDS / 2);
  expect(first - without).toBeGreaterThan(OBJECT_MILLISECONDS / 2);
});
