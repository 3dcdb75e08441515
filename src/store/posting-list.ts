/** Posting lists: how a row becomes tokens of an FTS5 table, and how conditions become a MATCH over them. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import { DIMENSIONS, type Condition } from '../query/filter.ts';
import { TABLES } from './tables.ts';

/** Two letters for each dimension; a token is these and the hex of the value, so it is exact and holds no syntax. */
const TOKEN_PREFIX: Record<string, string> = {
  project_id: 'pj',
  workspace_id: 'ws',
  virtual_key_id: 'vk',
  tool_name: 'tn',
  server_label: 'sl',
  status: 'st',
  llm_request_id: 'lr',
  request_id: 'rq',
  session_id: 'ss',
  sandbox_id: 'sb',
  user_id: 'us',
  connected_account_id: 'ca',
  auth_config_id: 'ac',
  provider: 'pv',
  model: 'md',
  server_id: 'sv',
  level: 'lv',
  pod_name: 'po',
  container_name: 'cn',
};

/** The token that every row has: what a NOT is taken from. */
const EVERY_ROW = 'zz';

/** A token that no row has: what an empty list of values asks for. */
const NO_ROW = 'none';

/** A condition that a posting list answers by itself. */
export type PostingCondition = Extract<Condition, { test: 'in' }>;

/** Whether a posting list answers a condition; an id has its own index instead. */
export function isPostingCondition(condition: Condition): condition is PostingCondition {
  return condition.test === 'in' && condition.field !== 'id';
}

/** The tokens of a stored row of alias `t`, in SQL, so that they can only be what is stored. */
export function tokensOfRow(kind: Kind): SQL {
  const parts = DIMENSIONS[kind].map((dimension) => {
    const column = dimension === 'project_id' ? `nullif(t.project_id, '')` : `t.${dimension}`;
    // hex(NULL) is '', which would make an absent value look like an empty one.
    return sql.raw(
      `CASE WHEN ${column} IS NULL THEN '' ELSE ' ${TOKEN_PREFIX[dimension]}' || hex(${column}) END`,
    );
  });
  return sql`${sql.raw(`'${EVERY_ROW}'`)} || ${sql.join(parts, sql` || `)}`;
}

/** The FTS5 expression for conditions that must all hold. */
export function matchExpression(conditions: readonly PostingCondition[]): string {
  const wanted = conditions.filter((condition) => condition.not !== true).map(anyValue);
  const unwanted = conditions.filter((condition) => condition.not === true).map(anyValue);
  const base = wanted.length === 0 ? EVERY_ROW : wanted.join(' AND ');
  return unwanted.length === 0 ? base : `(${base}) NOT (${unwanted.join(' OR ')})`;
}

function anyValue(condition: PostingCondition): string {
  const tokens = condition.values.map((value) => tokenOf(condition.field, value));
  return tokens.length === 0 ? NO_ROW : `(${tokens.join(' OR ')})`;
}

function tokenOf(field: string, value: string): string {
  const bytes = new TextEncoder().encode(value);
  return (
    (TOKEN_PREFIX[field] ?? '') + Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  );
}

/** The posting table of a kind, as an identifier. */
export function postingTable(kind: Kind): SQL {
  return sql.raw(TABLES[kind].postings);
}
