/** One delivery for each door, built from its producer's documents. */
import { HELICONE_TOOL, KONG_MCP, LITELLM_TOOL, PORTKEY_LOG } from '../producers/golden.ts';
import type { Ask, World } from '../world.ts';

/** Fields of a producer's own that no format knows. */
export type Fields = Readonly<Record<string, string>>;

/** A door and what goes through it. */
export type DoorCase = {
  readonly name: string;
  readonly producer: string;
  readonly path: (here: World) => string;
  readonly type: string;
  /** A delivery in which some text of the content says the given words, and which has further fields where it can. */
  readonly body: (here: World, words: string, fields?: Fields) => string;
  readonly status: number;
  /** How many events the delivery holds. */
  readonly events: number;
  /** Where to look for them, and a text that must be there. */
  readonly read: (here: World) => { path: string } & Ask;
  readonly shows: string;
  /** Whether a redelivery is known by the producer's own ids. */
  readonly isIdempotent: boolean;
  /** Whether `POST /v1/events` knows it by its shape. */
  readonly isRecognised: boolean;
};

const calls = (): { path: string } => ({ path: '/api/mcp-logs' });
const requests = (here: World): { path: string } => ({ path: `/v1/requests?project_id=${here.project}` });
const lines = (here: World): { path: string } => ({
  path: `/v1/workspaces/${here.workspace}/servers/echo/logs`,
});

/** The query string that says where lines belong. */
const home = (here: World): string => `?wait=true&workspace_id=${here.workspace}&server_id=echo`;

const gateway = (
  name: string,
  path: string,
  more: Partial<DoorCase> & Pick<DoorCase, 'body' | 'shows'>,
): DoorCase => ({
  name,
  producer: name,
  path: () => `${path}?wait=true`,
  type: 'application/json',
  status: 200,
  events: 1,
  read: calls,
  isIdempotent: true,
  isRecognised: true,
  ...more,
});

const shipper = (name: string, path: string, more: Partial<DoorCase> & Pick<DoorCase, 'body'>): DoorCase => ({
  name,
  producer: name,
  path: (here) => path + home(here),
  type: 'application/json',
  status: 200,
  events: 1,
  read: lines,
  shows: 'boom',
  isIdempotent: false,
  isRecognised: false,
  ...more,
});

const attribute = (key: string, stringValue: string): object => ({ key, value: { stringValue } });
const attributesOf = (fields: Fields): object[] =>
  Object.entries(fields).map(([key, value]) => attribute(key, value));

const structuredData = (fields: Fields): string =>
  `[seen@1 a="b"${Object.entries(fields)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('')}]`;

const TRACE_ID = '5b8efff798038103d269b633813fc60c';
const SPAN_ID = 'eee19b7ec3c1b174';

