/** Deep offsets: whole days, hours and minutes are skipped by their counts, so that only the last of them is walked. */
import type { Kind } from '../event/event.ts';
import type { TimeRange } from '../query/filter.ts';
import type { Query, Question } from '../query/query.ts';
import { MINUTE, SPANS } from './counted.ts';
import { finestSpan, planOf, splitTime, type CounterPlan, type CounterRange } from './counter-plan.ts';
import { countByTime } from './counter-reader.ts';
import type { Database } from './database.ts';
import { countEvents } from './totals.ts';

/** Offsets from which skipping costs less than walking: reading the counters of a month. */
const SKIPPED_FROM = 500;

/** A stretch of time and how many of the selected events lie in it; `span` is 0 where only rows could tell. */
type Segment = {
  readonly from: number | null;
  readonly until: number | null;
  readonly total: number;
  readonly span: number;
};

/**
 * Narrows a query so that its offset is small.
 * @returns the query itself where its offset is small already or no counter can help; null when nothing lies that deep
 */
export async function skipOffset<K extends Kind>(
  database: Database,
  query: Query<K>,
): Promise<Query<K> | null> {
  const plan = planOf(query);
  if (query.offset < SKIPPED_FROM || query.sort.by !== 'timestamp' || query.after !== null || plan === null)
    return query;
  const { ranges, edges } = splitTime(query.filter.time, finestSpan(plan.dimension));
  const [counted, rows] = await Promise.all([
    segmentsOf(database, plan, ranges),
    Promise.all(edges.map((edge) => segmentOfRows(database, query, edge))),
  ]);
  let segments = [...counted, ...rows];
  let { offset } = query;
  for (;;) {
    const found = segmentAt(segments, offset, query.sort.direction);
    if (found === null) return null;
    offset -= found.skipped;
    const { from, until, span } = found.segment;
    const shorter = SPANS.findLast((candidate) => candidate < span) ?? 0;
    if (shorter < finestSpan(plan.dimension) || from === null || until === null)
      return narrowed(query, found.segment, offset);
    segments = await segmentsOf(database, plan, [
      { span: shorter, from: from / MINUTE, until: until / MINUTE },
    ]);
  }
}

async function segmentsOf(
  database: Database,
  plan: CounterPlan,
  ranges: readonly CounterRange[],
): Promise<Segment[]> {
  const parts = await Promise.all(
    ranges.map(async (range) => {
      const buckets = await countByTime(database, plan, [range], range.span * MINUTE);
      const { span } = range;
      return buckets.map(({ start, total }) => ({ from: start, until: start + span * MINUTE, total, span }));
    }),
  );
  return parts.flat();
}

async function segmentOfRows(database: Database, question: Question, time: TimeRange): Promise<Segment> {
  const filter = { ...question.filter, time };
  return { ...time, total: await countEvents(database, { ...question, filter }), span: 0 };
}

function segmentAt(
  segments: readonly Segment[],
  offset: number,
  direction: 'asc' | 'desc',
): { segment: Segment; skipped: number } | null {
  const sign = direction === 'asc' ? 1 : -1;
  const ordered = segments.toSorted(
    (one, other) => sign * ((one.from ?? -Infinity) - (other.from ?? -Infinity)),
  );
  let skipped = 0;
  for (const segment of ordered) {
    if (skipped + segment.total > offset) return { segment, skipped };
    skipped += segment.total;
  }
  return null;
}

/** Starts at the segment; it does not end there, since the page may reach beyond it. */
function narrowed<K extends Kind>(query: Query<K>, segment: Segment, offset: number): Query<K> {
  const { time } = query.filter;
  const start =
    query.sort.direction === 'desc'
      ? { ...time, until: segment.until ?? time.until }
      : { ...time, from: segment.from ?? time.from };
  return { ...query, offset, filter: { ...query.filter, time: start } };
}
