/** One raw line: every form of contracts/server-logs.md, "The line parser", and what is none of them. */
import { describe, expect, test } from 'vitest';
import { draftOf } from '../../src/event/draft.ts';
import type { JsonObject, Level } from '../../src/event/event.ts';
import { parseLine } from '../../src/event/line.ts';

const NOON = Date.parse('2024-01-01T12:00:00Z');
const RECEIVED_AT = Date.parse('2024-01-01T12:00:10Z');

type Case = [line: string, timestamp: number | null, level: Level | null, message: string, also?: JsonObject];

function reads(cases: readonly Case[]): void {
  test.for(cases)('%j', ([line, timestamp, level, message, metadata]) => {
    const expected = { timestamp, level, message, ...(metadata === undefined ? {} : { metadata }) };
    expect(parseLine(line, RECEIVED_AT)).toStrictEqual(expected);
  });
}

describe('the documented forms', () => {
  reads([
    ['2024-01-01T12:00:00.000Z [INFO] Message', NOON, 'info', 'Message'],
    ['2024-01-01T12:00:00Z ERROR Message', NOON, 'error', 'Message'],
    ['[DEBUG] This is a debug message', null, 'debug', '[DEBUG] This is a debug message'],
    ['2024-01-01T12:00:00Z WARN: disk', NOON, 'warning', 'disk'],
    ['2024-01-01T12:00:00Z [warn]: disk', NOON, 'warning', 'disk'],
    ['2024-01-01T12:00:00Z FATAL over', NOON, 'critical', 'over', { severity_text: 'FATAL' }],
    ['2024-01-01T12:00:00Z Processing request from client', NOON, null, 'Processing request from client'],
    ['2024-01-01T12:00:00Z ValueError: bad', NOON, null, 'ValueError: bad'],
    ['2024-01-01T12:00:00Z ERROR', NOON, 'error', ''],
    ['2024-01-01T12:00:00Z', NOON, null, ''],
  ]);
});

describe('level words', () => {
  test.for<[Level, string]>([
    ['debug', 'trace debug verbose'],
    ['info', 'info notice'],
    ['warning', 'warn warning'],
    ['error', 'err error'],
    ['critical', 'fatal crit critical alert emerg emergency panic'],
  ])('%s: %s', ([level, words]) => {
    for (const word of words.split(' ').flatMap((lower) => [lower, lower.toUpperCase()]))
      for (const text of [`${word} x`, `${word}: x`, `[${word}] x`, `[${word}]: x`])
        expect(parseLine(`2024-01-01T12:00:00Z ${text}`)).toMatchObject({ level, message: 'x' });
  });

  test('the words that say more than their level are kept beside it', () => {
    const kept = (word: string) => parseLine(`2024-01-01T12:00:00Z ${word} x`).metadata;
    expect(kept('NOTICE')).toEqual({ severity_text: 'NOTICE' });
    expect(kept('alert')).toEqual({ severity_text: 'alert' });
    expect(kept('WARN')).toBeUndefined();
  });
});

describe('times', () => {
  reads([
    ['2024-01-01T14:00:00+02:00 INFO x', NOON, 'info', 'x'],
    ['2024-01-01T07:00:00.120456-0500 INFO x', NOON + 120, 'info', 'x'],
    ['2024-01-01T12:00:00 INFO x', NOON, 'info', 'x'],
    ['2024-01-01 12:00:00 INFO x', NOON, 'info', 'x'],
    ['2024-01-01 12:00:00,120 ERROR x', NOON + 120, 'error', 'x'],
    ['2024-01-01 14:00:00 +0200 INFO x', NOON, 'info', 'x'],
    ['2024-01-01T12:00:00.999999999Z x', NOON + 999, null, 'x'],
    ['2024-01-01T12:00:00Z\tINFO\tx', NOON, 'info', 'x'],
    ['2024-02-30T12:00:00Z INFO x', null, null, '2024-02-30T12:00:00Z INFO x'],
    ['2024-01-01T25:00:00Z INFO x', null, null, '2024-01-01T25:00:00Z INFO x'],
    ['0001-01-01T00:00:00Z INFO x', null, null, '0001-01-01T00:00:00Z INFO x'],
    ['2024-01-01 is a day', null, null, '2024-01-01 is a day'],
    ['2024-01-01T12:00:00Zoo', null, null, '2024-01-01T12:00:00Zoo'],
  ]);
});

