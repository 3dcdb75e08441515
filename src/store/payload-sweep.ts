/** The sweep: removes payload objects that no row names, which a crash or a changed event has left. */
import { sql } from 'drizzle-orm';
import type { Database } from './database.ts';
import type { PayloadObjects } from './payload-objects.ts';
import { sweepFrom, sweptUntil } from './sweep-place.ts';

/** How old an object must be to be removed, in milliseconds: its row may still wait for D1, for hours at the worst. */
const AGE_MILLISECONDS_MIN = 86_400_000;

/**
 * Looks at the next thousand objects, from where the last sweep ended, and removes those that no row names.
 * @returns how many it removed
 * @throws StoreFailure when D1 fails, or what R2 throws; the next sweep looks at the same objects again
 */
export async function sweepPayloads(
  database: Database,
  payloads: PayloadObjects,
  now: number,
): Promise<number> {
  const from = await sweptUntil(database, 'payloads');
  const { objects, next } = await payloads.list(from === '' ? null : from);
  const old = objects.filter(({ uploadedAt }) => uploadedAt < now - AGE_MILLISECONDS_MIN);
  const names = JSON.stringify(old.map(({ name }) => name));
  const unnamed = await database.rows<{ name: string }>(
    sql`SELECT o.value AS name FROM json_each(${names}) o
      WHERE NOT EXISTS (SELECT 1 FROM tool_calls t WHERE t.arguments_object = o.value)
        AND NOT EXISTS (SELECT 1 FROM tool_calls t WHERE t.result_object = o.value)`,
  );
  await payloads.remove(unnamed.map(({ name }) => name));
  if ((next ?? '') !== from) await database.transaction([sweepFrom('payloads', next ?? '')]);
  return unnamed.length;
}
