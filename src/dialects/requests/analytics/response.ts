/** Answers of analytics: sums in the gateway's shapes. */
import type { BucketTotals, Totals, ValueTotals } from '../../../query/event-reader.ts';
import { NAMES_MAX } from './contract.ts';

/** The sums of a window: those of its days, and those of each name, the most frequent first; null is no name. */
export type Sums = {
  readonly days: readonly BucketTotals[];
  readonly providers: readonly ValueTotals[];
  readonly models: readonly ValueTotals[];
  readonly projects: readonly ValueTotals[];
};

type Outcomes = { readonly requests: number; readonly successful: number; readonly failed: number };

const NONE: Outcomes = { requests: 0, successful: 0, failed: 0 };

/**
 * The answer: `success_rate` is from 0 to 1, and 0 where there are no requests.
 * @param days when each day of the window begins, in epoch milliseconds; days without requests are told as zeros
 */
export function fromSums(sums: Sums, days: readonly number[]): Record<string, unknown> {
  const byDay = new Map(sums.days.map((day) => [day.start, outcomesOf(day)]));
  const daily = days.map((day) => ({ date: dateOf(day), ...(byDay.get(day) ?? NONE) }));
  const { requests, successful, failed } = daily.reduce(added, NONE);
  return {
    total_requests: requests,
    successful_requests: successful,
    failed_requests: failed,
    success_rate: requests === 0 ? 0 : successful / requests,
    providers: byName(sums.providers),
    models: byName(sums.models),
    projects: byName(sums.projects),
    daily,
  };
}

/** Entries become own keys whatever they are called, `__proto__` included. */
function byName(values: readonly ValueTotals[]): Record<string, Outcomes> {
  const named = values.flatMap(({ value, ...totals }) =>
    value === null ? [] : [[value, outcomesOf(totals)] as const],
  );
  return Object.fromEntries(named.slice(0, NAMES_MAX));
}

function outcomesOf({ total, success, error }: Totals): Outcomes {
  return { requests: total, successful: success, failed: error };
}

function added(sum: Outcomes, { requests, successful, failed }: Outcomes): Outcomes {
  return {
    requests: sum.requests + requests,
    successful: sum.successful + successful,
    failed: sum.failed + failed,
  };
}

function dateOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
