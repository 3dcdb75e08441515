/** Requests of tool-execution, turned into questions. */
import type { ToolCall } from '../../event/event.ts';
import { asciiLowerCase, storableText } from '../../event/text.ts';
import type { Credential } from '../../query/credential.ts';
import { walkStart } from '../../query/cursor.ts';
import { ALL_TIME, type Condition, type Dimension } from '../../query/filter.ts';
import { NEWEST_FIRST, type Query, type Question } from '../../query/query.ts';
import type { PageRequest } from '../../query/walk.ts';
import type { Filter, ListBody } from './contract.ts';

type Kind = ToolCall['kind'];

/** The field of an event that each field of a filter means. */
export const EVENT_FIELDS = {
  tool_slug: 'tool_name',
  toolkit_slug: 'server_label',
  connected_account_id: 'connected_account_id',
  auth_config_id: 'auth_config_id',
  status: 'status',
  user_id: 'user_id',
  session_id: 'session_id',
  sandbox_id: 'sandbox_id',
  request_id: 'request_id',
  log_id: 'id',
} as const satisfies Record<Filter['field'], Dimension<Kind> | 'id'>;

/** The two words for a status, and the status of an event that each means. */
const STATUS_WORDS: ReadonlyMap<string, string> = new Map([
  ['success', 'success'],
  ['failed', 'error'],
]);

/** Only finished calls are logs; a processing one becomes a log when it ends (contracts/tool-execution.md). */
export const FINISHED: Condition<Kind> = {
  test: 'in',
  field: 'status',
  values: [...STATUS_WORDS.values()],
};

/**
 * The body of a list as a question, and which page of it.
 * @param now epoch milliseconds, when the walk begins on a first page
 */
export function toQuery(
  body: ListBody,
  credential: Credential,
  now: number,
): { readonly question: Question<Kind>; readonly page: PageRequest } {
  const { limit, cursor, time_range: range, case_sensitive: isCaseSensitive } = body;
  const time = range === undefined ? ALL_TIME : { from: range.from, until: range.to };
  const conditions = [FINISHED, ...body.filters.map((filter) => conditionOf(filter, !isCaseSensitive))];
  return {
    question: { kind: 'tool_call', bounds: credential.bounds, filter: { time, conditions } },
    page: { sort: NEWEST_FIRST, limit, offset: 0, cursor, startedAt: walkStart(cursor, now) },
  };
}

/** The question for one log by its id, of which the first event is the answer. */
export function toDetailQuery(id: string, credential: Credential): Query<Kind> {
  const named: Condition<Kind> = { test: 'in', field: 'id', values: [storableText(id)] };
  const filter = { time: ALL_TIME, conditions: [FINISHED, named] };
  const page = { sort: NEWEST_FIRST, limit: 1, offset: 0, after: null, isInFull: true as const };
  return { kind: 'tool_call', bounds: credential.bounds, filter, ...page };
}

function conditionOf(filter: Filter, ignoreCase: boolean): Condition<Kind> {
  const field = EVENT_FIELDS[filter.field];
  const { operator, value } = filter;
  const not = operator === '!=' || operator === 'not_contains' ? ({ not: true } as const) : {};
  const isContains = operator === 'contains' || operator === 'not_contains';
  if (field === 'status') {
    const matches = isContains
      ? (word: string) => includes(word, value, ignoreCase)
      : (word: string) => word === value;
    return { test: 'in', field, values: statusesOf(matches), ...not };
  }
  if (isContains) return { test: 'contains', field, text: value, ignoreCase, ...not };
  return { test: 'in', field, values: [value], ...not };
}

/** A status is compared by the word that callers see, which is not the one that is stored. */
function statusesOf(matches: (word: string) => boolean): readonly string[] {
  return [...STATUS_WORDS].filter(([word]) => matches(word)).map(([, status]) => status);
}

/** The words have no capitals, so lowering the part is all that ignoring the case takes. */
function includes(word: string, part: string, ignoreCase: boolean): boolean {
  return word.includes(ignoreCase ? asciiLowerCase(part) : part);
}
