/** What an operator counts: a closed set of running sums, each with a closed set of labels. Pure. */
import { KINDS } from '../event/event.ts';
import type { Meter } from './meter.ts';

/** Every sum: its meaning, its labels, and the values of each, so that a series is there before it first moves. */
export const COUNTERS = {
  events_accepted: { says: 'Posted events that were kept.', labels: { kind: KINDS } },
  events_rejected: {
    says: 'Posted events that were not kept.',
    labels: { reason: ['invalid', 'unreadable', 'future', 'out_of_bounds', 'too_large', 'behind'] },
  },
  events_merged: {
    says: 'Events that became part of another: of their call, among those that waited, or in D1.',
    labels: { place: ['call', 'log', 'store'] },
  },
  events_flushed: { says: 'Events that D1 has taken.', labels: {} },
  flushes: {
    says: 'Attempts to move waiting events into D1.',
    labels: { outcome: ['done', 'busy', 'failed', 'full'] },
  },
  dead_letters_moved: {
    says: 'Events that D1 refused: put aside, taken up again, or dropped.',
    labels: { action: ['parked', 'resent', 'dropped'] },
  },
  database_rows_read: { says: 'Rows that D1 charged as read.', labels: { by: ['writer', 'requests'] } },
  database_rows_written: { says: 'Rows that D1 charged as written.', labels: { by: ['writer', 'requests'] } },
  database_errors: {
    says: 'Calls to D1 that failed.',
    labels: { by: ['writer', 'requests'], class: ['busy', 'refused', 'failed'] },
  },
  requests: {
    says: 'Requests answered, by class of status.',
    labels: { status: ['2xx', '3xx', '4xx', '5xx'] },
  },
} as const satisfies Readonly<
  Record<string, { says: string; labels: Readonly<Record<string, readonly string[]>> }>
>;

/** The name of a sum. */
export type Counter = keyof typeof COUNTERS;

/** Amounts by series: the counter's name and the values of its labels, with spaces between. */
export type Counts = Readonly<Record<string, number>>;

/** The series of a counter with these values of its labels. */
export function seriesOf(counter: Counter, ...values: readonly string[]): string {
  return [counter, ...values].join(' ');
}

/** All series of a counter: every combination of the values of its labels. */
export function allSeriesOf(counter: Counter): readonly (readonly string[])[] {
  const values: readonly (readonly string[])[] = Object.values(COUNTERS[counter].labels);
  return values.reduce<readonly (readonly string[])[]>(
    (series, next) => series.flatMap((head) => next.map((value) => [...head, value])),
    [[]],
  );
}

/** Adds several amounts up. */
export function sumOf(all: readonly Counts[]): Counts {
  const sums: Record<string, number> = {};
  for (const counts of all)
    for (const [series, amount] of Object.entries(counts)) sums[series] = (sums[series] ?? 0) + amount;
  return sums;
}

/** What a meter says, as sums of those who spent it. */
export function spentOf(meter: Meter, by: 'writer' | 'requests'): Counts {
  const { rowsRead, rowsWritten, failures } = meter;
  return {
    ...(rowsRead > 0 ? { [seriesOf('database_rows_read', by)]: rowsRead } : {}),
    ...(rowsWritten > 0 ? { [seriesOf('database_rows_written', by)]: rowsWritten } : {}),
    ...Object.fromEntries(
      Object.entries(failures).map(([reason, calls]) => [seriesOf('database_errors', by, reason), calls]),
    ),
  };
}
