/** winston, pino and syslog: records of no gateway, whatever their Content-Type says. */
import { expect, test } from 'vitest';
import { pino, syslog, winston } from '../../src/producers/generic-records.ts';
import { deliveryOf, draft } from './golden.ts';

const WORKSPACE = '11111111-1111-4111-8111-111111111111';
const HOME = { workspace_id: WORKSPACE, server_id: 'echo' };
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

const read = (producer: typeof winston, body: unknown) =>
  producer.read(deliveryOf(typeof body === 'string' ? body : JSON.stringify(body), FORM, HOME));

test("winston's record has no time and keeps its fields", () => {
  const record = { level: 'error', message: 'tool failed', requestId: 'r1', tool: 'x' };
  for (const body of [record, [record], `${JSON.stringify(record)}\n`])
    expect(draft('server_log', read(winston, body)[0])).toMatchObject({
      id: null,
      timestamp: null,
      ...HOME,
      level: 'error',
      message: 'tool failed',
      metadata: { requestId: 'r1', tool: 'x' },
    });
  const homeless = winston.read(deliveryOf(JSON.stringify(record)));
  expect(homeless).toEqual([{ problem: expect.stringMatching(/^workspace_id: required/) }]);
});

test("pino's lines have a numeric level and milliseconds", () => {
  const text = [30, 60].map(
    (level) => `{"level":${level},"time":1767225600123,"pid":1,"hostname":"h","msg":"[x] y"}`,
  );
  const posted = read(pino, `${text.join('\n')}\nnot json\n`);
  expect(draft('server_log', posted[0])).toMatchObject({
    timestamp: 1_767_225_600_123,
    level: 'info',
    message: '[x] y',
    metadata: { pid: 1, hostname: 'h', severity_text: '30' },
  });
  expect(draft('server_log', posted[1]).level).toBe('critical');
  expect(posted[2]).toEqual({ problem: 'line 3: not JSON' });
});

test('a record without a message is its own text, and an empty one is refused', () => {
  const [posted, empty] = read(pino, [{ level: 30, tool: 'x' }, {}]);
  expect(draft('server_log', posted)).toMatchObject({ message: '{"level":30,"tool":"x"}', level: 'info' });
  expect(empty).toEqual({ problem: 'message: required' });
});

test('a record with keys of gen_ai is a request with its message', () => {
  const record = {
    level: 'info',
    message: 'asked',
    'gen_ai.request.model': 'm',
    'gen_ai.provider.name': 'p',
  };
  expect(draft('request', read(winston, record)[0])).toMatchObject({
    model: 'm',
    provider: 'p',
    status: 200,
    metadata: { message: 'asked', level: 'info' },
  });
});

test('a template of syslog-ng gives records, by delimiter or as an array', () => {
  const record = {
    PROGRAM: 'sshd',
    PRIORITY: 'notice',
    PID: '7',
    MESSAGE: 'session opened',
    HOST: 'vm',
    ISODATE: '2026-01-01T00:00:00+00:00',
  };
  for (const body of [`${JSON.stringify(record)}\n${JSON.stringify(record)}`, [record, record]]) {
    const posted = syslog.read(
      deliveryOf(typeof body === 'string' ? body : JSON.stringify(body), FORM, { workspace_id: WORKSPACE }),
    );
    expect(posted).toHaveLength(2);
    expect(draft('server_log', posted[1])).toMatchObject({
      timestamp: 1_767_225_600_000,
      server_id: 'sshd',
      level: 'info',
      message: 'session opened',
      metadata: { severity_text: 'notice', HOST: 'vm', PID: '7' },
    });
  }
});

test('RFC 5424 as plain text', () => {
  const line =
    '<165>1 2026-01-01T00:00:00.003456Z vm evntslog 42 ID47 [a@1 x="]\\"y"][b@2] \uFEFFAn application event';
  const posted = syslog.read(
    deliveryOf(`${line}\n\n<11>1 - - - - - - bare\n`, FORM, { workspace_id: WORKSPACE }),
  );
  expect(posted).toHaveLength(2);
  const event = draft('server_log', posted[0]);
  expect(event).toMatchObject({
    timestamp: 1_767_225_600_003,
    server_id: 'evntslog',
    level: 'info',
    message: 'An application event',
    metadata: {
      severity_text: 'notice',
      facility: 20,
      host: 'vm',
      pid: '42',
      message_id: 'ID47',
      structured_data: '[a@1 x="]\\"y"][b@2]',
    },
  });
  expect(event.id).toMatch(/^2026-01-01T00:00:00\.003456Z-[0-9a-f]{16}$/);
  expect(posted[1]).toEqual({ problem: expect.stringMatching(/^server_id: required/) });
});

test('RFC 3164 as plain text, in the year that fits', () => {
  const cases: readonly (readonly [string, object])[] = [
    [
      "<34>Dec 31 22:14:15 vm su[12]: 'su root' failed",
      { timestamp: Date.UTC(2025, 11, 31, 22, 14, 15), level: 'critical', message: "'su root' failed" },
    ],
    [
      'Jan  1 00:00:09 vm cron: ran',
      { timestamp: Date.UTC(2026, 0, 1, 0, 0, 9), level: 'info', message: 'ran' },
    ],
    [
      '<11>2026-01-01T01:00:00+01:00 vm app: failed',
      {
        timestamp: 1_767_225_600_000,
        level: 'error',
        message: 'failed',
        metadata: { facility: 1, host: 'vm' },
      },
    ],
    ['<11>just words', { timestamp: null, level: 'error', message: 'just words' }],
    [
      '2026-01-01T00:00:00Z ERROR server: down',
      { timestamp: 1_767_225_600_000, level: 'error', message: 'server: down' },
    ],
    ['<999>odd', { level: 'info', message: '<999>odd' }],
    ['{not json', { message: '{not json' }],
  ];
  for (const [line, expected] of cases)
    expect(draft('server_log', read(syslog, line)[0]), line).toMatchObject(expected);
});
