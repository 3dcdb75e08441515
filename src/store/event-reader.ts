/** The reader: answers every question of the query room from D1. It cannot write. */
import { sql } from 'drizzle-orm';
import type { Bounds } from '../query/bounds.ts';
import { ALL_TIME } from '../query/filter.ts';
import type { EventReader, VirtualKey } from '../query/event-reader.ts';
import { textList, type Database } from './database.ts';
import { readPage } from './page.ts';
import type { PayloadObjects } from './payload-objects.ts';
import { select } from './selection.ts';
import { countEvents, countValues, readTotals, readTotalsByTime, readTotalsByValue } from './totals.ts';

/**
 * Opens a reader over a database.
 * @param payloads where large arguments and results are; without it they are null
 */
export function openEventReader(database: Database, payloads: PayloadObjects | null = null): EventReader {
  return {
    page: (query) => readPage(database, query, payloads),
    count: (question) => countEvents(database, question),
    async exists(question) {
      const { from, where } = await select(database, question, { keysOnly: true });
      return (await database.rows(sql`SELECT 1 AS found FROM ${from} WHERE ${where} LIMIT 1`)).length > 0;
    },
    async find(kind, id, bounds) {
      const page = await readPage(
        database,
        {
          kind,
          bounds,
          filter: { time: ALL_TIME, conditions: [{ test: 'in', field: 'id', values: [id] }] },
          sort: { by: 'timestamp', direction: 'desc' },
          limit: 1,
          offset: 0,
          after: null,
          isInFull: true,
        },
        payloads,
      );
      return page.events[0] ?? null;
    },
    totals: (question) => readTotals(database, question),
    totalsByValue: (question, dimension, limit) => readTotalsByValue(database, question, dimension, limit),
    totalsByTime: (question, bucket) => readTotalsByTime(database, question, bucket),
    countValues: (question, dimension) => countValues(database, question, dimension),
    virtualKeys: (ids, bounds) => readVirtualKeys(database, ids, bounds),
  };
}

async function readVirtualKeys(
  database: Database,
  ids: readonly string[],
  bounds: Bounds,
): Promise<ReadonlyMap<string, VirtualKey>> {
  if (ids.length === 0) return new Map();
  const { project_id: project = null, workspace_ids: workspaces = null } = bounds;
  const rows = await database.rows<{ id: string; name: string | null; active: number }>(
    sql`SELECT virtual_key_id AS id, coalesce(virtual_key_name, name) AS name, revoked_at IS NULL AS active
      FROM keys WHERE virtual_key_id IN ${textList(ids)}
        AND (${project} IS NULL OR project_id IS NULL OR project_id = ${project})
        AND (${workspaces === null} OR workspace_ids IS NULL OR EXISTS (
          SELECT 1 FROM json_each(workspace_ids) WHERE value IN ${textList(workspaces ?? [])}))
      ORDER BY created_at`,
  );
  return new Map(
    rows.map((row) => [row.id, { id: row.id, name: row.name ?? row.id, isActive: row.active === 1 }]),
  );
}
