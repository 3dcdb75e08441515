/** Which questions the counters can answer, and from which spans of them. Pure. */
import type { Kind } from '../event/event.ts';
import { withinBounds } from '../query/bounds.ts';
import type { Condition, TimeRange } from '../query/filter.ts';
import type { Question } from '../query/query.ts';
import { COUNTED_DIMENSIONS, MINUTE, MINUTE_DIMENSIONS, SERVER, SPANS } from './counted.ts';

/** The outcomes of events that a question selects. */
export type Outcomes = { readonly success: boolean; readonly error: boolean; readonly processing: boolean };

/** How the counters answer a question, its time apart. */
export type CounterPlan = {
  readonly kind: Kind;
  readonly dimension: string;
  /** The wanted values of the dimension; for the dimension '' that is '' alone. */
  readonly values: readonly string[];
  readonly outcomes: Outcomes;
};

/** A stretch of counters of one span, in minutes since 1970: from inclusive, until exclusive. */
export type CounterRange = { readonly span: number; readonly from: number; readonly until: number };

/** A window as whole spans of counters, and the windows at its ends that only rows can answer. */
export type SplitTime = { readonly ranges: readonly CounterRange[]; readonly edges: readonly TimeRange[] };

/** Beyond every counter, in minutes: what an open end stands for. It is a multiple of every span. */
const FOREVER = 1440 * 10_000_000;

/** Values that one plan adds up: each is looked up in every range. */
const PLANNED_VALUES_MAX = 200;

const EVERY_OUTCOME: Outcomes = { success: true, error: true, processing: true };

/** The plan of a question; null where only posting lists and rows can tell. */
export function planOf(question: Question): CounterPlan | null {
  const { kind } = question;
  const wanted = new Map<string, readonly string[]>();
  let outcomes = EVERY_OUTCOME;
  for (const condition of withinBounds(question.filter, question.bounds).conditions as readonly Condition[]) {
    if (condition.test !== 'in' || condition.not === true) return null;
    if (kind === 'tool_call' && condition.field === 'status') outcomes = narrowed(outcomes, condition.values);
    else {
      const before = wanted.get(condition.field) ?? condition.values;
      wanted.set(condition.field, [...new Set(before.filter((value) => condition.values.includes(value)))]);
    }
  }
  const dimension = dimensionOf(kind, wanted);
  return dimension === null || dimension.values.length > PLANNED_VALUES_MAX
    ? null
    : { kind, ...dimension, outcomes };
}

function narrowed(outcomes: Outcomes, statuses: readonly string[]): Outcomes {
  return {
    success: outcomes.success && statuses.includes('success'),
    error: outcomes.error && statuses.includes('error'),
    processing: outcomes.processing && statuses.includes('processing'),
  };
}

function dimensionOf(
  kind: Kind,
  wanted: ReadonlyMap<string, readonly string[]>,
): { dimension: string; values: readonly string[] } | null {
  const [first, second, third] = [...wanted];
  if (first === undefined) return { dimension: '', values: [''] };
  if (second === undefined)
    return isCounted(kind, first[0]) ? { dimension: first[0], values: first[1] } : null;
  const [workspace, otherWorkspace] = wanted.get('workspace_id') ?? [];
  const [server, otherServer] = wanted.get('server_id') ?? [];
  const isOneServer = workspace !== undefined && server !== undefined;
  if (kind !== 'server_log' || third !== undefined || !isOneServer) return null;
  if (otherWorkspace !== undefined || otherServer !== undefined) return null;
  return { dimension: SERVER, values: [`${workspace}/${server}`] };
}

/** Whether a kind is counted by a dimension. */
export function isCounted(kind: Kind, dimension: string): boolean {
  return COUNTED_DIMENSIONS[kind].some(({ name }) => name === dimension);
}

/** The finest span by which a dimension is counted, in minutes. */
export function finestSpan(dimension: string): number {
  return MINUTE_DIMENSIONS.includes(dimension) ? 1 : 60;
}

/**
 * Splits a window into spans of counters and edges.
 * @param finest the finest span to use, in minutes; what it cannot cover becomes an edge
 * @param longest the longest span to use, in minutes
 */
export function splitTime(time: TimeRange, finest: number, longest = 1440): SplitTime {
  const unit = finest * MINUTE;
  const from = time.from === null ? -FOREVER : Math.ceil(time.from / unit) * finest;
  const until = time.until === null ? FOREVER : Math.floor(time.until / unit) * finest;
  if (from >= until) return { ranges: [], edges: isEmpty(time) ? [] : [time] };
  const edges: TimeRange[] = [];
  if (time.from !== null && time.from < from * MINUTE) edges.push({ from: time.from, until: from * MINUTE });
  if (time.until !== null && time.until > until * MINUTE)
    edges.push({ from: until * MINUTE, until: time.until });
  return { ranges: rangesBetween(from, until, finest, longest), edges };
}

function isEmpty(time: TimeRange): boolean {
  return time.from !== null && time.until !== null && time.from >= time.until;
}

/** Covers a stretch with the longest spans inside and shorter ones at both ends, the earliest first. */
function rangesBetween(from: number, until: number, finest: number, longest: number): CounterRange[] {
  if (from >= until) return [];
  const span = SPANS.findLast((candidate) => candidate <= longest && candidate >= finest) ?? finest;
  const first = Math.ceil(from / span) * span;
  const end = Math.floor(until / span) * span;
  const shorter = SPANS.findLast((candidate) => candidate < span) ?? 0;
  if (first >= end) return shorter >= finest ? rangesBetween(from, until, finest, shorter) : [];
  return [
    ...(shorter >= finest ? rangesBetween(from, first, finest, shorter) : []),
    { span, from: first, until: end },
    ...(shorter >= finest ? rangesBetween(end, until, finest, shorter) : []),
  ];
}