describe('a timestamp of Kubernetes before a line with its own', () => {
  reads([
    ['2024-01-01T12:00:00.000000001Z 2024-01-01T11:59:59Z [WARN] x', NOON, 'warning', 'x'],
    ['2024-01-01T12:00:00.000000001Z 2024-01-01 11:59:59,120 ERROR x', NOON, 'error', 'x'],
    ['2024-01-01T12:00:00.000000001Z {"level":50,"time":1704110399000,"msg":"x"}', NOON, 'error', 'x'],
    ['2024-01-01T12:00:00Z time=2024-01-01T11:59:59Z level=warn msg=x', NOON, 'warning', 'x'],
    [
      '2024-01-01T12:00:00Z E0101 11:59:59.000001       1 main.go:10] x',
      NOON,
      'error',
      'x',
      { source: 'main.go:10', thread: '1' },
    ],
    ['2024-01-01T12:00:00.000000001Z INFO:     x', NOON, 'info', 'x'],
    ['2024-01-01T12:00:00.000000001Z WARNING:root:x', NOON, 'warning', 'x', { logger: 'root' }],
    ['2024-01-01T12:00:00.000000001Z [DEBUG] x', NOON, 'debug', 'x'],
  ]);
});

describe('CRI', () => {
  reads([
    ['2024-01-01T12:00:00.000000001Z stdout F x', NOON, null, 'x'],
    ['2024-01-01T12:00:00.000000001Z stderr F x', NOON, 'info', 'x'],
    ['2024-01-01T14:00:00.120456789+02:00 stderr F ERROR x', NOON + 120, 'error', 'x'],
    ['2024-01-01T12:00:00Z stdout P x', NOON, null, 'x'],
    ['2024-01-01T12:00:00Z stdout F:tag x', NOON, null, 'x'],
    ['2024-01-01T12:00:00Z stdout F 2024-01-01T11:59:59Z [WARN] x', NOON, 'warning', 'x'],
    ['2024-01-01T12:00:00Z stdout F {"level":"error","msg":"x"}', NOON, 'error', 'x'],
    ['2024-01-01T12:00:00Z stdout is full', NOON, null, 'stdout is full'],
  ]);
});

describe('JSON', () => {
  reads([
    ['{"level":"warn","msg":"x","time":"2024-01-01T12:00:00.120Z"}', NOON + 120, 'warning', 'x'],
    ['{"severity":"ERROR","message":"x","timestamp":"2024-01-01T12:00:00Z"}', NOON, 'error', 'x'],
    ['{"lvl":"dbug","msg":"x"}', null, null, 'x', { lvl: 'dbug' }],
    ['{"lvl":"debug","msg":"x","ts":1704110400}', NOON, 'debug', 'x'],
    ['{"levelname":"CRITICAL","message":"x","ts":1704110400.123}', NOON + 123, 'critical', 'x'],
    ['{"log.level":"info","message":"x","@timestamp":"2024-01-01T12:00:00Z"}', NOON, 'info', 'x'],
    ['{"level":"notice","msg":"x"}', null, 'info', 'x', { severity_text: 'notice' }],
    ['{"level":"silly","msg":"x"}', null, 'debug', 'x', { severity_text: 'silly' }],
    ['{"level":30,"time":1704110400120,"pid":7,"msg":"x"}', NOON + 120, 'info', 'x', { pid: 7 }],
    ['{"ts":"1704110400120456789","level":"info","msg":"x"}', NOON + 120, 'info', 'x'],
    ['{"time":"soon","ts":1704110400,"msg":"x"}', NOON, null, 'x', { time: 'soon' }],
    ['{"time":12,"level":"info","msg":"x"}', null, 'info', 'x', { time: 12 }],
    ['{"msg":"","level":"info"}', null, 'info', ''],
    ['{"msg":{"a":1},"message":"x"}', null, null, 'x', { msg: { a: 1 } }],
    ['{"level":"error","err":"x"}', null, 'error', '{"level":"error","err":"x"}'],
    ['{"a":1}', null, null, '{"a":1}'],
    ['{"level":"info","msg":"x"', null, null, '{"level":"info","msg":"x"'],
    ['{}', null, null, '{}'],
    ['["level","info"]', null, null, '["level","info"]'],
    [
      '{"constructor":1,"msg":"x","level":"__proto__"}',
      null,
      null,
      'x',
      { constructor: 1, level: '__proto__' },
    ],
  ]);
});

test.for<[number, Level | null]>([
  [10, 'debug'],
  [20, 'debug'],
  [30, 'info'],
  [35, 'info'],
  [40, 'warning'],
  [50, 'error'],
  [60, 'critical'],
  [3, null],
  [404, null],
])('pino’s level %d is %s', ([level, expected]) => {
  expect(parseLine(JSON.stringify({ level, msg: 'x' }))).toMatchObject({ level: expected, message: 'x' });
});

