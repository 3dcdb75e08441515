/** The routes of the dialects, and of lines, which are posted where they are read. */
import type { Body } from '../world.ts';
import type { Call, Place } from './identities.ts';
import { idsOf, serverOf } from './marked-events.ts';
import type { RouteCase } from './route-case.ts';

const query = (path: string, parameters: Readonly<Record<string, string>>): Call => ({
  path: `${path}?${new URLSearchParams(parameters).toString()}`,
});

const rangeOf = ({ time }: Place): { start_time: string; end_time: string } => ({
  start_time: new Date(time - 60_000).toISOString(),
  end_time: new Date(time + 600_000).toISOString(),
});

/** Every filter of mcp-logs with the place's own values, and searches for its words, with the index and without. */
const narrowings = (of: Place): readonly Record<string, string>[] => [
  {},
  { tool_names: `${of.word}-tool` },
  { server_labels: `${of.word}-label`, status: 'success,error' },
  { virtual_key_ids: of.virtualKey },
  { llm_request_ids: `${of.word}-id-0` },
  { content_search: `${of.word} result` },
  { content_search: of.word.slice(0, 2) },
  { min_latency: '100', max_latency: '101' },
  { outcomes: 'ok,tool_error,timeout' },
  { status: 'processing' },
];

const mcpLogs = '/api/mcp-logs';
const mcpSibling = (path: string, numbers: (body: Body) => readonly number[]): RouteCase => ({
  scope: 'read',
  reads: (of) => narrowings(of).map((narrowing) => query(path, { ...rangeOf(of), ...narrowing })),
  counts: { ask: { path: `${path}?period=24h` }, numbers },
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** What a place's three tool calls cost, for each of them. */
const COSTS = 2 / 3;

const mcpRoutes: Readonly<Record<string, RouteCase>> = {
  [`GET ${mcpLogs}`]: {
    scope: 'read',
    reads: (of) => [
      ...narrowings(of).map((narrowing) => query(mcpLogs, narrowing)),
      query(mcpLogs, { limit: '1000', order: 'asc', period: '30d' }),
      query(mcpLogs, { sort_by: 'latency', limit: '1', offset: '1' }),
      query(mcpLogs, { sort_by: 'cost', order: 'asc' }),
    ],
    pages: {
      ask: (_of, cursor) => query(mcpLogs, { limit: '1', ...(cursor === null ? {} : { cursor }) }),
      next: (body) => body.pagination.next_cursor,
    },
    counts: {
      ask: { path: mcpLogs },
      numbers: ({ logs, pagination, stats }) => [
        logs.length,
        pagination.total_count,
        stats.total_executions,
        stats.total_cost / COSTS,
      ],
    },
  },
  [`GET ${mcpLogs}/stats`]: mcpSibling(`${mcpLogs}/stats`, (body) => [
    body.total_executions,
    body.total_cost / COSTS,
  ]),
  [`GET ${mcpLogs}/filterdata`]: mcpSibling(`${mcpLogs}/filterdata`, (body) => [
    3 * body.tool_names.length,
    3 * body.server_labels.length,
    3 * body.virtual_keys.length,
  ]),
  [`GET ${mcpLogs}/histogram`]: mcpSibling(`${mcpLogs}/histogram`, ({ buckets }) => [
    sum(buckets.map(({ count }: Body) => count)),
  ]),
  [`GET ${mcpLogs}/histogram/cost`]: mcpSibling(`${mcpLogs}/histogram/cost`, ({ buckets }) => [
    sum(buckets.map(({ total_cost: cost }: Body) => cost)) / COSTS,
  ]),
  [`GET ${mcpLogs}/histogram/top-tools`]: mcpSibling(`${mcpLogs}/histogram/top-tools`, ({ tools }) => [
    3 * tools.length,
    sum(tools.map(({ count }: Body) => count)),
    sum(tools.map(({ cost }: Body) => cost)) / COSTS,
  ]),
  [`GET ${mcpLogs}/:id`]: {
    scope: 'read',
    reads: (of) => idsOf(of).map((id) => ({ path: `${mcpLogs}/${id}` })),
  },
  [`DELETE ${mcpLogs}`]: {
    scope: 'admin',
    writes: (of) => [{ path: mcpLogs, method: 'DELETE', body: { ids: idsOf(of) } }],
  },
};

const requests = '/v1/requests';
const requestRoutes: Readonly<Record<string, RouteCase>> = {
  [`GET ${requests}`]: {
    scope: 'read',
    reads: (of) =>
      [
        {},
        { project_id: of.project },
        { model: `${of.word}-model` },
        { provider: `${of.word}-provider`, outcome: 'ok' },
        { status: '4xx,500' },
        { q: `${of.word} error` },
        { q: of.word.slice(0, 2) },
        { since: String(of.time), until: String(of.time + 60_000), limit: '1', offset: '1' },
      ].map((narrowing) => query(requests, narrowing as Record<string, string>)),
    pages: {
      ask: (_of, cursor) => query(requests, { limit: '1', ...(cursor === null ? {} : { cursor }) }),
      next: (body) => body.next_cursor,
    },
    counts: { ask: { path: requests }, numbers: ({ total, data }) => [total, data.length] },
  },
  [`GET ${requests}/:id`]: {
    scope: 'read',
    reads: (of) => idsOf(of).map((id) => ({ path: `${requests}/${id}` })),
  },
  'GET /v1/analytics': {
    scope: 'read',
    reads: (of) => [{ path: '/v1/analytics?days=2' }, query('/v1/analytics', { project_id: of.project })],
    counts: {
      ask: { path: '/v1/analytics' },
      numbers: (body) => [
        body.total_requests,
        sum(body.daily.map((day: Body) => day.requests)),
        ...[body.providers, body.models, body.projects].map((names) => 3 * Object.keys(names).length),
      ],
    },
  },
};

const workspaces = '/v1/workspaces';
const linesOf = (of: Place): string => `${workspaces}/${of.workspace}/servers/${serverOf(of)}/logs`;
const lineRoutes: Readonly<Record<string, RouteCase>> = {
  [`GET ${workspaces}`]: {
    scope: 'read',
    reads: () => [{ path: workspaces }],
    counts: { ask: { path: workspaces }, numbers: (body) => [3 * body.workspaces.length] },
  },
  [`GET ${workspaces}/:workspace_id/servers/:server_id{.+}/logs`]: {
    scope: 'read',
    reads: (of) => [
      ...[
        {},
        { q: of.word },
        { q: of.word.slice(0, 2) },
        { pod_name: `${of.word}-pod`, container_name: `${of.word}-container` },
        { level: 'error', since: String(of.time) },
      ].map((narrowing) => query(linesOf(of), narrowing as Record<string, string>)),
      { path: `${workspaces}/${of.workspace}/servers/unknown/logs` },
    ],
    pages: {
      ask: (of, cursor) => query(linesOf(of), { limit: '1', ...(cursor === null ? {} : { cursor }) }),
      next: (body) => body.next_cursor,
    },
  },
  [`POST ${workspaces}/:workspace_id/servers/:server_id{.+}/logs`]: {
    scope: 'ingest',
    takesCookie: true,
    writes: (of) => [{ path: `${linesOf(of)}?wait=true&project_id=${of.project}`, body: 'ERROR forged' }],
  },
};

const FIELDS: Readonly<Record<string, string>> = {
  tool_slug: 'tool',
  toolkit_slug: 'label',
  connected_account_id: 'account',
  auth_config_id: 'auth',
  user_id: 'user',
  session_id: 'session-0',
  sandbox_id: 'sandbox',
  request_id: 'request',
  log_id: 'id-0',
};

/** Both versions lead to the same handlers, so one of them is asked by every field and the other by a few. */
function composio(
  version: string,
  fields: Readonly<Record<string, string>>,
): Readonly<Record<string, RouteCase>> {
  const logs = `${version}/logs/tool_execution`;
  const usage = `${version}/project/usage`;
  const range = (of: Place): object => ({ from: of.time - 60_000, to: of.time + 600_000 });
  const ask = (filters: readonly object[], more: object = {}): Call => ({
    path: logs,
    body: { filters, ...more },
  });
  return {
    [`POST ${logs}`]: {
      scope: 'read',
      takesCookie: true,
      reads: (of) => [
        ask([]),
        ask([], { limit: 1, time_range: { from: of.time, to: of.time + 5000 } }),
        ask([{ field: 'status', operator: '==', value: 'failed' }]),
        ...Object.entries(fields).flatMap(([field, name]) => [
          ask([{ field, operator: '==', value: `${of.word}-${name}` }]),
          ask([{ field, operator: '!=', value: `${of.word}-${name}` }]),
          ask([{ field, operator: 'contains', value: of.word }]),
          ask([{ field, operator: 'not_contains', value: of.word }], { case_sensitive: false }),
        ]),
      ],
      pages: { ask: (_of, cursor) => ask([], { limit: 1, cursor }), next: (body) => body.next_cursor },
      counts: { ask: ask([]), numbers: (body) => [body.logs.length] },
    },
    [`GET ${logs}/:id`]: {
      scope: 'read',
      takesCookie: true,
      reads: (of) => idsOf(of).map((id) => ({ path: `${logs}/${id}` })),
    },
    [`POST ${usage}/summary`]: {
      scope: 'read',
      takesCookie: true,
      reads: (of) =>
        [{}, { user_id: `${of.word}-user` }, { session_id: [`${of.word}-session-0`] }].map((filters) => ({
          path: `${usage}/summary`,
          body: { ...range(of), filters },
        })),
      counts: { ask: { path: `${usage}/summary`, body: {} }, numbers: countsIn },
    },
    [`POST ${usage}/:entity_type`]: {
      scope: 'read',
      takesCookie: true,
      reads: (of) =>
        ['tool_calls', 'sessions'].flatMap((entity) =>
          ['tool_slug', 'toolkit_slug', 'connected_account_id', 'user_id', 'session_id'].flatMap((group_by) =>
            [{}, { user_id: `${of.word}-user` }].map((filters) => ({
              path: `${usage}/${entity}`,
              body: { ...range(of), group_by, filters },
            })),
          ),
        ),
      counts: {
        ask: { path: `${usage}/tool_calls`, body: {} },
        numbers: (body) => [body.event_count, Number(body.total_quantity), 3 * body.groups.length],
      },
    },
  };
}

/** Whatever counts in an answer, however deep. */
function countsIn(body: Body): readonly number[] {
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([name, value]) =>
    ['event_count', 'total_quantity'].includes(name) ? [Number(value)] : countsIn(value),
  );
}

/** Every route of a dialect. */
export const DIALECT_ROUTES: Readonly<Record<string, RouteCase>> = {
  ...mcpRoutes,
  ...requestRoutes,
  ...lineRoutes,
  ...composio('/api/v3.1', FIELDS),
  ...composio('/api/v3', { user_id: 'user' }),
};
