/** A D1 that refuses for good whatever holds a marker, as it would an event that breaks a constraint. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { ingestObject } from './faulty-database.ts';

/** Breaks a constraint of a real table, so that the words are D1's own. */
const REFUSED = 'INSERT INTO tool_calls (seq) VALUES (NULL)';

/** Gives the living object a D1 that refuses rows with the marker. An eviction, or `healDatabase`, heals it. */
export async function refuseMarked(marker: string): Promise<void> {
  const prepare = (query: string): D1PreparedStatement => {
    const statement = env.DB.prepare(query);
    const isMarked = (value: unknown): boolean =>
      typeof value === 'string' && value.includes(marker) && query.startsWith('WITH');
    const bind = (...values: unknown[]): D1PreparedStatement =>
      values.some(isMarked) ? env.DB.prepare(REFUSED) : statement.bind(...values);
    return new Proxy(statement, {
      get: (target, name) => (name === 'bind' ? bind : Reflect.get(target, name)),
    });
  };
  const database = {
    prepare,
    batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
    withSession: () => database,
    getBookmark: () => null,
  };
  await runInDurableObject(ingestObject(), (instance) => {
    Object.assign(instance, { env: { ...env, DB: database } });
  });
}