describe('logfmt', () => {
  reads([
    ['time=2024-01-01T12:00:00.120Z level=WARN msg=x', NOON + 120, 'warning', 'x'],
    ['ts=1704110400.123 lvl=error msg="a b" code=7', NOON + 123, 'error', 'a b', { code: '7' }],
    [
      'time="2024-01-01T12:00:00Z" level=fatal msg="say \\"hi\\"\\n\\x"',
      NOON,
      'critical',
      'say "hi"nx',
      { severity_text: 'fatal' },
    ],
    ['level=info msg= a=b', null, 'info', '', { a: 'b' }],
    ['level=error msg=no quotes', null, 'error', 'level=error msg=no quotes'],
    ['level=loud msg=x', null, null, 'x', { level: 'loud' }],
    ['level=error without the rest', null, null, 'level=error without the rest'],
    ['failed with level=error msg=x', null, null, 'failed with level=error msg=x'],
    ['level=error msg="open', null, 'error', 'level=error msg="open'],
    ['a="level=error msg=x', null, null, 'a="level=error msg=x'],
  ]);
});

describe('klog', () => {
  reads([
    [
      'E0101 12:00:00.000001       1 main.go:10] msg',
      NOON,
      'error',
      'msg',
      { source: 'main.go:10', thread: '1' },
    ],
    ['I0101 12:00:00.120456 1 a.go:1] x', NOON + 120, 'info', 'x', { source: 'a.go:1', thread: '1' }],
    [
      'W0102 12:00:00.000000 1 a.go:1] x',
      NOON + 86_400_000,
      'warning',
      'x',
      { source: 'a.go:1', thread: '1' },
    ],
    [
      'F0103 00:00:00.000000 1 a.go:1] x',
      Date.parse('2023-01-03T00:00:00Z'),
      'critical',
      'x',
      { source: 'a.go:1', thread: '1' },
    ],
    [
      'I0229 00:00:00.000000 1 a.go:1] x',
      Date.parse('2020-02-29T00:00:00Z'),
      'info',
      'x',
      { source: 'a.go:1', thread: '1' },
    ],
    ['E1301 12:00:00.000001 1 main.go:10] msg', null, null, 'E1301 12:00:00.000001 1 main.go:10] msg'],
    ['E0101 is a model', null, null, 'E0101 is a model'],
  ]);
});

test('a line of klog from just after New Year is of the year that begins', () => {
  const receivedAt = Date.parse('2023-12-31T23:59:00Z');
  expect(parseLine('I0101 00:10:00.000000 1 a.go:1] x', receivedAt).timestamp).toBe(
    Date.parse('2024-01-01T00:10:00Z'),
  );
  expect(parseLine('I1231 23:58:00.000000 1 a.go:1] x', RECEIVED_AT).timestamp).toBe(
    Date.parse('2023-12-31T23:58:00Z'),
  );
});

describe('uvicorn and Python', () => {
  reads([
    ['INFO:     Application startup complete.', null, 'info', 'Application startup complete.'],
    ['CRITICAL: x', null, 'critical', 'x'],
    ['WARNING:root:x: y', null, 'warning', 'x: y', { logger: 'root' }],
    ['ERROR:my.module:', null, 'error', '', { logger: 'my.module' }],
    ['ERROR:http://a', null, null, 'ERROR:http://a'],
    ['Error: ENOENT', null, null, 'Error: ENOENT'],
    ['TODO: x', null, null, 'TODO: x'],
    ['ERROR without a time', null, null, 'ERROR without a time'],
  ]);
});

describe('ends and odd bytes', () => {
  reads([
    ['plain\r', null, null, 'plain'],
    ['2024-01-01T12:00:00Z x\r', NOON, null, 'x'],
    ['{"level":"info","msg":"x"}\r', null, 'info', 'x'],
    ['', null, null, ''],
    ['a\0b\u0001\ud800', null, null, 'a\0b\u0001\ud800'],
    ['[NOPE] x', null, null, '[NOPE] x'],
  ]);
});

describe('a posted line', () => {
  const body = {
    type: 'server_log',
    workspace_id: '550e8400-e29b-41d4-a716-446655440000',
    server_id: 'echo',
  };

  test('gives its time, level, message and metadata', () => {
    const line = '{"level":50,"time":1704110400000,"msg":"x","a":1,"b":2}';
    expect(draftOf({ ...body, line, metadata: { b: 3 } })).toMatchObject({
      draft: {
        event: { timestamp: NOON, level: 'error', message: 'x', metadata: { a: 1, b: 3 } },
      },
    });
  });

  test('is overruled by what is said beside it', () => {
    const line = '2024-01-01T12:00:00Z ERROR x';
    expect(draftOf({ ...body, line, message: 'y', level: 'debug', timestamp: NOON + 1 })).toMatchObject({
      draft: { event: { timestamp: NOON + 1, level: 'debug', message: 'y', metadata: null } },
    });
  });

  test('without a level is info', () => {
    const line = '2024-01-01T12:00:00Z stderr F x';
    expect(draftOf({ ...body, line })).toMatchObject({ draft: { event: { level: 'info', message: 'x' } } });
  });
});
