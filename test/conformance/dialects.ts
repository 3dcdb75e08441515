/** The four dialects side by side: how each is asked, and what its answers and errors must look like. */
import * as z from 'zod';
import { OUTCOMES, type Kind } from '../../src/event/event.ts';
import type { Condition } from '../../src/query/filter.ts';
import type { Ask, Body, World } from '../world.ts';

/** One page as any dialect gives it. */
export type PageRead = {
  readonly ids: readonly string[];
  readonly cursor: string | null;
  readonly total: number | null;
};

/** A filter in the words of a dialect, and the same as plain data. */
export type FilterCase = {
  readonly asked: Record<string, string>;
  readonly conditions: readonly Condition[];
};

/** What the conformance suite must know of a dialect. */
export type DialectCase = {
  readonly name: string;
  readonly kind: Kind;
  /** A request for one page. */
  readonly page: (
    here: World,
    want: { limit: number; cursor?: string | null; offset?: number; filter?: Record<string, string> },
  ) => { path: string } & Ask;
  readonly read: (body: Body) => PageRead;
  /** The event with which a number is posted; the number is its id there and in `read`. */
  readonly event: (here: World, id: string, place: number) => Record<string, unknown>;
  readonly filters: readonly FilterCase[];
  /** Whether `offset` exists. */
  readonly hasOffset: boolean;
  /** A list’s reply, a row of it, and an error, as the contract has them: no key more, no key less. */
  readonly reply: z.ZodType;
  readonly error: (status: number) => z.ZodType;
  /** Requests that must be refused, by the status that they must get. */
  readonly refused: (here: World) => Readonly<Record<number, { path: string } & Ask>>;
};

const time = z.iso.datetime();
const nullable = z.string().nullable();
const json = z.unknown().refine((value) => value !== undefined && value !== null);

const names = ['search', 'Search', 'read', "x' OR 1=1 --", 'a%b'];
const pick = (place: number): string => names[place % names.length] ?? '';
const statuses = ['success', 'error', 'processing'];

function query(path: string, parameters: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null);
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}

const toolCall = (_here: World, id: string, place: number): Record<string, unknown> => ({
  id,
  timestamp: 1_767_225_600_000 + Math.floor(place / 5),
  type: 'tool_call',
  tool_name: pick(place),
  server_label: place % 2 === 0 ? 'web' : null,
  status: statuses[place % 4] ?? 'success',
  latency_ms: place % 6 === 0 ? null : place * 10,
  cost: place % 3 === 0 ? null : place / 100,
  user_id: `user-${place % 3}`,
  arguments: { q: pick(place + 1), place },
});

const mcpLogs: DialectCase = {
  name: 'mcp-logs',
  kind: 'tool_call',
  page: (_here, { limit, cursor, offset, filter }) => ({
    path: query('/api/mcp-logs', { limit, cursor, offset, ...filter }),
  }),
  read: (body) => ({
    ids: body.logs.map((log: Body) => log.id),
    cursor: body.pagination.next_cursor,
    total: body.pagination.total_count,
  }),
  event: toolCall,
  hasOffset: true,
  filters: [
    {
      asked: { tool_names: 'search,a%b' },
      conditions: [{ test: 'in', field: 'tool_name', values: ['search', 'a%b'] }],
    },
    {
      asked: { tool_names: "x' OR 1=1 --", server_labels: 'web' },
      conditions: [
        { test: 'in', field: 'tool_name', values: ["x' OR 1=1 --"] },
        { test: 'in', field: 'server_label', values: ['web'] },
      ],
    },
    {
      asked: { status: 'error,processing', min_latency: '50', max_latency: '200' },
      conditions: [
        { test: 'in', field: 'status', values: ['error', 'processing'] },
        { test: 'between', field: 'latency_ms', min: 50, max: 200 },
      ],
    },
    {
      asked: { outcomes: 'tool_error,denied' },
      conditions: [{ test: 'in', field: 'outcome', values: ['tool_error', 'denied'] }],
    },
    { asked: { content_search: 'SEARCH' }, conditions: [{ test: 'search', text: 'SEARCH' }] },
    { asked: { content_search: 'a%b' }, conditions: [{ test: 'search', text: 'a%b' }] },
  ],
  reply: z.strictObject({
    logs: z.array(
      z.strictObject({
        id: z.string(),
        llm_request_id: z.string().optional(),
        request_id: z.string().optional(),
        timestamp: time,
        tool_name: z.string(),
        server_label: z.string().optional(),
        virtual_key_id: nullable,
        virtual_key_name: nullable,
        arguments: json.optional(),
        result: json.optional(),
        error_details: z.object({}).optional(),
        latency: z.number().optional(),
        cost: z.number().optional(),
        status: z.enum(['processing', 'success', 'error']),
        outcome: z.enum(OUTCOMES).optional(),
        metadata: z.object({}).optional(),
        created_at: time,
        virtual_key: z.object({}).optional(),
      }),
    ),
    pagination: z.strictObject({
      limit: z.int(),
      offset: z.int(),
      sort_by: z.string(),
      order: z.string(),
      total_count: z.int(),
      next_cursor: nullable,
    }),
    stats: z.strictObject({
      total_executions: z.int(),
      success_rate: z.number(),
      average_latency: z.number(),
      total_cost: z.number(),
    }),
    has_logs: z.boolean(),
  }),
  error: (status) =>
    z.strictObject({
      is_bifrost_error: z.literal(false),
      status_code: z.literal(status),
      error: z.strictObject({ message: z.string().min(1) }),
      extra_fields: z.strictObject({}),
    }),
  refused: () => ({
    400: { path: '/api/mcp-logs?limit=x' },
    401: { path: '/api/mcp-logs', key: null },
    404: { path: '/api/mcp-logs/none' },
    405: { path: '/api/mcp-logs', body: '{}' },
  }),
};

