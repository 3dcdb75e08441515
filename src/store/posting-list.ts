/** Posting lists: how a row becomes tokens of an FTS5 table, and how conditions become a MATCH over them. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import { DIMENSIONS, type Condition, type Measure } from '../query/filter.ts';
import { PAYLOAD_FIELDS } from '../query/retention.ts';
import { measureTokensOfRow, tokensBetween } from './measure-tokens.ts';
import { TABLES } from './tables.ts';

/** Two letters for each dimension; a token is these and the hex of the value, so it is exact and holds no syntax. */
const TOKEN_PREFIX: Record<string, string> = {
  project_id: 'pj',
  workspace_id: 'ws',
  virtual_key_id: 'vk',
  tool_name: 'tn',
  server_label: 'sl',
  status: 'st',
  outcome: 'oc',
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

/** The numbers of each kind that can be compared and sorted by. */
const MEASURES: Record<Kind, readonly Measure[]> = {
  tool_call: ['latency_ms', 'cost'],
  request: ['latency_ms', 'cost'],
  server_log: [],
};

/** The token that every row has: what a NOT is taken from. */
const EVERY_ROW = 'zz';

/** The token of rows that still have a payload: retention finds them by it, however many it has cleared before. */
export const HAS_PAYLOAD = 'pl';

/** A token that no row has: what an empty list of values asks for. */
const NO_ROW = 'none';

/** Tokens of which a row must have any; with `not`, it must have none. */
export type TokenGroup = { readonly tokens: readonly string[]; readonly not?: true };

/** What a posting list tells of a condition; null where it tells nothing. An id has its own index instead. */
export function tokensOfCondition(condition: Condition): TokenGroup | null {
  if (condition.test === 'between')
    return { tokens: tokensBetween(condition.field, condition.min, condition.max) };
  if (condition.test !== 'in' || condition.field === 'id') return null;
  const tokens = condition.values.map((value) => tokenOf(condition.field, value));
  return condition.not === true ? { tokens, not: true } : { tokens };
}

/** Whether the tokens of a condition leave nothing to be looked up in the row. */
export function isAnsweredByTokens(condition: Condition): boolean {
  return condition.test === 'in' && condition.field !== 'id';
}

/** The tokens of a stored row of alias `t`, in SQL, so that they can only be what is stored. */
export function tokensOfRow(kind: Kind): SQL {
  const dimensions = DIMENSIONS[kind].map((dimension) => {
    const column = dimension === 'project_id' ? `nullif(t.project_id, '')` : `t.${dimension}`;
    // hex(NULL) is '', which would make an absent value look like an empty one.
    return `CASE WHEN ${column} IS NULL THEN '' ELSE ' ${TOKEN_PREFIX[dimension]}' || hex(${column}) END`;
  });
  const payload = PAYLOAD_FIELDS[kind].map((field) => `t.${field}`).join(', ');
  const hasPayload = `CASE WHEN ${payload.includes(',') ? `coalesce(${payload})` : payload} IS NULL THEN '' ELSE ' ${HAS_PAYLOAD}' END`;
  return sql.raw(
    [`'${EVERY_ROW}'`, ...dimensions, ...MEASURES[kind].map(measureTokensOfRow), hasPayload].join(' || '),
  );
}

/** The FTS5 expression for groups that must all hold. */
export function matchExpression(groups: readonly TokenGroup[]): string {
  const wanted = groups.filter((group) => group.not !== true).map(anyOf);
  const unwanted = groups.filter((group) => group.not === true).map(anyOf);
  const base = wanted.length === 0 ? EVERY_ROW : wanted.join(' AND ');
  return unwanted.length === 0 ? base : `(${base}) NOT (${unwanted.join(' OR ')})`;
}

function anyOf({ tokens }: TokenGroup): string {
  return tokens.length === 0 ? NO_ROW : `(${tokens.join(' OR ')})`;
}

function tokenOf(field: string, value: string): string {
  const bytes = new TextEncoder().encode(value);
  return (
    (TOKEN_PREFIX[field] ?? '') + Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  );
}

/** Between which terms the tokens of a dimension lie: the second is no longer one of them. */
export function tokenRangeOf(field: string): { readonly first: string; readonly beyond: string } {
  const prefix = TOKEN_PREFIX[field] ?? NO_ROW;
  return { first: prefix, beyond: `${prefix}g` };
}

/** The value that a term of a dimension stands for, in SQL. */
export function valueOfTerm(term: SQL): SQL {
  return sql`CAST(unhex(substr(${term}, 3)) AS TEXT)`;
}

/** The posting table of a kind, as an identifier. */
export function postingTable(kind: Kind): SQL {
  return sql.raw(TABLES[kind].postings);
}
