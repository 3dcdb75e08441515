/** The wire shape of each kind of event, field by field, as `POST /v1/events` takes it (contracts/events.md). */
import * as z from 'zod';
import type { Json, JsonObject } from './event.ts';
import { LEVELS, TOOL_CALL_STATUSES } from './event.ts';
import { ID_CHARACTERS_MAX } from './id.ts';
import { levelOfWord } from './level.ts';
import { storableText } from './text.ts';
import { EARLIEST_TIME, LATEST_TIME } from './time-key.ts';
import { parseTime } from './time.ts';

/** The longest name of a tool, in characters. */
export const TOOL_NAME_CHARACTERS_MAX = 256;

/** The longest value of a field that can be filtered by, in characters: an index token of FTS5 ends at 32 KB. */
export const DIMENSION_CHARACTERS_MAX = 1024;

/** The deepest nesting of a value: V8 writes JSON recursively, and SQLite's own JSON ends at 1,000 levels too. */
export const NESTING_LEVELS_MAX = 1000;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a text is a UUID in any case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Server ids are their last segment: `ai.nimblebrain/echo` is `echo` (contracts/server-logs.md). */
export function normalizeServerId(serverId: string): string {
  return serverId.slice(serverId.lastIndexOf('/') + 1);
}

const text = z.string('must be a string').transform(storableText);
const dimension = z
  .string('must be a string')
  .max(DIMENSION_CHARACTERS_MAX, `must have ${DIMENSION_CHARACTERS_MAX} characters at most`)
  .transform(storableText);
const bound = dimension.transform((value) => (value === '' ? null : value));
const amount = z.number('must be a number').min(0, 'must be 0 or more');
const count = z.int('must be an integer').min(0, 'must be 0 or more');
const level = z.string('must be a string').transform((word, context) => {
  const known = levelOfWord(word);
  if (known === null) context.addIssue({ code: 'custom', message: `must be one of ${LEVELS.join(', ')}` });
  return known ?? z.NEVER;
});
const uuid = z
  .string('must be a UUID')
  .regex(UUID, 'must be a UUID')
  .transform((value) => value.toLowerCase());
const jsonObject = z.custom<JsonObject>(isJsonObject, 'must be an object');
const json = z.custom<Json>((value) => value !== undefined);

const time = z
  .union([z.number(), z.string()], 'must be RFC 3339 or epoch milliseconds')
  .transform((value, context) => {
    const parsed =
      typeof value === 'number' ? { milliseconds: Math.floor(value), zoned: true } : parseTime(value);
    const problem = timeProblem(parsed);
    if (parsed !== null && problem === null) return parsed.milliseconds;
    context.addIssue({ code: 'custom', message: problem ?? '' });
    return z.NEVER;
  });

function timeProblem(parsed: { milliseconds: number; zoned: boolean } | null): string | null {
  if (parsed === null || !parsed.zoned) return 'must be RFC 3339 with an offset, or epoch milliseconds';
  if (parsed.milliseconds >= EARLIEST_TIME && parsed.milliseconds < LATEST_TIME) return null;
  return 'must lie between 1986 and 2054 (numbers are epoch milliseconds)';
}

const errorObject = z.object(
  {
    type: text.nullish(),
    code: z.union([text, z.number().transform(String)], 'must be a string or a number').nullish(),
    message: text.nullish(),
    param: text.nullish(),
    event_id: text.nullish(),
    status_code: z.number('must be a number').nullish(),
    is_bifrost_error: z.boolean('must be a boolean').nullish(),
    provider: text.nullish(),
    model_requested: text.nullish(),
    request_type: text.nullish(),
  },
  'must be a string or an object',
);

function errorOfString(value: unknown): unknown {
  if (value === '') return null;
  return typeof value === 'string' ? { message: value } : value;
}

const common = {
  id: z
    .string('must be a string')
    .min(1, 'must not be empty')
    .max(ID_CHARACTERS_MAX, `must have ${ID_CHARACTERS_MAX} characters at most`)
    .transform(storableText)
    .nullish(),
  timestamp: time.nullish(),
  project_id: bound.nullish(),
  virtual_key_id: bound.nullish(),
  trace_id: dimension.nullish(),
  metadata: jsonObject.nullish(),
};

/** A tool call on the wire. */
export const ToolCallBody = z.object({
  ...common,
  tool_name: z
    .string('must be a string')
    .min(1, 'must not be empty')
    .max(TOOL_NAME_CHARACTERS_MAX, `must have ${TOOL_NAME_CHARACTERS_MAX} characters at most`)
    .transform(storableText),
  status: z.enum(TOOL_CALL_STATUSES, `must be one of ${TOOL_CALL_STATUSES.join(', ')}`).nullish(),
  /** One of ours counts; any other word is the caller's own (event/verdict.ts). */
  outcome: json.nullish(),
  server_label: dimension.nullish(),
  arguments: json.nullish(),
  result: json.nullish(),
  error: z.preprocess(errorOfString, errorObject.nullish()),
  latency_ms: amount.nullish(),
  cost: amount.nullish(),
  workspace_id: uuid.nullish(),
  virtual_key_name: dimension.nullish(),
  llm_request_id: dimension.nullish(),
  request_id: dimension.nullish(),
  session_id: dimension.nullish(),
  sandbox_id: dimension.nullish(),
  user_id: dimension.nullish(),
  connected_account_id: dimension.nullish(),
  auth_config_id: dimension.nullish(),
  parent: z
    .looseObject({ log_id: dimension.nullish(), tool_slug: dimension.nullish() }, 'must be an object')
    .nullish(),
  source: z
    .looseObject(
      { host: text.nullish(), framework: text.nullish(), language: text.nullish() },
      'must be an object',
    )
    .nullish(),
  message: text.nullish(),
  level: level.nullish(),
});

/** A tool call as its schema gives it. */
export type ToolCallBody = z.infer<typeof ToolCallBody>;

/** A model request on the wire. */
export const ModelRequestBody = z.object({
  ...common,
  model: dimension,
  provider: dimension,
  status: z.int('must be an integer').min(0, 'must be 0 or more').max(999, 'must be 999 or less'),
  latency_ms: amount.nullish(),
  input_tokens: count.nullish(),
  output_tokens: count.nullish(),
  error: text.nullish(),
  workspace_id: uuid.nullish(),
  user_id: dimension.nullish(),
  session_id: dimension.nullish(),
  cost: amount.nullish(),
});

/** A model request as its schema gives it. */
export type ModelRequestBody = z.infer<typeof ModelRequestBody>;

/** A server line on the wire: `message`, or `line` to be taken apart. */
export const ServerLogBody = z.object({
  ...common,
  workspace_id: uuid,
  server_id: dimension
    .transform(normalizeServerId)
    .refine((value) => value !== '', 'must not end in a slash or be empty'),
  message: text.nullish(),
  line: text.nullish(),
  level: level.nullish(),
  pod_name: dimension.nullish(),
  container_name: dimension.nullish(),
});

/** A server line as its schema gives it. */
export type ServerLogBody = z.infer<typeof ServerLogBody>;

/** Whether a value is a JSON object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
