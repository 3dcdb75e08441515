/** Requests of mcp-logs, turned into questions. */
import type { ToolCall } from '../../event/event.ts';
import { EARLIEST_TIME } from '../../event/time-key.ts';
import type { Credential } from '../../query/credential.ts';
import { walkStart } from '../../query/cursor.ts';
import type { Condition, TimeRange } from '../../query/filter.ts';
import type { Question, Sort } from '../../query/query.ts';
import type { PageRequest } from '../../query/walk.ts';
import { LIMIT_DEFAULT, PERIODS, type ListParameters } from './contract.ts';

/** A list as it is wanted: what is asked, which page of it, and the values that the answer echoes. */
export type ListRequest = {
  readonly question: Question<ToolCall['kind']>;
  readonly page: PageRequest;
  readonly sortBy: 'timestamp' | 'latency' | 'cost';
};

/**
 * Parameters as a question.
 * @param now epoch milliseconds, from which `period` counts on a first page
 */
export function toQuery(parameters: ListParameters, credential: Credential, now: number): ListRequest {
  const {
    limit = LIMIT_DEFAULT,
    offset = 0,
    sort_by: sortBy = 'timestamp',
    order: direction = 'desc',
  } = parameters;
  const cursor = parameters.cursor ?? null;
  const startedAt = walkStart(cursor, now);
  const sort: Sort = { by: sortBy === 'latency' ? 'latency_ms' : sortBy, direction };
  const filter = { time: timeOf(parameters, startedAt), conditions: conditionsOf(parameters) };
  return {
    question: { kind: 'tool_call', bounds: credential.bounds, filter },
    page: { sort, limit, offset, cursor, startedAt },
    sortBy,
  };
}

/** The inclusive end of this contract as the exclusive one of a range. */
function timeOf(parameters: ListParameters, now: number): TimeRange {
  const period = PERIODS[parameters.period ?? ''];
  if (period !== undefined) return { from: now - period, until: now + 1 };
  const { start_time: start, end_time: end } = parameters;
  return {
    from: start === undefined ? null : Math.max(start, EARLIEST_TIME),
    until: end === undefined ? null : end + 1,
  };
}

function conditionsOf(parameters: ListParameters): Condition<'tool_call'>[] {
  const conditions: Condition<'tool_call'>[] = [];
  const oneOf = (
    field: Extract<Condition<'tool_call'>, { test: 'in' }>['field'],
    values?: readonly string[],
  ): void => {
    if (values !== undefined && values.length > 0) conditions.push({ test: 'in', field, values });
  };
  oneOf('tool_name', parameters.tool_names);
  oneOf('server_label', parameters.server_labels);
  oneOf('status', parameters.status);
  oneOf('virtual_key_id', parameters.virtual_key_ids);
  oneOf('llm_request_id', parameters.llm_request_ids);
  const { min_latency: min = null, max_latency: max = null } = parameters;
  if (min !== null || max !== null) conditions.push({ test: 'between', field: 'latency_ms', min, max });
  if (parameters.content_search !== undefined)
    conditions.push({ test: 'search', text: parameters.content_search });
  return conditions;
}