/** Every door. */
export const DOORS: readonly DoorCase[] = [
  gateway('litellm', '/v1/ingest/litellm', {
    body: (_here, words, fields = {}) =>
      JSON.stringify([
        {
          ...LITELLM_TOOL,
          metadata: { ...LITELLM_TOOL.metadata, user_api_key_team_id: null },
          request_tags: [words],
          ...fields,
        },
      ]),
    shows: 'get_weather',
  }),
  gateway('portkey', '/v1/ingest/portkey', {
    // Portkey names a project of its own, which a key of another project may not write to.
    body: (_here, words, fields = {}) =>
      JSON.stringify({
        ...PORTKEY_LOG,
        metadata: { note: words },
        request: { ...PORTKEY_LOG.request, headers: fields },
      }),
    read: requests,
    shows: 'gpt-4o-mini',
    isIdempotent: false,
  }),
  gateway('kong', '/v1/ingest/kong', {
    body: (_here, words, fields = {}) => JSON.stringify({ ...KONG_MCP, note: words, ...fields }),
    events: 2,
    shows: 'drop_table',
  }),
  gateway('helicone', '/custom/v1/log', {
    body: (_here, words, fields = {}) =>
      JSON.stringify({
        ...HELICONE_TOOL,
        providerRequest: {
          ...HELICONE_TOOL.providerRequest,
          json: { _type: 'tool', toolName: 'search', input: { q: words, ...fields } },
        },
      }),
    shows: 'search',
    isIdempotent: false,
  }),
  gateway('otlp-traces', '/v1/traces', {
    body: (_here, words, fields = {}) =>
      JSON.stringify({
        resourceSpans: [
          {
            resource: { attributes: [attribute('service.name', 'agent')] },
            scopeSpans: [
              {
                spans: [
                  {
                    traceId: TRACE_ID,
                    spanId: SPAN_ID,
                    name: 'execute_tool get_weather',
                    kind: 1,
                    startTimeUnixNano: '1767225600100000000',
                    endTimeUnixNano: '1767225600500000000',
                    attributes: [
                      attribute('gen_ai.operation.name', 'execute_tool'),
                      attribute('gen_ai.tool.name', 'get_weather'),
                      attribute('gen_ai.tool.call.arguments', words),
                      ...attributesOf(fields),
                    ],
                    status: {},
                  },
                ],
              },
            ],
          },
        ],
      }),
    shows: 'get_weather',
  }),
  gateway('otlp-logs', '/v1/logs', {
    path: (here) => `/v1/logs${home(here)}`,
    body: (_here, words, fields = {}) =>
      JSON.stringify({
        resourceLogs: [
          {
            resource: { attributes: [] },
            scopeLogs: [
              {
                logRecords: [
                  {
                    timeUnixNano: '1767225600100000000',
                    severityNumber: 17,
                    body: { stringValue: `boom ${words}` },
                    attributes: attributesOf(fields),
                  },
                ],
              },
            ],
          },
        ],
      }),
    read: lines,
    shows: 'boom',
    isRecognised: false,
  }),
  shipper('fluent-bit', '/v1/ingest/fluentbit', {
    body: (_here, words, fields = {}) =>
      JSON.stringify([
        {
          date: 1767225600.123,
          log: `2026-01-01T00:00:00Z ERROR boom ${words}\n`,
          stream: 'stderr',
          ...fields,
          kubernetes: { pod_name: 'echo-1', container_name: 'echo' },
        },
      ]),
  }),
  shipper('vector', '/v1/ingest/vector', {
    body: (_here, words, fields = {}) =>
      JSON.stringify([
        {
          message: `boom ${words}`,
          stream: 'stdout',
          ...fields,
          timestamp: '2026-01-01T00:00:00Z',
          kubernetes: { pod_name: 'echo-1', container_name: 'echo' },
        },
      ]),
  }),
  shipper('loki', '/loki/api/v1/push', {
    body: (_here, words, fields = {}) =>
      JSON.stringify({
        streams: [
          {
            stream: { level: 'warning', app: 'echo' },
            values: [
              ['1767225600100000001', JSON.stringify({ level: 40, msg: `boom ${words}`, ...fields }), fields],
            ],
          },
        ],
      }),
    status: 204,
    isIdempotent: true,
  }),
  shipper('elasticsearch', '/_bulk', {
    type: 'application/x-ndjson',
    body: (_here, words, fields = {}) =>
      `${JSON.stringify({ index: { _index: 'logs', _id: 'doc-1' } })}\n${JSON.stringify({ '@timestamp': '2026-01-01T00:00:00Z', message: `boom ${words}`, ...fields })}\n`,
    isIdempotent: true,
  }),
  shipper('winston', '/v1/ingest/winston', {
    body: (_here, words, fields = {}) =>
      JSON.stringify({ level: 'error', message: `boom ${words}`, requestId: 'r1', ...fields }),
  }),
  shipper('pino', '/v1/ingest/pino', {
    body: (_here, words, fields = {}) =>
      `${JSON.stringify({ level: 50, time: 1767225600123, msg: `boom ${words}`, ...fields })}\n`,
  }),
  shipper('syslog', '/v1/ingest/syslog', {
    type: 'application/x-www-form-urlencoded',
    body: (_here, words, fields = {}) =>
      `<27>1 2026-01-01T00:00:00Z host echo 42 - ${structuredData(fields)} boom ${words}\n`,
  }),
];
