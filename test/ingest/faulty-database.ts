/** A D1 that fails as told: before its commit, after it, or for good. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import type { Ingest } from '../../src/ingest/ingest.ts';

/** What happens to one transaction: nothing, a failure before or after the commit, or no answer at all. */
export type Fault = 'none' | 'before' | 'after' | 'overloaded' | 'hang';

/** The one object of the tests' database. */
export function ingestObject(): DurableObjectStub<Ingest> {
  return env.INGEST.getByName('main');
}

/** Gives the living object a D1 that asks `next` what is to happen to each transaction. An eviction heals it. */
export async function breakDatabase(next: (statements: D1PreparedStatement[]) => Fault): Promise<void> {
  const batch = async (statements: D1PreparedStatement[]): Promise<D1Result[]> => {
    const fault = next(statements);
    if (fault === 'hang') return new Promise(() => undefined);
    if (fault === 'before') throw new Error('D1_ERROR: Network connection lost.');
    if (fault === 'overloaded')
      throw new Error('D1_ERROR: D1 DB is overloaded. Requests queued for too long.');
    const results = await env.DB.batch(statements);
    if (fault === 'after') throw new Error('D1_ERROR: storage caused object to be reset.');
    return results;
  };
  await replaceDatabase(withBatch(env.DB, batch));
}

/** A database that runs its transactions as told, in sessions too; sessions of it have no bookmark. */
export function withBatch(
  database: D1Database,
  batch: (statements: D1PreparedStatement[]) => Promise<D1Result[]>,
): D1Database {
  const replaced: D1Database = new Proxy(database, {
    get(target, name) {
      if (name === 'batch') return batch;
      if (name === 'withSession') return () => replaced;
      return name === 'getBookmark' ? () => null : bound(target, name);
    },
  });
  return replaced;
}

/** Gives the living object the real D1 again. */
export async function healDatabase(): Promise<void> {
  await replaceDatabase(env.DB);
}

async function replaceDatabase(database: D1Database): Promise<void> {
  await runInDurableObject(ingestObject(), (instance) => {
    Object.assign(instance, { env: { ...env, DB: database } });
  });
}

function bound(database: D1Database, name: string | symbol): unknown {
  const value: unknown = Reflect.get(database, name);
  return typeof value === 'function' ? value.bind(database) : value;
}
