/** The table of all routes: what each is sent, and what its successes look like. A route that is missing fails the suite. */
import * as z from 'zod';
import type { Carrier } from '../../src/edge/authenticate.ts';
import {
  FilterDataParameters,
  ListParameters as McpList,
  NarrowingParameters,
} from '../../src/dialects/mcp-logs/contract.ts';
import { AnalyticsParameters } from '../../src/dialects/requests/analytics/contract.ts';
import { ListParameters as RequestList } from '../../src/dialects/requests/contract.ts';
import { LogParameters } from '../../src/dialects/server-logs/contract.ts';
import { ListBody } from '../../src/dialects/tool-execution/contract.ts';
import { BreakdownBody, SummaryBody } from '../../src/dialects/tool-execution/usage/contract.ts';
import { producers } from '../../src/producers/index.ts';
import { delivery, jsonLike, jsonOf, lines } from './bodies.ts';
import { operating, OWN, own, POSTING, type Entry } from './own-routes.ts';
import type { Ways } from './plans.ts';
import * as receipts from './receipts.ts';
import * as replies from './replies.ts';
import { fieldsOf } from './schema-arbitrary.ts';
import { SEEDED_IDS, WORKSPACES } from './seeds.ts';

/** Where surfaces take a credential from (their contracts, and contracts/producers.md). */
const DOOR: readonly Carrier[] = ['bearer', 'basic', 'api-key', 'x-api-key'];
const COMPOSIO: readonly Carrier[] = ['x-api-key', 'bearer', 'cookie'];

/** Where lines belong that do not say so. */
const HOME = [
  ['workspace_id', WORKSPACES[0]],
  ['server_id', 'echo'],
] as const;
const text = z.string();
const LINES = { wait: text, fold: text, pod_name: text, container_name: text };

const read = (query: z.ZodType, more: Partial<Ways> = {}): Ways => ({
  carriers: ['bearer'],
  scope: 'read',
  query: fieldsOf(query),
  ...more,
});
const calls = SEEDED_IDS.filter((id) => id.startsWith('call'));
const modelRequests = SEEDED_IDS.filter((id) => id.startsWith('request'));
const nothing = z.object({});

const mcpLogs: Readonly<Record<string, Entry>> = {
  'GET /api/mcp-logs': { ways: read(McpList, { cursorIn: 'query' }), replies: { 200: replies.mcpLogs } },
  'DELETE /api/mcp-logs': {
    ways: {
      carriers: ['bearer'],
      scope: 'admin',
      body: (isHostile) => jsonLike([{ ids: ['gone-1', 'gone-2'] }, { ids: ['mine-1'] }], isHostile),
    },
    replies: { 200: replies.mcpDeletion },
  },
  'GET /api/mcp-logs/stats': { ways: read(NarrowingParameters), replies: { 200: replies.mcpStats } },
  'GET /api/mcp-logs/filterdata': {
    ways: read(FilterDataParameters),
    replies: { 200: replies.mcpFilterData },
  },
  'GET /api/mcp-logs/histogram': { ways: read(NarrowingParameters), replies: { 200: replies.mcpHistogram } },
  'GET /api/mcp-logs/histogram/cost': { ways: read(NarrowingParameters), replies: { 200: replies.mcpCosts } },
  'GET /api/mcp-logs/histogram/top-tools': {
    ways: read(NarrowingParameters),
    replies: { 200: replies.mcpTopTools },
  },
  'GET /api/mcp-logs/:id': { ways: read(nothing, { ids: calls }), replies: { 200: replies.mcpLog } },
};

const requests: Readonly<Record<string, Entry>> = {
  'GET /v1/requests': { ways: read(RequestList, { cursorIn: 'query' }), replies: { 200: replies.requests } },
  'GET /v1/requests/:id': { ways: read(nothing, { ids: modelRequests }), replies: { 200: replies.request } },
  'GET /v1/analytics': { ways: read(AnalyticsParameters), replies: { 200: replies.analytics } },
};

const LOGS = '/v1/workspaces/:workspace_id/servers/:server_id{.+}/logs';

const serverLogs: Readonly<Record<string, Entry>> = {
  'GET /v1/workspaces': { ways: read(nothing), replies: { 200: replies.workspaces } },
  [`GET ${LOGS}`]: { ways: read(LogParameters, { cursorIn: 'query' }), replies: { 200: replies.serverLogs } },
  [`POST ${LOGS}`]: {
    ways: { carriers: OWN, scope: 'ingest', query: LINES, body: lines, type: 'text/plain' },
    replies: { 202: receipts.receipt },
  },
};

/** Both versions of Composio's API answer alike. */
function toolExecution(version: string): Readonly<Record<string, Entry>> {
  const ask = (schema: z.ZodType, more: Partial<Ways> = {}): Ways => ({
    carriers: COMPOSIO,
    scope: 'read',
    body: (isHostile) => jsonOf(schema, isHostile),
    type: 'application/json',
    ...more,
  });
  return {
    [`POST ${version}/logs/tool_execution`]: {
      ways: ask(ListBody, { cursorIn: 'body' }),
      replies: { 200: replies.toolExecution },
    },
    [`GET ${version}/logs/tool_execution/:id`]: {
      ways: { carriers: COMPOSIO, scope: 'read', ids: calls },
      replies: { 200: replies.toolExecutionLog },
    },
    [`POST ${version}/project/usage/summary`]: {
      ways: ask(SummaryBody),
      replies: { 200: replies.usageSummary },
    },
    [`POST ${version}/project/usage/:entity_type`]: {
      ways: ask(BreakdownBody),
      replies: { 200: replies.usage },
    },
  };
}

const DOOR_REPLIES: Readonly<Record<string, Entry['replies']>> = {
  'otlp-traces': { 200: receipts.otlp },
  'otlp-logs': { 200: receipts.otlp },
  portkey: { 200: receipts.portkey },
  loki: { 204: receipts.empty },
  elasticsearch: { 200: receipts.bulk },
};

/** The doors take `PUT` where they take `POST`. */
const doors = Object.fromEntries(
  producers.flatMap(({ name, paths }) =>
    paths.flatMap((path) =>
      ['POST', 'PUT'].map((method): [string, Entry] => [
        `${method} ${path}`,
        {
          ways: {
            carriers: DOOR,
            scope: 'ingest',
            query: POSTING,
            always: HOME,
            body: (isHostile) => delivery(name, isHostile),
            type: 'application/json',
          },
          replies: DOOR_REPLIES[name] ?? { 200: receipts.receipt },
        },
      ]),
    ),
  ),
);

/** Every route of the Worker, under its method and its pattern. */
export const ROUTES: Readonly<Record<string, Entry>> = {
  ...mcpLogs,
  ...requests,
  ...serverLogs,
  ...toolExecution('/api/v3.1'),
  ...toolExecution('/api/v3'),
  ...own,
  ...operating,
  ...doors,
};
