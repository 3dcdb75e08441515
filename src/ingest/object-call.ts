/** Calls to the one object from a Worker: again where that is safe, and never onto one that is overloaded. */
import { StoreFailure } from '../query/event-reader.ts';
import type { Ingest } from './ingest.ts';

/** The name of the one object: one database has one writer. */
const SHARD = 'main';

/** Further tries after the object was moved or reset; every call may be repeated. */
const RETRIES_MAX = 2;

/** What an overloaded object is left alone for, in seconds. */
export const OVERLOADED_SECONDS = 2;

/** Calls the object; null when it is overloaded. */
export async function callObject<T>(
  namespace: DurableObjectNamespace<Ingest>,
  run: (object: DurableObjectStub<Ingest>) => Promise<T>,
): Promise<T | null> {
  for (let tries = 0; ; tries++) {
    try {
      // A stub that has failed stays broken, so each try takes a fresh one.
      return await run(namespace.getByName(SHARD));
    } catch (error) {
      if (isMarked(error, 'overloaded')) return null;
      if (!isMarked(error, 'retryable') || tries === RETRIES_MAX) throw error;
    }
  }
}

/**
 * The answer of a call.
 * @throws StoreFailure `busy` where the object was overloaded
 */
export function answered<T>(answer: T | null): T {
  if (answer === null) throw new StoreFailure('busy', 'the ingest object is overloaded');
  return answer;
}

function isMarked(error: unknown, mark: 'overloaded' | 'retryable'): boolean {
  return typeof error === 'object' && error !== null && (error as Record<string, unknown>)[mark] === true;
}
