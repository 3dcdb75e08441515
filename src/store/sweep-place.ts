/** The place of a sweep: from where each walk over what may be left behind goes on in the next run. */
import { sql, type SQL } from 'drizzle-orm';
import type { Database } from './database.ts';

/** What is swept. */
export type Sweep = 'payloads' | 'counters';

/** Where the last one ended; '' is the beginning. */
export async function sweptUntil(database: Database, name: Sweep): Promise<string> {
  const rows = await database.rows<{ place: string }>(sql`SELECT place FROM sweeps WHERE name = ${name}`);
  return rows[0]?.place ?? '';
}

/** The statement that sets where the next one begins. */
export function sweepFrom(name: Sweep, place: string): SQL {
  return sql`INSERT INTO sweeps (name, place) VALUES (${name}, ${place})
    ON CONFLICT (name) DO UPDATE SET place = excluded.place`;
}
