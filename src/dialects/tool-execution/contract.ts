/** The contract of tool-execution: the body of its list, its limits and the words of its refusals (contracts/tool-execution.md). */
import * as z from 'zod';
import type { Limits } from '../../edge/limits.ts';
import { DIMENSION_CHARACTERS_MAX, isJsonObject } from '../../event/draft-schema.ts';
import { storableText } from '../../event/text.ts';

/** How much a credential may read: what Composio's page on rate limits grants to its smallest plan. */
export const LIMITS: Limits = { perMinute: 2000, concurrent: null };

/** Logs of a page by default, and at most: a public client asks for 200, so more is clamped and not refused. */
export const LIMIT_DEFAULT = 20;
export const LIMIT_MAX = 100;

/** Filters of one list (contracts/tool-execution.md). */
export const FILTERS_MAX = 20;

/** The fields that a filter may name. */
export const FILTER_FIELDS = [
  'tool_slug',
  'toolkit_slug',
  'connected_account_id',
  'auth_config_id',
  'status',
  'user_id',
  'session_id',
  'sandbox_id',
  'request_id',
  'log_id',
] as const;

/** The operators that a filter may use. */
export const FILTER_OPERATORS = ['==', '!=', 'contains', 'not_contains'] as const;

const TIME_RANGE_FAULT = 'must be {from, to}, both epoch milliseconds';

/** How many are wanted: less than one is a fault, and more than `max` is taken as `max`. */
export function limitUpTo(max: number) {
  const fault = `must be an integer of 1 or more; more than ${max} is taken as ${max}`;
  return z
    .number(fault)
    .refine((value) => Number.isInteger(value) && value >= 1, fault)
    .transform((value) => Math.min(value, max));
}

/** The value that a filter compares with, as it would have been stored; nothing longer is ever stored. */
export const filterValue = z
  .string('must be a string')
  .max(DIMENSION_CHARACTERS_MAX, `must have ${DIMENSION_CHARACTERS_MAX} characters at most`)
  .transform(storableText);

const milliseconds = z.number('must be epoch milliseconds; from and to are both required');

/** One filter. */
const Filter = z.object(
  {
    field: z.enum(FILTER_FIELDS, `must be one of ${FILTER_FIELDS.join(', ')}`),
    operator: z.enum(FILTER_OPERATORS, `must be one of ${FILTER_OPERATORS.join(', ')}`),
    value: filterValue,
  },
  'must be {field, operator, value}',
);

/** One filter, read. */
export type Filter = z.infer<typeof Filter>;

/** The body of a list; `unknown` names the keys that are ignored. */
export const ListBody = bodyOf({
  limit: limitUpTo(LIMIT_MAX).default(LIMIT_DEFAULT),
  cursor: z.string('must be a string or null').nullable().default(null),
  filters: z
    .array(Filter, 'must be an array of {field, operator, value}')
    .max(FILTERS_MAX, `must have ${FILTERS_MAX} filters at most`)
    .default([]),
  time_range: z.object({ from: milliseconds, to: milliseconds }, TIME_RANGE_FAULT).optional(),
  case_sensitive: z.boolean('must be true or false').default(true),
});

/** That body, read. */
export type ListBody = z.infer<typeof ListBody>;

/**
 * A body of these fields, with the keys that are ignored as `unknown`.
 * The SDK sends `null` for a body that its caller left null; that stands for none.
 */
export function bodyOf<F extends z.ZodRawShape>(fields: F) {
  const withUnknown = (given: unknown): unknown => {
    const body = given ?? {};
    if (!isJsonObject(body)) return body;
    return { ...body, unknown: Object.keys(body).filter((key) => !Object.hasOwn(fields, key)) };
  };
  return z.preprocess(
    withUnknown,
    z.object({ ...fields, unknown: z.array(z.string()) }, 'must be a JSON object'),
  );
}
