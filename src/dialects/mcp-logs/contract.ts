/** The contract of mcp-logs: its parameters, its limits and the words of its refusals (contracts/mcp-logs.md). */
import * as z from 'zod';
import type { Limits } from '../../edge/limits.ts';
import { OUTCOMES, type Outcome } from '../../event/event.ts';
import { storableText } from '../../event/text.ts';
import { parseTime, type Rounding } from '../../event/time.ts';

/** How much a credential may read: Bifrost documents no number, and dozens of open dashboards stay below this one. */
export const LIMITS: Limits = { perMinute: 2000, concurrent: null };

/** Rows of a page by default, and at most. */
export const LIMIT_DEFAULT = 50;
export const LIMIT_MAX = 1000;

/** The windows that `period` names, in milliseconds. */
export const PERIODS: ReadonlyMap<string, number> = new Map([
  ['1h', 3_600_000],
  ['6h', 21_600_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
  ['30d', 2_592_000_000],
]);

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** From which length of a range on a bucket of its histogram has how many seconds; both in seconds, longest first. */
export const BUCKETS_BY_RANGE: readonly { readonly range: number; readonly bucket: number }[] = [
  { range: 365 * DAY, bucket: 30 * DAY },
  { range: 90 * DAY, bucket: 7 * DAY },
  { range: 30 * DAY, bucket: 3 * DAY },
  { range: 7 * DAY, bucket: DAY },
  { range: 3 * DAY, bucket: 8 * HOUR },
  { range: DAY, bucket: HOUR },
  { range: 2 * HOUR, bucket: 10 * MINUTE },
];

/** The bucket of any shorter range, and of one with an open end, in seconds. */
export const BUCKET_SHORTEST = MINUTE;
export const BUCKET_OF_OPEN_RANGE = HOUR;

/** How far `filterdata` looks back where no time is given, in milliseconds: 30 days. */
export const VALUES_WINDOW = 30 * DAY * 1000;

/** Values that `filterdata` gives of one dimension, at most: more than anybody picks from. */
export const VALUES_MAX = 500;

/** The dimensions of `filterdata`, in the order of its answer. */
export const VALUE_DIMENSIONS = ['server_labels', 'tool_names', 'virtual_keys'] as const;

/** A dimension of `filterdata`. */
export type ValueDimension = (typeof VALUE_DIMENSIONS)[number];

/** Tools that `top-tools` gives, at most. */
export const TOP_TOOLS_MAX = 10;

/** Ids of one deletion, at most: as many as the longest page of a list shows. */
export const DELETED_IDS_MAX = LIMIT_MAX;

/** The most bytes of a deletion's body: a thousand of the longest ids, every letter escaped, take 770,000. */
export const DELETION_BYTES_MAX = 1024 * 1024;

const GO_FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const GO_INTEGER = /^[+-]?\d+$/;

/** An empty value is an absent one. */
function optional<T extends z.ZodType>(schema: T): z.ZodPipe<z.ZodTransform, z.ZodOptional<T>> {
  return z.preprocess((value) => (value === '' ? undefined : value), schema.optional()) as never;
}

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => storableText(part.trim()))
    .filter((part) => part !== ''),
);

/** A time that `period` forgives: checked only where no known period is given. */
function time(name: string, rounding: Rounding): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const parsed = parseTime(text, rounding);
    if (parsed !== null && parsed.zoned) return parsed.milliseconds;
    const why = parsed === null ? 'is no RFC 3339 time' : 'has no zone';
    context.addIssue({ code: 'custom', message: `invalid ${name} format: ${JSON.stringify(text)} ${why}` });
    return z.NEVER;
  });
}