const requests: DialectCase = {
  name: 'requests',
  kind: 'request',
  page: (_here, { limit, cursor, offset, filter }) => ({
    path: query('/v1/requests', { limit, cursor, offset, ...filter }),
  }),
  read: (body) => ({
    ids: body.data.map((row: Body) => row.id),
    cursor: body.next_cursor,
    total: body.total,
  }),
  event: (_here, id, place) => ({
    id,
    timestamp: 1_767_225_600_000 + Math.floor(place / 5),
    type: 'request',
    model: pick(place),
    provider: place % 2 === 0 ? 'openai' : 'anthropic',
    status: [200, 201, 429, 500][place % 4],
    error: place % 4 === 2 ? 'Rate_limit 100%' : null,
  }),
  hasOffset: true,
  filters: [
    {
      asked: { model: "x' OR 1=1 --" },
      conditions: [{ test: 'in', field: 'model', values: ["x' OR 1=1 --"] }],
    },
    {
      asked: { provider: 'openai', status: '4xx' },
      conditions: [
        { test: 'in', field: 'provider', values: ['openai'] },
        { test: 'in', field: 'status', values: ['429'] },
      ],
    },
    {
      asked: { outcome: 'error' },
      conditions: [{ test: 'in', field: 'status', values: ['200', '201'], not: true }],
    },
    { asked: { q: 'rate_LIMIT 100%' }, conditions: [{ test: 'search', text: 'rate_LIMIT 100%' }] },
  ],
  reply: z.strictObject({
    total: z.int(),
    limit: z.int(),
    offset: z.int(),
    next_cursor: nullable,
    data: z.array(
      z.strictObject({
        id: z.string(),
        timestamp: z.iso.datetime({ precision: 3 }),
        model: z.string(),
        provider: z.string(),
        status: z.int(),
        latency_ms: z.number().nullable(),
        input_tokens: z.int().nullable(),
        output_tokens: z.int().nullable(),
        project_id: nullable,
        error: nullable,
      }),
    ),
  }),
  error: () =>
    z.strictObject({
      error: z.strictObject({ message: z.string().min(1), type: z.string().min(1), code: nullable }),
    }),
  refused: () => ({
    400: { path: '/v1/requests?limit=x' },
    401: { path: '/v1/requests', key: null },
    403: { path: '/v1/requests?project_id=another' },
    404: { path: '/v1/requests/none' },
    405: { path: '/v1/requests', body: '{}' },
  }),
};

