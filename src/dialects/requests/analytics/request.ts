/** Requests of analytics, turned into questions. */
import type { Credential } from '../../../query/credential.ts';
import type { Condition } from '../../../query/filter.ts';
import type { Question } from '../../../query/query.ts';
import { admitProject } from '../request.ts';
import { DAYS_DEFAULT, type AnalyticsParameters } from './contract.ts';

/** A day of UTC in milliseconds. */
export const DAY_MILLISECONDS = 86_400_000;

/** What is summed: a question over whole days, and when each of them begins in epoch milliseconds, oldest first. */
export type AnalyticsRequest = { readonly question: Question<'request'>; readonly days: readonly number[] };

/**
 * Parameters as a question over the last days of UTC, today included and whole: from the midnight that began the first
 * of them to the one that ends today, so that the days add up to the totals.
 * @param now epoch milliseconds, which lie in today
 * @throws Problem `forbidden` when the credential is bound to another project than the one asked for
 */
export function toQuestion(
  { project_id: project, days: count = DAYS_DEFAULT }: AnalyticsParameters,
  credential: Credential,
  now: number,
): AnalyticsRequest {
  admitProject(project, credential);
  const until = (Math.floor(now / DAY_MILLISECONDS) + 1) * DAY_MILLISECONDS;
  const from = until - count * DAY_MILLISECONDS;
  const conditions: Condition<'request'>[] =
    project === undefined ? [] : [{ test: 'in', field: 'project_id', values: [project] }];
  return {
    question: { kind: 'request', bounds: credential.bounds, filter: { time: { from, until }, conditions } },
    days: Array.from({ length: count }, (_, place) => from + place * DAY_MILLISECONDS),
  };
}