function float(name: string): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    if (GO_FLOAT.test(text) && Number.isFinite(Number(text))) return Number(text);
    const why = GO_FLOAT.test(text) ? 'value out of range' : 'invalid syntax';
    const message = `invalid ${name} format: strconv.ParseFloat: parsing ${JSON.stringify(text)}: ${why}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

function integer(name: string, check: (value: number) => string | null): z.ZodType<number, string> {
  return z.string().transform((text, context) => {
    const value = Number(text);
    const isInteger = GO_INTEGER.test(text);
    const why = isInteger ? 'value out of range' : 'invalid syntax';
    const message =
      isInteger && Number.isSafeInteger(value)
        ? check(value)
        : `invalid ${name} format: strconv.Atoi: parsing ${JSON.stringify(text)}: ${why}`;
    if (message !== null) context.addIssue({ code: 'custom', message });
    return message === null ? value : z.NEVER;
  });
}

function limitFault(value: number): string | null {
  if (value <= 0) return 'limit must be greater than 0';
  return value > LIMIT_MAX ? `limit cannot exceed ${LIMIT_MAX}` : null;
}

const [lastOutcome, ...otherOutcomes] = OUTCOMES.map((outcome) => `'${outcome}'`).toReversed();

/** Ours: a word that is no outcome is refused, since nothing could ever match it. */
const outcomes = optional(
  list.transform((words, context) => {
    const known = words.filter((word): word is Outcome => OUTCOMES.some((outcome) => outcome === word));
    if (known.length === words.length) return known;
    const message = `invalid outcomes: must be ${otherOutcomes.toReversed().join(', ')} or ${lastOutcome}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }),
);

/** What narrows a list and its siblings; the keys stand in the order in which faults are told. */
const narrowing = {
  start_time: optional(time('start_time', 'up')),
  end_time: optional(time('end_time', 'down')),
  min_latency: optional(float('min_latency')),
  max_latency: optional(float('max_latency')),
  tool_names: optional(list),
  server_labels: optional(list),
  status: optional(list),
  virtual_key_ids: optional(list),
  llm_request_ids: optional(list),
  content_search: optional(z.string()),
  period: optional(z.string()),
};

/** The parameters of the list's siblings: what pages and sorts the list is neither used nor checked. */
export const NarrowingParameters = z.object({ ...narrowing, outcomes });

/** Those parameters, read. */
export type NarrowingParameters = z.infer<typeof NarrowingParameters>;

/** The parameters of `GET /api/mcp-logs/filterdata`. */
export const FilterDataParameters = z.object({ ...narrowing, outcomes, dimensions: optional(list) });

/** Those parameters, read. */
export type FilterDataParameters = z.infer<typeof FilterDataParameters>;

/** The parameters of `GET /api/mcp-logs`. */
export const ListParameters = z.object({
  ...narrowing,
  limit: optional(integer('limit', limitFault)),
  offset: optional(integer('offset', (value) => (value < 0 ? 'offset cannot be negative' : null))),
  sort_by: optional(
    z.enum(['timestamp', 'latency', 'cost'], "invalid sort_by: must be 'timestamp', 'latency' or 'cost'"),
  ),
  order: optional(z.enum(['asc', 'desc'], "invalid order: must be 'asc' or 'desc'")),
  outcomes,
  cursor: optional(z.string()),
});

/** Those parameters, read. */
export type ListParameters = z.infer<typeof ListParameters>;

const NO_STRINGS = 'Invalid JSON: ids must be an array of strings';
const NO_IDS = 'No log IDs provided';
const TOO_MANY_IDS = `ids cannot exceed ${DELETED_IDS_MAX}; delete the rest in further calls`;

/** The body of `DELETE /api/mcp-logs`, from its text to its ids; the first fault is the one that is told. */
export const Deletion = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: 'custom', message: 'Invalid JSON' });
      return z.NEVER;
    }
  })
  .pipe(
    z.object({ ids: z.unknown().optional() }, 'Invalid JSON: the body must be an object with ids').nullable(),
  )
  .transform((body) => body?.ids ?? [])
  .pipe(
    z
      .array(z.string(NO_STRINGS).transform(storableText), NO_STRINGS)
      .min(1, NO_IDS)
      .max(DELETED_IDS_MAX, TOO_MANY_IDS),
  );
