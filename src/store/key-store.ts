/** Keys and ended sessions in D1. */
import { and, desc, eq, isNull, lt, sql, type SQL } from 'drizzle-orm';
import { QueryBuilder } from 'drizzle-orm/sqlite-core';
import type { JsonObject } from '../event/event.ts';
import { formatTime } from '../event/time.ts';
import type { Bounds } from '../query/bounds.ts';
import type { Scope } from '../query/credential.ts';
import type { Key, KeyStore } from '../query/key-store.ts';
import { recordStatement } from './audit-log.ts';
import { textList, type Database } from './database.ts';
import { endedSessions, keys } from './schema.ts';

type KeyRow = typeof keys.$inferSelect;

/** Opens the keys over a database. */
export function openKeyStore(database: Database): KeyStore {
  const select = async (where: SQL | undefined, limit: number): Promise<readonly Key[]> => {
    const query = new QueryBuilder()
      .select()
      .from(keys)
      .where(where)
      .orderBy(desc(keys.created_at))
      .limit(limit);
    return (await database.rows<KeyRow>(query.getSQL())).map(fromRow);
  };
  return {
    findByHash: async (hash) => (await select(eq(keys.hash, hash), 1))[0] ?? null,
    find: async (id) => (await select(eq(keys.id, id), 1))[0] ?? null,
    list: (limit, bounds) => select(and(isNull(keys.revoked_at), ...within(bounds)), limit),
    async add(key, hash, actor) {
      const row = toRow(key, hash);
      const isNew = sql`NOT EXISTS (SELECT 1 FROM keys WHERE ${eq(keys.hash, hash)})`;
      const added = await database.transaction([
        recordStatement(
          { actor, action: 'key.minted', target: key.id, detail: described(key) },
          key.createdAt,
          isNew,
        ),
        sql`INSERT INTO keys (id, hash, name, scopes, project_id, workspace_ids,
          virtual_key_id, virtual_key_name, metadata_only, created_at, expires_at, revoked_at)
        VALUES (${row.id}, ${row.hash}, ${row.name}, ${row.scopes}, ${row.project_id}, ${row.workspace_ids},
          ${row.virtual_key_id}, ${row.virtual_key_name}, ${row.metadata_only}, ${row.created_at}, ${row.expires_at}, ${row.revoked_at})
        ON CONFLICT (hash) DO NOTHING RETURNING id`,
      ]);
      return added.length > 0;
    },
    async revoke(id, now, actor) {
      const where = and(eq(keys.id, id), isNull(keys.revoked_at));
      const isLive = sql`EXISTS (SELECT 1 FROM keys WHERE ${where})`;
      const revoked = await database.transaction([
        recordStatement({ actor, action: 'key.revoked', target: id, detail: {} }, now, isLive),
        sql`UPDATE keys SET revoked_at = ${now} WHERE ${where} RETURNING id`,
      ]);
      return revoked.length > 0;
    },
    async isSessionEnded(sessionId) {
      const where = eq(endedSessions.id, sessionId);
      return (await database.rows(sql`SELECT id FROM ended_sessions WHERE ${where}`)).length > 0;
    },
    async endSession(sessionId, expiresAt, now) {
      await database.transaction([
        sql`DELETE FROM ended_sessions WHERE ${lt(endedSessions.expires_at, now)}`,
        sql`INSERT INTO ended_sessions (id, expires_at) VALUES (${sessionId}, ${expiresAt}) ON CONFLICT DO NOTHING`,
      ]);
    },
  };
}

/** What the audit log tells of a key: all but its secret and its hash. */
function described(key: Key): JsonObject {
  return {
    name: key.name,
    scopes: key.scopes,
    project_id: key.bounds.project_id ?? null,
    workspace_ids: key.bounds.workspace_ids ?? null,
    virtual_key_id: key.bounds.virtual_key_id ?? null,
    metadata_only: key.isMetadataOnly,
    expires_at: key.expiresAt === null ? null : formatTime(key.expiresAt),
  };
}

/** `areWithin` of the query room, in SQL. */
function within({ project_id, workspace_ids, virtual_key_id }: Bounds): readonly SQL[] {
  return [
    ...(project_id === undefined ? [] : [eq(keys.project_id, project_id)]),
    ...(virtual_key_id === undefined ? [] : [eq(keys.virtual_key_id, virtual_key_id)]),
    ...(workspace_ids === undefined
      ? []
      : [
          sql`${keys.workspace_ids} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM json_each(${keys.workspace_ids})
            WHERE value NOT IN ${textList(workspace_ids)})`,
        ]),
  ];
}

function fromRow(row: KeyRow): Key {
  return {
    id: row.id,
    name: row.name,
    scopes: JSON.parse(row.scopes) as Scope[],
    bounds: {
      ...(row.project_id === null ? {} : { project_id: row.project_id }),
      ...(row.workspace_ids === null ? {} : { workspace_ids: JSON.parse(row.workspace_ids) as string[] }),
      ...(row.virtual_key_id === null ? {} : { virtual_key_id: row.virtual_key_id }),
    },
    virtualKeyName: row.virtual_key_name,
    isMetadataOnly: row.metadata_only === 1,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  };
}

function toRow(key: Key, hash: string): KeyRow {
  const { project_id = null, workspace_ids, virtual_key_id = null } = key.bounds;
  return {
    id: key.id,
    hash,
    name: key.name,
    scopes: JSON.stringify(key.scopes),
    project_id,
    workspace_ids: workspace_ids === undefined ? null : JSON.stringify(workspace_ids),
    virtual_key_id,
    virtual_key_name: key.virtualKeyName,
    metadata_only: key.isMetadataOnly ? 1 : 0,
    created_at: key.createdAt,
    expires_at: key.expiresAt,
    revoked_at: key.revokedAt,
  };
}