const serverLogs: DialectCase = {
  name: 'server-logs',
  kind: 'server_log',
  page: (here, { limit, cursor, filter }) => ({
    path: query(`/v1/workspaces/${here.workspace}/servers/echo/logs`, { limit, cursor, ...filter }),
  }),
  read: (body) => ({
    ids: body.logs.map((log: Body) => log.message.split(' ')[0]),
    cursor: body.next_cursor,
    total: null,
  }),
  event: (here, id, place) => ({
    id,
    timestamp: 1_767_225_600_000 + Math.floor(place / 5),
    type: 'server_log',
    workspace_id: here.workspace,
    server_id: 'ai.nimblebrain/echo',
    message: `${id} ${pick(place)}`,
    level: ['debug', 'info', 'warning', 'error', 'critical'][place % 5],
    pod_name: place % 3 === 0 ? null : pick(place),
  }),
  hasOffset: false,
  filters: [
    {
      asked: { level: 'warning' },
      conditions: [{ test: 'in', field: 'level', values: ['warning', 'error', 'critical'] }],
    },
    {
      asked: { pod_name: "x' OR 1=1 --" },
      conditions: [{ test: 'in', field: 'pod_name', values: ["x' OR 1=1 --"] }],
    },
    { asked: { q: 'A%B' }, conditions: [{ test: 'search', text: 'A%B' }] },
  ],
  reply: z.strictObject({
    version: z.literal('v1'),
    server_id: z.literal('echo'),
    workspace_id: z.uuid(),
    logs: z.array(
      z.strictObject({
        timestamp: time,
        level: z.enum(['debug', 'info', 'warning', 'error', 'critical']),
        message: z.string(),
        pod_name: nullable,
        container_name: nullable,
      }),
    ),
    count: z.int(),
    has_more: z.boolean(),
    query_timestamp: time,
    next_cursor: nullable,
  }),
  error: (status) =>
    status === 422
      ? z.strictObject({
          detail: z
            .array(
              z.object({ type: z.string(), loc: z.array(z.string()), msg: z.string(), input: z.string() }),
            )
            .min(1),
        })
      : z.strictObject({ detail: z.string().min(1) }),
  refused: (here) => {
    const path = `/v1/workspaces/${here.workspace}/servers/echo/logs`;
    return {
      401: { path, key: null },
      404: { path: `/v1/workspaces/${crypto.randomUUID()}/servers/echo/logs` },
      405: { path, method: 'PUT', body: '{}' },
      422: { path: `${path}?limit=x` },
    };
  },
};

const toolExecution: DialectCase = {
  name: 'tool-execution',
  kind: 'tool_call',
  page: (_here, { limit, cursor, filter = {} }) => ({
    path: '/api/v3.1/logs/tool_execution',
    body: {
      limit,
      cursor: cursor ?? null,
      filters: Object.entries(filter).map(([name, value]) => {
        const [field, operator] = name.split(' ');
        return { field, operator, value };
      }),
    },
  }),
  read: (body) => ({ ids: body.logs.map((log: Body) => log.id), cursor: body.next_cursor, total: null }),
  event: (here, id, place) => ({
    ...toolCall(here, id, place),
    status: place % 4 === 1 ? 'error' : 'success',
  }),
  hasOffset: false,
  filters: [
    {
      asked: { 'tool_slug ==': "x' OR 1=1 --" },
      conditions: [{ test: 'in', field: 'tool_name', values: ["x' OR 1=1 --"] }],
    },
    {
      asked: { 'toolkit_slug !=': 'web' },
      conditions: [{ test: 'in', field: 'server_label', values: ['web'], not: true }],
    },
    {
      asked: { 'tool_slug contains': '%' },
      conditions: [{ test: 'contains', field: 'tool_name', text: '%', ignoreCase: false }],
    },
    {
      asked: { 'tool_slug not_contains': 'earch', 'status ==': 'success', 'user_id ==': 'user-1' },
      conditions: [
        { test: 'contains', field: 'tool_name', text: 'earch', ignoreCase: false, not: true },
        { test: 'in', field: 'status', values: ['success'] },
        { test: 'in', field: 'user_id', values: ['user-1'] },
      ],
    },
  ],
  reply: z.strictObject({
    logs: z.array(
      z.strictObject({
        id: z.string(),
        timestamp: z.iso.datetime({ precision: 3 }),
        type: z.literal('tool.execution'),
        status: z.enum(['success', 'failed']),
        level: z.enum(['info', 'warn', 'error']),
        message: z.string().optional(),
        metadata: z.object({ tool: z.object({ slug: z.string() }), tool_slug: z.string() }),
        metrics: z.strictObject({ duration_ms: z.number().optional() }),
        parent: z.object({}).nullable(),
      }),
    ),
    next_cursor: nullable,
  }),
  error: (status) =>
    z.strictObject({
      error: z.strictObject({
        message: z.string().min(1),
        code: z.int(),
        slug: z.string().min(1),
        status: z.literal(status),
        request_id: z.string().min(1),
        suggested_fix: z.string().min(1),
        errors: z.array(z.string()).optional(),
      }),
    }),
  refused: () => {
    const path = '/api/v3.1/logs/tool_execution';
    return {
      400: { path, body: { limit: 0 } },
      401: { path, body: {}, key: null },
      404: { path: `${path}/none` },
      405: { path, method: 'PUT', body: '{}' },
    };
  },
};

/** Every dialect; one that is missing here fails the suite. */
export const DIALECTS: readonly DialectCase[] = [mcpLogs, requests, serverLogs, toolExecution];
