/** The audit log in D1. Triggers of its table refuse to change a row or to take one away. */
import { desc, lt, sql, type SQL } from 'drizzle-orm';
import { QueryBuilder } from 'drizzle-orm/sqlite-core';
import type { JsonObject } from '../event/event.ts';
import type { AuditEntry, AuditLog, AuditRecord } from '../query/audit-log.ts';
import type { Database } from './database.ts';
import { audit } from './schema.ts';

type AuditRow = typeof audit.$inferSelect;

/** Opens the audit log over a database. */
export function openAuditLog(database: Database): AuditLog {
  return {
    async record(entry) {
      await database.rows(recordStatement(entry, Date.now(), sql`true`));
    },
    async page(limit, before) {
      const query = new QueryBuilder()
        .select()
        .from(audit)
        .where(before === null ? undefined : lt(audit.number, before))
        .orderBy(desc(audit.number))
        .limit(limit);
      return (await database.rows<AuditRow>(query.getSQL())).map(fromRow);
    },
  };
}

/**
 * The statement that appends an entry, for the transaction of the change that it records.
 * @param condition what must hold before the change, so that a change that does not happen leaves no entry
 */
export function recordStatement(entry: AuditRecord, now: number, condition: SQL): SQL {
  return sql`INSERT INTO audit (at, actor, action, target, detail)
    SELECT ${now}, ${entry.actor}, ${entry.action}, ${entry.target}, ${JSON.stringify(entry.detail)}
    WHERE ${condition}`;
}

function fromRow(row: AuditRow): AuditEntry {
  return {
    number: row.number,
    at: row.at,
    actor: row.actor,
    action: row.action as AuditEntry['action'],
    target: row.target,
    detail: JSON.parse(row.detail) as JsonObject,
  };
}
