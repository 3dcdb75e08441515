/** The contract of usage: its two bodies and their limits (contracts/tool-execution.md, "Usage"). */
import * as z from 'zod';
import { bodyOf, filterValue, limitUpTo } from '../contract.ts';

/** What is metered. A tool call is one event; a session is as many events as it has calls. */
export const ENTITY_TYPES = ['tool_calls', 'sessions'] as const;

/** One thing that is metered. */
export type EntityType = (typeof ENTITY_TYPES)[number];

/** What a breakdown may group by. */
export const GROUPINGS = [
  'tool_slug',
  'toolkit_slug',
  'connected_account_id',
  'user_id',
  'session_id',
] as const;

/** What groups may be ordered by. */
export const ORDERS = ['key', 'total_quantity', 'event_count'] as const;

/** Groups of a breakdown by default, and at most: more is clamped and not refused, as in the list of logs. */
export const LIMIT_DEFAULT = 100;
export const LIMIT_MAX = 1000;

/** Groups whose sessions are counted, at most: each takes a query, and D1's free plan allows 50 for a request. */
export const SESSION_GROUPS_MAX = 40;

/** Groups that an order other than the most frequent first is made from: those of the most calls, sorted in memory. */
export const GROUPS_READ_MAX = 10_000;

/** Values of one filter, of which any may match: each is looked up by itself. */
export const FILTER_VALUES_MAX = 100;

const DAY_MILLISECONDS = 86_400_000;

/** The time that is summed where `from` is not given: 30 days before `to`. */
export const RANGE_DEFAULT = 30 * DAY_MILLISECONDS;

/** The longest time of one answer, in days: a leap year. */
export const RANGE_DAYS_MAX = 366;

const milliseconds = z.number('must be epoch milliseconds');
const entityFault = `must be one of ${ENTITY_TYPES.join(', ')}`;

/** An entity type by its name in the path. */
export const EntityType = z.enum(ENTITY_TYPES, `entity_type: ${entityFault}`);

/** One value or several, as null or an empty array none: the SDK sends arrays and null. */
const anyOf = z.preprocess(
  (given) => (typeof given === 'string' ? [given] : given),
  z
    .array(filterValue, 'must be a string, or an array of strings of which any may match')
    .max(FILTER_VALUES_MAX, `must have ${FILTER_VALUES_MAX} values at most`)
    .nullish(),
);

const common = {
  from: milliseconds.optional(),
  to: milliseconds.default(() => Date.now()),
  filters: z
    .strictObject({ user_id: anyOf, session_id: anyOf }, 'must be an object of user_id, session_id or both')
    .default({}),
};

/** What both bodies have; `from` and `to` are epoch milliseconds, the one inclusive and the other exclusive. */
export type CommonBody = z.infer<z.ZodObject<typeof common>>;

/** A body of these fields whose range of time is neither empty nor too long; both rules look beside other faults. */
function usageBody<F extends z.ZodRawShape>(fields: F) {
  return bodyOf({ ...common, ...fields })
    .refine((body) => rangeOf(body) > 0, {
      path: ['from'],
      error: 'must be before to, which is now where it is not given',
      when: ({ value }) => !Number.isNaN(rangeOf(value)),
    })
    .refine((body) => rangeOf(body) <= RANGE_DAYS_MAX * DAY_MILLISECONDS, {
      path: ['from'],
      error: `must be ${RANGE_DAYS_MAX} days before to at most; ask for more in parts`,
      when: ({ value }) => !Number.isNaN(rangeOf(value)),
    });
}

/** The milliseconds between the ends of a body that may have other faults; NaN where an end is none. */
function rangeOf(body: unknown): number {
  const { from, to } = (body ?? {}) as { readonly from?: unknown; readonly to?: unknown };
  if (typeof to !== 'number') return Number.NaN;
  if (from === undefined) return RANGE_DEFAULT;
  return typeof from === 'number' ? to - from : Number.NaN;
}

/** The body of the summary; without entity types all are meant. */
export const SummaryBody = usageBody({
  entity_types: z
    .array(z.enum(ENTITY_TYPES, entityFault), `must be an array of ${ENTITY_TYPES.join(', ')}`)
    .refine((named) => named.length <= ENTITY_TYPES.length, `must have ${ENTITY_TYPES.length} at most`)
    .default([]),
});

/** That body, read. */
export type SummaryBody = z.infer<typeof SummaryBody>;

/** The body of a breakdown. */
export const BreakdownBody = usageBody({
  group_by: z.enum(GROUPINGS, `must be one of ${GROUPINGS.join(', ')}`).default('tool_slug'),
  order_by: z.enum(ORDERS, `must be one of ${ORDERS.join(', ')}`).default('total_quantity'),
  order_direction: z.enum(['asc', 'desc'], 'must be asc or desc').default('desc'),
  limit: limitUpTo(LIMIT_MAX).default(LIMIT_DEFAULT),
});

/** That body, read. */
export type BreakdownBody = z.infer<typeof BreakdownBody>;
