/** The contract of analytics: its parameters and its limits (contracts/requests.md, "GET /v1/analytics"). */
import * as z from 'zod';
import { integer, text } from '../contract.ts';

/** Days that are summed by default, and at most: the document's numbers. */
export const DAYS_DEFAULT = 30;
export const DAYS_MAX = 365;

/** Names of one map, the most frequent ones: each is a line of a report, and the answer stays small. */
export const NAMES_MAX = 500;

/** The parameters of `GET /v1/analytics`. */
export const AnalyticsParameters = z.object({
  project_id: text.optional(),
  days: integer('days', 1, DAYS_MAX).optional(),
});

/** Those parameters, read. */
export type AnalyticsParameters = z.infer<typeof AnalyticsParameters>;
