/** The questions that the bench asks, each as a request to a dialect. */
import {
  eventAt,
  PROVIDERS,
  SERVERS,
  SHARES,
  TOOLS,
  virtualKey,
  WORKSPACE_SERVERS,
  WORKSPACES,
} from './data.ts';
import type { Ask, Gatelog } from './gatelog.ts';
import { bodyOf } from './measure.ts';
import { COMMON_WORD, RARE_WORD } from './prose.ts';

/** The store as it stands when a question is asked; `end` is where its thirty days end, in epoch milliseconds. */
export type Setting = { readonly gatelog: Gatelog; readonly size: number; readonly end: number };

/** A question under its name, which is also what the baseline knows it by. */
export type BenchQuery = {
  readonly name: string;
  readonly ask: (setting: Setting) => Ask | Promise<Ask>;
  /** Its route came after the lists; where it is missing, the table says so and goes on. */
  readonly isOptional?: true;
};

const LIST = '/api/mcp-logs';
const DAY = 86_400_000;

/** How far into a list a deep offset lies. */
const DEEP = 0.9;

/** Milliseconds that about one call in seventy takes. */
const SLOW = 2000;

const list = (name: string, parameters: Record<string, string | number>): BenchQuery => ({
  name,
  ask: () => ({ path: withParameters(LIST, parameters) }),
});

/** A list over the days `from` to `until` before the end. */
const window = (
  name: string,
  from: number,
  until: number,
  parameters: Record<string, string>,
): BenchQuery => ({
  name,
  ask: ({ end }) => {
    const times = { start_time: timeText(end - from * DAY), end_time: timeText(end - until * DAY - 1) };
    return { path: withParameters(LIST, { ...times, ...parameters }) };
  },
});

const [frequentTool = '', secondTool = ''] = TOOLS;
/** Of the same server as the most frequent tool. */
const siblingTool = TOOLS[SERVERS.length] ?? '';

/** All questions, in the order of the table. */
export const QUERIES: readonly BenchQuery[] = [
  list('calls: default page', {}),
  list('calls: one tool', { tool_names: frequentTool }),
  list('calls: two tools + server label', {
    tool_names: `${frequentTool},${siblingTool}`,
    server_labels: SERVERS[0] ?? '',
  }),
  list('calls: status=error', { status: 'error' }),
  list('calls: virtual key', { virtual_key_ids: virtualKey(3) }),
  window('calls: one day', 10, 9, {}),
  window('calls: 7 days + tool', 14, 7, { tool_names: secondTool }),
  list('calls: min_latency', { min_latency: SLOW }),
  list('calls: sort by latency', { sort_by: 'latency' }),
  list('calls: sort by cost, rising', { sort_by: 'cost', order: 'asc' }),
  list('calls: search, rare word', { content_search: RARE_WORD }),
  list('calls: search, common word', { content_search: COMMON_WORD }),
  list('calls: search + tool', { content_search: COMMON_WORD, tool_names: secondTool }),
  {
    name: 'calls: offset at 90 %',
    ask: ({ size }) => ({ path: withParameters(LIST, { offset: Math.floor(size * DEEP) }) }),
  },
  { name: 'calls: cursor in the middle', ask: middlePage },
  {
    name: 'calls: one by its id',
    ask: ({ size, end }) => ({ path: `${LIST}/${eventAt('tool_call', Math.floor(size / 2), end).id}` }),
  },
  {
    name: 'requests: provider',
    ask: () => ({ path: withParameters('/v1/requests', { provider: PROVIDERS[1] ?? '' }) }),
  },
  {
    name: 'requests: offset at 90 %',
    ask: ({ size }) => {
      const offset = Math.floor(size * SHARES.request * DEEP);
      return { path: withParameters('/v1/requests', { offset }) };
    },
  },
  {
    name: 'server lines: level=warning',
    ask: () => {
      const path = `/v1/workspaces/${WORKSPACES[1]}/servers/${WORKSPACE_SERVERS[1]}/logs`;
      return { path: withParameters(path, { level: 'warning', limit: 50 }) };
    },
  },
  {
    name: 'tool execution: contains',
    ask: () => ({
      path: '/api/v3.1/logs/tool_execution',
      body: { limit: 50, filters: [{ field: 'tool_slug', operator: 'contains', value: 'issue' }] },
    }),
  },
  {
    name: 'tool execution: contains, user',
    ask: () => ({
      path: '/api/v3.1/logs/tool_execution',
      body: { limit: 50, filters: [{ field: 'user_id', operator: 'contains', value: '7' }] },
    }),
  },
  sibling('calls: stats', () => `${LIST}/stats`),
  sibling('calls: filterdata', () => `${LIST}/filterdata`),
  sibling('calls: histogram of 7 days', (end) =>
    withParameters(`${LIST}/histogram`, { start_time: timeText(end - 7 * DAY), end_time: timeText(end - 1) }),
  ),
  sibling('calls: top tools', () => `${LIST}/histogram/top-tools`),
  sibling('requests: analytics', () => '/v1/analytics?days=30'),
];

function sibling(name: string, path: (end: number) => string): BenchQuery {
  return { name, ask: ({ end }) => ({ path: path(end) }), isOptional: true };
}

/** The page after the one that ends in the middle of the window. */
async function middlePage({ gatelog, end }: Setting): Promise<Ask> {
  const parameters = { end_time: timeText(end - 15 * DAY), limit: 50 };
  const page = bodyOf(await gatelog.ask({ path: withParameters(LIST, parameters) }));
  const { next_cursor: cursor } = page['pagination'] as { next_cursor: string };
  return { path: withParameters(LIST, { ...parameters, cursor }) };
}

function withParameters(path: string, parameters: Record<string, string | number>): string {
  const given = Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]);
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

function timeText(time: number): string {
  return new Date(time).toISOString();
}
