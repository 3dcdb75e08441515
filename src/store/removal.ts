/** Removal: how rows, or their payloads alone, leave every table that knows of them, in one transaction. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import { PAYLOAD_FIELDS } from '../query/retention.ts';
import { countRemoval, dropEmptyCounters } from './counter-writer.ts';
import { objectColumns } from './event-rows.ts';
import { postingTable, tokensOfRow } from './posting-list.ts';
import { TABLES } from './tables.ts';
import { SEARCHED, textOfRow, textTable, type SearchSettings } from './text-index.ts';

/**
 * The statements that remove rows; the last one gives what it removed.
 * @param seqs a subquery of their time keys; it is asked again by each statement, and the rows go last
 */
export function removalOf(kind: Kind, seqs: SQL): SQL[] {
  return [
    countRemoval(kind, seqs),
    dropEmptyCounters(kind, seqs),
    sql`DELETE FROM ${postingTable(kind)} WHERE rowid IN ${seqs}`,
    sql`DELETE FROM ${textTable(kind)} WHERE rowid IN ${seqs}`,
    sql`DELETE FROM ${sql.raw(TABLES[kind].rows)} WHERE seq IN ${seqs} RETURNING seq`,
  ];
}

/**
 * The statements that clear payloads; the last one gives whose it cleared. What is left of a row is indexed anew.
 * @param seqs a subquery of their time keys; it must not depend on the payloads
 * @param areArchived whether the rows were archived as they are now
 */
export function clearingOf(kind: Kind, seqs: SQL, areArchived: boolean, search: SearchSettings): SQL[] {
  const rows = sql.raw(TABLES[kind].rows);
  const columns = [...PAYLOAD_FIELDS[kind], ...objectColumns(kind)];
  const cleared = sql.raw(columns.map((column) => `${column} = NULL`).join(', '));
  const archived = areArchived ? sql`, archived_revision = revision` : sql``;
  const postings = postingTable(kind);
  const tokens = sql`(SELECT ${tokensOfRow(kind)} FROM ${rows} t WHERE t.seq = ${postings}.rowid)`;
  return [
    sql`UPDATE ${rows} SET ${cleared}${archived} WHERE seq IN ${seqs}`,
    ...textWithoutPayload(kind, seqs, search),
    // Updated and not replaced: that is one written row instead of two.
    sql`UPDATE ${postings} SET tokens = ${tokens} WHERE rowid IN ${seqs}`,
    sql`SELECT seq FROM ${rows} WHERE seq IN ${seqs}`,
  ];
}

function textWithoutPayload(kind: Kind, seqs: SQL, search: SearchSettings): SQL[] {
  const isSearched = PAYLOAD_FIELDS[kind].some((field: string) => SEARCHED[kind].includes(`t.${field}`));
  if (!isSearched) return [];
  const texts = textTable(kind);
  const rows = sql`${sql.raw(TABLES[kind].rows)} t`;
  const text = sql`(SELECT ${textOfRow(kind, search)} FROM ${rows} WHERE t.seq = ${texts}.rowid)`;
  const withText = sql`SELECT t.seq FROM ${rows} WHERE t.seq IN ${seqs} AND ${hasText(kind)}`;
  return [
    sql`DELETE FROM ${texts} WHERE rowid IN ${seqs} AND rowid NOT IN (${withText})`,
    sql`UPDATE ${texts} SET text = ${text} WHERE rowid IN (${withText})`,
  ];
}

/** Whether anything is left to be searched: most calls have no error, and then they need no entry. */
function hasText(kind: Kind): SQL {
  return sql.raw(`(${SEARCHED[kind].map((column) => `${column} IS NOT NULL`).join(' OR ')})`);
}
