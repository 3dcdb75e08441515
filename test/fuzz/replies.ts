/** What successes must look like, route by route, as the contracts have it. */
import * as z from 'zod';
import { DIALECTS } from '../conformance/dialects.ts';
import type { Body } from '../world.ts';
import { fieldsOf } from './schema-arbitrary.ts';
import type { Answer, Sent } from './sending.ts';

/** Checks the answer to a request; throws what does not hold. */
export type Check = (answer: Answer, sent: Sent) => void;

const count = z.int().min(0);
const time = z.iso.datetime();
const nullable = z.string().nullable();
const texts = z.array(z.string());

/** An answer that is JSON of a schema. */
export function json(schema: z.ZodType, more: (body: Body, sent: Sent) => void = () => undefined): Check {
  return (answer, sent) => {
    const type = answer.headers.get('content-type') ?? '';
    if (!/^application\/json(?:$|;)/.test(type)) throw new Error(`content-type ${type}`);
    const body: unknown = JSON.parse(answer.text);
    schema.parse(body);
    more(body, sent);
  };
}

/** Throws a sentence unless a condition holds. */
export function hold(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

function schemaOf(name: string): z.ZodType {
  const dialect = DIALECTS.find((each) => each.name === name);
  if (dialect === undefined) throw new Error(`${name}: no such dialect`);
  return dialect.reply;
}

/** Of a repeated parameter the first counts, and an empty one is absent. */
function asked({ url }: Sent, name: string): string | null {
  return url.searchParams.get(name) || null;
}

function areNewestFirst(rows: readonly { readonly timestamp: string }[]): boolean {
  const times = rows.map((row) => Date.parse(row.timestamp));
  return times.every((at, place) => place === 0 || at <= (times[place - 1] ?? 0));
}

/** `GET /api/mcp-logs`. */
export const mcpLogs = json(schemaOf('mcp-logs'), ({ logs, pagination, stats, has_logs }, sent) => {
  const echo = {
    limit: Number(asked(sent, 'limit') ?? 50),
    offset: Number(asked(sent, 'offset') ?? 0),
    sort_by: asked(sent, 'sort_by') ?? 'timestamp',
    order: asked(sent, 'order') ?? 'desc',
  };
  for (const [name, value] of Object.entries(echo))
    hold(pagination[name] === value, `pagination.${name} is ${pagination[name]}, and ${value} was in effect`);
  hold(logs.length <= pagination.limit, 'more rows than limit');
  hold(logs.length <= pagination.total_count, 'more rows than total_count');
  hold(stats.total_executions === pagination.total_count, 'stats count otherwise than pagination');
  hold(logs.length === 0 || has_logs, 'has_logs is false beside rows');
  if (echo.sort_by === 'timestamp')
    hold(areNewestFirst(echo.order === 'desc' ? logs : logs.toReversed()), 'not in order');
});

const [mcpRow] = [fieldsOf(schemaOf('mcp-logs'))['logs']].map(
  (logs) => (logs as unknown as { element: z.ZodType }).element,
);

/** `GET /api/mcp-logs/{id}`: the bare row. */
export const mcpLog = json(mcpRow ?? z.never());

/** `GET /api/mcp-logs/stats`. */
export const mcpStats = json(fieldsOf(schemaOf('mcp-logs'))['stats'] ?? z.never(), ({ success_rate: rate }) =>
  hold(rate >= 0 && rate <= 100, `success_rate ${rate}`),
);

const virtualKey = z.strictObject({
  id: z.string(),
  name: z.string(),
  value: z.literal(''),
  is_active: z.boolean(),
});

/** `GET /api/mcp-logs/filterdata`. */
export const mcpFilterData = json(
  z.strictObject({
    server_labels: texts.max(500).optional(),
    tool_names: texts.max(500).optional(),
    virtual_keys: z.array(virtualKey).max(500).optional(),
  }),
  (body, sent) => {
    if (asked(sent, 'dimensions') === null) hold(Object.keys(body).length === 3, 'a dimension is missing');
  },
);

function histogram(bucket: z.ZodType): Check {
  return json(z.strictObject({ buckets: z.array(bucket), bucket_size_seconds: count }), ({ buckets }) =>
    hold(areNewestFirst(buckets.toReversed()), 'buckets out of order'),
  );
}

/** `GET /api/mcp-logs/histogram` and `/histogram/cost`. */
export const mcpHistogram = histogram(
  z
    .strictObject({ timestamp: time, count, success: count, error: count })
    .refine((bucket) => bucket.count === bucket.success + bucket.error, 'count is not success + error'),
);
export const mcpCosts = histogram(z.strictObject({ timestamp: time, total_cost: z.number() }));

/** `GET /api/mcp-logs/histogram/top-tools`. */
export const mcpTopTools = json(
  z.strictObject({
    tools: z.array(z.strictObject({ tool_name: z.string(), count, cost: z.number() })).max(10),
  }),
  ({ tools }) => {
    const counts: readonly number[] = tools.map((tool: { count: number }) => tool.count);
    hold(
      counts.every((each, place) => place === 0 || each <= (counts[place - 1] ?? 0)),
      'not by count',
    );
  },
);

/** `DELETE /api/mcp-logs`. */
export const mcpDeletion = json(z.strictObject({ message: z.literal('MCP tool logs deleted successfully') }));

/** `GET /v1/requests`: ten keys a row, in the order of the document. */
export const requests = json(schemaOf('requests'), ({ total, limit, offset, data }, sent) => {
  hold(limit === Number(asked(sent, 'limit') ?? 50), `limit ${limit}`);
  hold(offset === Number(asked(sent, 'offset') ?? 0), `offset ${offset}`);
  hold(data.length <= limit && data.length <= total, 'more rows than limit or total');
  hold(areNewestFirst(data), 'not newest first');
});

const requestRow = (fieldsOf(schemaOf('requests'))['data'] as unknown as { element: z.ZodObject }).element;

/** `GET /v1/requests/{id}`. */
export const request = json(
  requestRow.extend({
    virtual_key_id: nullable,
    user_id: nullable,
    session_id: nullable,
    trace_id: nullable,
    cost: z.number().nullable(),
    metadata: z.object({}).nullable(),
    tool_calls: z.array(z.strictObject({ id: z.string(), name: z.string(), status: z.string() })),
  }),
);

const outcomes = { requests: count, successful: count, failed: count };

/** `GET /v1/analytics`. */
export const analytics = json(
  z.strictObject({
    total_requests: count,
    successful_requests: count,
    failed_requests: count,
    success_rate: z.number().min(0).max(1),
    providers: z.record(z.string(), z.strictObject(outcomes)),
    models: z.record(z.string(), z.strictObject(outcomes)),
    projects: z.record(z.string(), z.strictObject(outcomes)),
    daily: z.array(z.strictObject({ date: z.iso.date(), ...outcomes })),
  }),
  ({ daily }, sent) => hold(daily.length === Number(asked(sent, 'days') ?? 30), `${daily.length} days`),
);

/** `GET …/servers/{server_id}/logs`: the keys of the document, in its order. */
export const serverLogs = json(
  z.object({
    ...fieldsOf(schemaOf('server-logs')),
    server_id: z.string(),
  }),
  (body, sent) => {
    const keys = 'version,server_id,workspace_id,logs,count,has_more,query_timestamp,next_cursor';
    hold(Object.keys(body).join(',') === keys, `keys ${Object.keys(body).join(',')}`);
    hold(body.count === body.logs.length, 'count is not the number of lines');
    hold(body.has_more === (body.next_cursor !== null), 'has_more and next_cursor contradict');
    hold(body.workspace_id === body.workspace_id.toLowerCase(), 'workspace_id not in lower case');
    hold(!body.server_id.includes('/'), 'server_id not its last segment');
    hold(areNewestFirst(body.logs), 'not newest first');
    const level = asked(sent, 'level');
    const levels = ['debug', 'info', 'warning', 'error', 'critical'];
    for (const log of body.logs)
      hold(levels.indexOf(log.level) >= levels.indexOf(level ?? 'debug'), `a line of ${log.level}`);
  },
);

/** `GET /v1/workspaces`. */
export const workspaces = json(
  z.strictObject({
    workspaces: z.array(
      z.strictObject({ workspace_id: z.uuid(), workspace_name: z.string(), created: time.nullable() }),
    ),
    user_id: z.string().min(1),
    total: count,
  }),
  (body) => hold(body.total === body.workspaces.length, 'total is not the number of workspaces'),
);

/** `POST /api/v3.1/logs/tool_execution`. */
export const toolExecution = json(schemaOf('tool-execution'), ({ logs }) => {
  hold(logs.length <= 100, 'over 100 logs');
  hold(areNewestFirst(logs), 'not newest first');
});

const toolRow = (fieldsOf(schemaOf('tool-execution'))['logs'] as unknown as { element: z.ZodObject }).element;
const maybeText = z.string().optional();

/** `GET /api/v3.1/logs/tool_execution/{id}`: an unknown key inside is absent, never null. */
export const toolExecutionLog = json(
  toolRow.extend({
    timings: z.strictObject({ start_time: z.number(), end_time: z.number() }).optional(),
    context: z.strictObject({ session_id: maybeText, trace_id: maybeText, request_id: maybeText }),
    source: z.strictObject({ host: maybeText, framework: maybeText, language: maybeText }),
    data: z.strictObject({
      request: z.strictObject({ payload: z.unknown().optional() }),
      response: z.strictObject({
        body: z.strictObject({ successful: z.boolean(), data: z.unknown().optional(), error: nullable }),
      }),
    }),
  }),
);

const amount = { total_quantity: z.string().regex(/^\d+$/), event_count: count };
const entity = z.strictObject({ unit: z.literal('count'), ...amount });

/** `POST …/project/usage/summary`. */
export const usageSummary = json(
  z.strictObject({
    entities: z
      .strictObject({ tool_calls: entity.optional(), sessions: entity.optional() })
      .refine((entities) => Object.keys(entities).length > 0, 'no entity'),
  }),
);

/** `POST …/project/usage/{entity_type}`. */
export const usage = json(
  z.strictObject({
    entity_type: z.enum(['tool_calls', 'sessions']),
    unit: z.literal('count'),
    ...amount,
    groups: z.array(z.strictObject({ key: z.string(), ...amount })).max(1000),
  }),
);
