/** Requests of mcp-logs, turned into questions. */
import type { ToolCall } from '../../event/event.ts';
import { EARLIEST_TIME, LATEST_TIME } from '../../event/time-key.ts';
import type { Credential } from '../../query/credential.ts';
import { walkStart } from '../../query/cursor.ts';
import type { Condition, Dimension, TimeRange } from '../../query/filter.ts';
import type { Question, Sort } from '../../query/query.ts';
import type { PageRequest } from '../../query/walk.ts';
import {
  BUCKET_OF_OPEN_RANGE,
  BUCKET_SHORTEST,
  BUCKETS_BY_RANGE,
  LIMIT_DEFAULT,
  PERIODS,
  VALUE_DIMENSIONS,
  VALUES_WINDOW,
  type FilterDataParameters,
  type ListParameters,
  type NarrowingParameters,
  type ValueDimension,
} from './contract.ts';

type Kind = ToolCall['kind'];

/** The field of an event that each dimension of `filterdata` means. */
export const VALUE_FIELDS = {
  server_labels: 'server_label',
  tool_names: 'tool_name',
  virtual_keys: 'virtual_key_id',
} as const satisfies Record<ValueDimension, Dimension<Kind>>;

/** The calls that have ended, one way or the other. */
const FINISHED: Condition<Kind> = { test: 'in', field: 'status', values: ['success', 'error'] };

/** A list as it is wanted: what is asked, which page of it, and the values that the answer echoes. */
export type ListRequest = {
  readonly question: Question<Kind>;
  readonly page: PageRequest;
  readonly sortBy: 'timestamp' | 'latency' | 'cost';
};

/** A histogram as it is wanted. */
export type HistogramRequest = {
  readonly question: Question<Kind>;
  readonly bucketSeconds: number;
  /** The times between which no bucket is left out, in epoch milliseconds, both inclusive; null leaves empty ones out. */
  readonly span: { readonly from: number; readonly to: number } | null;
};

/** The values that `filterdata` is asked for. */
export type FilterDataRequest = {
  readonly question: Question<Kind>;
  readonly dimensions: readonly ValueDimension[];
};

/**
 * The parameters of a list as a question, and which page of it.
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
  return {
    question: toQuestion(parameters, credential, startedAt),
    page: { sort, limit, offset, cursor, startedAt },
    sortBy,
  };
}

/**
 * What narrows a list and its siblings, as a question.
 * @param now epoch milliseconds, from which `period` counts
 */
export function toQuestion(
  parameters: NarrowingParameters,
  credential: Credential,
  now: number,
): Question<Kind> {
  const filter = { time: timeOf(parameters, now), conditions: conditionsOf(parameters) };
  return { kind: 'tool_call', bounds: credential.bounds, filter };
}

/**
 * The same over finished calls alone: histograms show those, and the top tools are ranked by what histograms show.
 * A status that the caller asks for narrows it further.
 */
export function toFinishedQuestion(
  parameters: NarrowingParameters,
  credential: Credential,
  now: number,
): Question<Kind> {
  const question = toQuestion(parameters, credential, now);
  const { filter } = question;
  return { ...question, filter: { ...filter, conditions: [...filter.conditions, FINISHED] } };
}

/**
 * The question of a histogram, with its buckets. The span ends where times of events do, so that the year 1 and the
 * year 9999 are 830 buckets apart at most.
 */
export function toHistogramRequest(
  parameters: NarrowingParameters,
  credential: Credential,
  now: number,
): HistogramRequest {
  const question = toFinishedQuestion(parameters, credential, now);
  const { from, until } = question.filter.time;
  if (from === null || until === null) return { question, bucketSeconds: BUCKET_OF_OPEN_RANGE, span: null };
  const to = until - 1;
  const span = { from: Math.max(from, EARLIEST_TIME), to: Math.min(to, LATEST_TIME) };
  return { question, bucketSeconds: bucketSecondsOf((to - from) / 1000), span };
}

/**
 * The question of `filterdata`, with its dimensions: where none of them is known, all are meant. Without a time it looks
 * back 30 days, and has no end, since the clocks of some gateways are ahead of ours.
 */
export function toFilterDataRequest(
  parameters: FilterDataParameters,
  credential: Credential,
  now: number,
): FilterDataRequest {
  const question = toQuestion(parameters, credential, now);
  const { filter } = question;
  const isOpen = filter.time.from === null && filter.time.until === null;
  const time = isOpen ? { from: now - VALUES_WINDOW, until: null } : filter.time;
  const named = VALUE_DIMENSIONS.filter((dimension) => parameters.dimensions?.includes(dimension));
  return {
    question: { ...question, filter: { ...filter, time } },
    dimensions: named.length > 0 ? named : VALUE_DIMENSIONS,
  };
}

function bucketSecondsOf(rangeSeconds: number): number {
  return BUCKETS_BY_RANGE.find(({ range }) => rangeSeconds >= range)?.bucket ?? BUCKET_SHORTEST;
}

/** The inclusive end of this contract as the exclusive one of a range. */
function timeOf(parameters: NarrowingParameters, now: number): TimeRange {
  const period = PERIODS.get(parameters.period ?? '');
  if (period !== undefined) return { from: now - period, until: now + 1 };
  const { start_time: start, end_time: end } = parameters;
  return { from: start ?? null, until: end === undefined ? null : end + 1 };
}

function conditionsOf(parameters: NarrowingParameters): Condition<Kind>[] {
  const conditions: Condition<Kind>[] = [];
  const oneOf = (
    field: Extract<Condition<Kind>, { test: 'in' }>['field'],
    values?: readonly string[],
  ): void => {
    if (values !== undefined && values.length > 0) conditions.push({ test: 'in', field, values });
  };
  oneOf('tool_name', parameters.tool_names);
  oneOf('server_label', parameters.server_labels);
  oneOf('status', parameters.status);
  oneOf('outcome', parameters.outcomes);
  oneOf('virtual_key_id', parameters.virtual_key_ids);
  oneOf('llm_request_id', parameters.llm_request_ids);
  const { min_latency: min = null, max_latency: max = null } = parameters;
  if (min !== null || max !== null) conditions.push({ test: 'between', field: 'latency_ms', min, max });
  if (parameters.content_search !== undefined)
    conditions.push({ test: 'search', text: parameters.content_search });
  return conditions;
}
