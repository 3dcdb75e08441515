/** The contract of requests: its parameters, its limits and the words of its refusals (contracts/requests.md). */
import * as z from 'zod';
import type { Limits } from '../../edge/limits.ts';
import { storableText } from '../../event/text.ts';
import { parseTime, type Rounding } from '../../event/time.ts';

/** How much a credential may read: the number of the example on the gateway's page on rate limiting. */
export const LIMITS: Limits = { perMinute: 1000, concurrent: null };

/** Rows of a page by default, and at most. */
export const LIMIT_DEFAULT = 50;
export const LIMIT_MAX = 500;

/** Tool calls that one request shows: an agent makes a few in a turn, and each is read whole to tell its name. */
export const TOOL_CALLS_MAX = 100;

/** Values in a comma-separated list: each of them is looked at again for every row that any of them finds. */
export const LIST_VALUES_MAX = 100;

/** What became of a request: `ok` is an answer of 200 to 299, `error` is any other. */
export const OUTCOMES = ['ok', 'error'] as const;

/** Statuses that one class such as `4xx` stands for. */
const STATUSES_IN_CLASS = 100;

const STATUS = /^\d{1,3}$/;
const STATUS_CLASS = /^\dxx$/i;
const DIGITS = /^\d+$/;

/** Text as the store keeps it, so that what was posted is found by the same text. */
export const text = z.string().transform(storableText);

/** Values between commas, of which any may hold; null when there are none. */
function list(name: string): z.ZodType<readonly string[] | null, string> {
  return text.transform((given, context) => {
    const values = given
      .split(',')
      .map((value) => value.trim())
      .filter((value) => value !== '');
    if (values.length > LIST_VALUES_MAX)
      context.addIssue({ code: 'custom', message: `${name}: must have ${LIST_VALUES_MAX} values at most` });
    return values.length === 0 ? null : values;
  });
}

/** A whole number in decimal digits; the issue names the parameter and both ends, which are inclusive. */
export function integer(name: string, min: number, max: number): z.ZodType<number, string> {
  return z.string().transform((given, context) => {
    const value = Number(given);
    if (DIGITS.test(given) && value >= min && value <= max) return value;
    context.addIssue({ code: 'custom', message: `${name}: must be an integer from ${min} to ${max}` });
    return z.NEVER;
  });
}

function time(name: string, rounding: Rounding): z.ZodType<number, string> {
  return z.string().transform((given, context) => {
    if (DIGITS.test(given) && Number.isSafeInteger(Number(given))) return Number(given);
    const parsed = parseTime(given, rounding);
    if (parsed !== null && parsed.zoned) return parsed.milliseconds;
    context.addIssue({
      code: 'custom',
      message: `${name}: must be an RFC 3339 time with an offset, such as 2024-11-15T10:32:45.123Z ("+" is sent as %2B), or epoch milliseconds`,
    });
    return z.NEVER;
  });
}

const statuses = list('status').transform((values, context) => {
  if (values === null) return null;
  if (values.every((value) => STATUS.test(value) || STATUS_CLASS.test(value)))
    return [...new Set(values.flatMap(statusesOf))];
  const message = 'status: must be an HTTP status such as 429, or a class such as 4xx';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

function statusesOf(value: string): readonly string[] {
  if (STATUS.test(value)) return [String(Number(value))];
  const first = Number(value.charAt(0)) * STATUSES_IN_CLASS;
  return Array.from({ length: STATUSES_IN_CLASS }, (_, place) => String(first + place));
}

const outcomes = list('outcome').transform((values, context) => {
  const known = OUTCOMES.filter((outcome) => values?.includes(outcome));
  if (values === null || values.every((value) => known.some((outcome) => outcome === value))) return known;
  context.addIssue({ code: 'custom', message: `outcome: must be ${OUTCOMES.join(' or ')}` });
  return z.NEVER;
});

/** The parameters of `GET /v1/requests`; times are epoch milliseconds, statuses are spelled out one by one. */
export const ListParameters = z.object({
  limit: integer('limit', 1, LIMIT_MAX).optional(),
  offset: integer('offset', 0, Number.MAX_SAFE_INTEGER).optional(),
  project_id: text.optional(),
  cursor: z.string().optional(),
  since: time('since', 'up').optional(),
  until: time('until', 'down').optional(),
  status: statuses.optional(),
  provider: list('provider').optional(),
  model: list('model').optional(),
  outcome: outcomes.optional(),
  q: text.optional(),
});

/** Those parameters, read. */
export type ListParameters = z.infer<typeof ListParameters>;

/** The id in `GET /v1/requests/{id}`. */
export const RequestId = text;
