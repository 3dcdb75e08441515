/** One secret of every kind through every door: it is in no answer, no search, no table, no log of ours, no log line. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { breakDatabase, healDatabase } from '../ingest/faulty-database.ts';
import { encodeLogs, encodeTraces, pairsOf } from '../producers/otlp-encoder.ts';
import { world, type World } from '../world.ts';
import { DOORS } from './door-cases.ts';
import { areReadsWithoutSecrets, areTablesWithoutSecrets, logged, overheard } from './secret-places.ts';
import { areWithoutSecrets, SECRET_FIELDS, SECRET_ID, SECRET_WORDS } from './secret-samples.ts';

/** What goes through a door, and where. */
type Delivery = {
  readonly path: (here: World) => string;
  readonly type: string;
  readonly body: (here: World) => unknown;
};

const TIME = '1767225600100000000';
const home = (here: World): string => `?workspace_id=${here.workspace}&server_id=echo`;

/** Every field that takes text holds secrets, those that events are told apart and filtered by among them. */
const events = (here: World): readonly unknown[] => {
  const common = { trace_id: SECRET_ID, user_id: SECRET_ID, session_id: SECRET_ID, error: SECRET_WORDS };
  const more = { metadata: { note: SECRET_WORDS, headers: SECRET_FIELDS }, ...SECRET_FIELDS };
  return [
    {
      ...common,
      id: SECRET_ID,
      tool_name: `tool ${SECRET_ID}`,
      server_label: SECRET_ID,
      virtual_key_name: SECRET_ID,
      arguments: { q: SECRET_WORDS, [SECRET_ID]: 1, ...SECRET_FIELDS },
      result: { content: [{ type: 'text', text: SECRET_WORDS }] },
      parent: { log_id: SECRET_ID },
      source: { host: SECRET_ID },
      message: SECRET_WORDS,
      ...more,
    },
    { ...common, id: SECRET_ID, model: `m ${SECRET_ID}`, provider: SECRET_ID, status: 500, ...more },
    {
      workspace_id: here.workspace,
      server_id: `s-${SECRET_ID}`,
      pod_name: SECRET_ID,
      line: SECRET_WORDS,
      ...more,
    },
    // What is refused is told by its place, and its id and the sentence are told back.
    { id: SECRET_ID, tool_name: 'tool', status: SECRET_ID, timestamp: SECRET_ID, workspace_id: SECRET_ID },
    { type: SECRET_ID, [SECRET_ID]: SECRET_WORDS },
  ];
};

const DELIVERIES: readonly (readonly [string, Delivery])[] = [
  ...DOORS.map(({ name, path, type, body }) => {
    const unwaited = (here: World): string => path(here).replace(/wait=true&?/, '');
    return [
      name,
      { path: unwaited, type, body: (here: World) => body(here, SECRET_WORDS, SECRET_FIELDS) },
    ] as const;
  }),
  ['events', { path: () => '/v1/events', type: 'application/json', body: events }],
  [
    'raw lines',
    {
      path: (here) => `/v1/workspaces/${here.workspace}/servers/echo-${SECRET_ID}/logs?pod_name=${SECRET_ID}`,
      type: 'text/plain',
      body: () => `ERROR boom ${SECRET_WORDS}\n{"level":"info","msg":"x","password":"hunter"}\nlast`,
    },
  ],
  [
    'an index of Elasticsearch',
    {
      path: (here) => `/logs-${SECRET_ID}/_bulk${home(here)}`,
      type: 'application/x-ndjson',
      body: () => `{"index":{"_id":"${SECRET_ID}"}}\n{"message":"x"}\n{"delete":{"_id":"${SECRET_ID}"}}\n`,
    },
  ],
  [
    'spans in protobuf',
    {
      path: (here) => `/v1/traces${home(here)}`,
      type: 'application/x-protobuf',
      body: () =>
        encodeTraces(pairsOf({ 'service.name': SECRET_ID, ...SECRET_FIELDS }), [
          {
            traceId: '5b8efff798038103d269b633813fc60c',
            spanId: 'eee19b7ec3c1b174',
            name: `execute_tool ${SECRET_ID}`,
            startTimeUnixNano: TIME,
            endTimeUnixNano: TIME,
            attributes: pairsOf({
              'gen_ai.operation.name': 'execute_tool',
              'gen_ai.tool.call.arguments': JSON.stringify({ q: SECRET_WORDS, ...SECRET_FIELDS }),
              ...SECRET_FIELDS,
            }),
            events: [
              {
                timeUnixNano: TIME,
                name: 'exception',
                attributes: pairsOf({ 'exception.message': SECRET_WORDS }),
              },
            ],
            status: { code: 2, message: SECRET_WORDS },
          },
        ]),
    },
  ],
  [
    'records in protobuf',
    {
      path: (here) => `/v1/logs${home(here)}`,
      type: 'application/x-protobuf',
      body: () =>
        encodeLogs(pairsOf(SECRET_FIELDS), [
          {
            timeUnixNano: TIME,
            severityText: 'ERROR',
            body: { stringValue: SECRET_WORDS },
            attributes: pairsOf(SECRET_FIELDS),
          },
        ]),
    },
  ],
];

let lines: readonly string[] = [];

beforeEach(() => {
  lines = overheard();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await healDatabase();
});

describe.for(DELIVERIES)('%s', ([, delivery]) => {
  test('leaves no secret anywhere', async () => {
    const here = await world();
    const type = { 'content-type': delivery.type };
    await breakDatabase(() => 'before');
    const posted = await here.ask(delivery.path(here), { body: delivery.body(here), headers: type });
    expect(posted.status).toBeLessThan(300);
    areWithoutSecrets(await posted.text(), 'the answer to a delivery');

    await expect.poll(() => lines.join('\n'), { timeout: 5000 }).toContain('flush failed');
    const waiting = await logged('wal');
    expect(waiting).toContain('[redacted:');
    areWithoutSecrets(waiting, 'the write-ahead log');

    await breakDatabase(() => {
      throw new Error('D1_ERROR: CHECK constraint failed: SQLITE_CONSTRAINT');
    });
    await here.ask('/v1/events?wait=true', { body: { tool_name: 'x' } });
    const parked = await logged('parked');
    expect(parked).toContain('[redacted:');
    areWithoutSecrets(parked, 'what D1 refused');

    await healDatabase();
    await here.ask(delivery.path(here), { body: delivery.body(here), headers: type });
    await here.post([{ tool_name: 'last' }]);
    await areTablesWithoutSecrets();
    await areReadsWithoutSecrets(here);

    const said = lines.join('\n');
    expect(said).toContain('"message":"request"');
    areWithoutSecrets(said, 'the log lines');
  });
});
