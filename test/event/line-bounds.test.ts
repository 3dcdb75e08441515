/** The line parser against hostile lines: it never throws, never loses text, and takes linear time. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { draftOf } from '../../src/event/draft.ts';
import { parseLine } from '../../src/event/line.ts';
import { parseLines } from '../../src/event/lines.ts';

const RECEIVED_AT = Date.parse('2024-01-01T12:00:10Z');
const CHARACTERS = 1_000_000;
const MILLISECONDS_MAX = 100;

describe('a megabyte takes linear time', () => {
  const units: readonly string[] = [
    ' ',
    'a',
    '[',
    '=',
    '{',
    '"',
    '\\',
    '\r',
    '\0',
    ':',
    '0',
    'A:',
    'a=',
    'a=" ',
    'a="\\" ',
    '{"a":',
    '[[',
    ' level= msg=',
  ];
  const heads: readonly string[] = [
    '',
    '2024-01-01T12:00:00Z ',
    '2024-01-01T12:00:00.000000001Z stdout F ',
    'level=x msg="',
    'a=1 level=x msg=',
    'E0101 12:00:00.000001 1 ',
    'ERROR:',
    '[',
    '{"msg":"',
    'Traceback',
  ];
  test.for(units)('of %j', (unit) => {
    const body = unit.repeat(CHARACTERS / unit.length);
    for (const head of heads) {
      const line = `${head}${body}${head.startsWith('{') ? '"}' : ''}`;
      const start = performance.now();
      parseLine(line, RECEIVED_AT);
      parseLines(['x', line], { receivedAt: RECEIVED_AT, fold: true });
      expect(performance.now() - start, head).toBeLessThan(5 * MILLISECONDS_MAX);
    }
  });

  test('of the four plain ones, once', () => {
    for (const unit of [' ', 'a', '[', '=']) {
      const line = unit.repeat(CHARACTERS);
      const start = performance.now();
      const parsed = parseLine(line, RECEIVED_AT);
      expect(performance.now() - start, unit).toBeLessThan(MILLISECONDS_MAX);
      expect(parsed.message === line).toBe(true);
    }
  });

  test('of short lines that all fold', () => {
    const lines = ['Traceback', ...Array<string>(CHARACTERS / 5).fill('    a')];
    const start = performance.now();
    parseLines(lines, { receivedAt: RECEIVED_AT, fold: true });
    expect(performance.now() - start).toBeLessThan(5 * MILLISECONDS_MAX);
  });
});

describe('JSON beyond sense', () => {
  test.for([900, 1100, 100_000])('nested %d levels deep', (levels) => {
    const line = `{"level":"error","msg":"x","a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    const parsed = parseLine(line);
    expect(parsed.message).toBe(levels < 1000 ? 'x' : line);
    const server = { workspace_id: '550e8400-e29b-41d4-a716-446655440000', server_id: 'echo' };
    expect(draftOf({ ...server, line })).toHaveProperty('draft');
    expect(draftOf({ ...server, message: parsed.message, metadata: parsed.metadata })).toHaveProperty(
      'draft',
    );
  });

  test('of half a megabyte keeps its text as the message, and its level', () => {
    const line = JSON.stringify({ level: 'error', msg: 'x', numbers: 'y'.repeat(500_000) });
    expect(parseLine(line)).toEqual({ timestamp: null, level: 'error', message: line });
  });

  test('with keys that mean something to JavaScript', () => {
    const { metadata } = parseLine('{"msg":"x","__proto__":{"a":1},"toString":2}');
    expect(JSON.stringify(metadata)).toBe('{"__proto__":{"a":1},"toString":2}');
  });
});

const piece = fc.oneof(
  fc.constantFrom(
    '2024-01-01T12:00:00Z',
    '2024-01-01 12:00:00,120',
    '2024-01-01T12:00:00.000000001Z',
    '0000-00-00T00:00:00Z',
    ' stdout F ',
    ' stderr P ',
    '[INFO]',
    'ERROR',
    'WARNING:root:',
    'INFO:   ',
    'level=warn',
    ' msg="',
    ' ts=',
    '\r',
    '{"level":',
    '"msg":"x"}',
    'E0101 12:00:00.000001 1 main.go:10] ',
    'Traceback',
    '  at x',
    ' ',
    '"',
    '\\',
    '\n',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.json(),
);
const line = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('')),
  fc
    .record(
      {
        level: fc.jsonValue(),
        msg: fc.jsonValue(),
        time: fc.jsonValue(),
        '@timestamp': fc.double(),
        a: fc.jsonValue(),
      },
      { requiredKeys: [] },
    )
    .map((record) => JSON.stringify(record)),
);

describe('any line', () => {
  test('is read without a throw, within what an event can have', () => {
    fc.assert(
      fc.property(line, fc.integer({ min: 0, max: 4e12 }), (text, receivedAt) => {
        const { timestamp, metadata } = parseLine(text, receivedAt);
        expect(timestamp === null || Number.isSafeInteger(timestamp)).toBe(true);
        expect(metadata === undefined || Object.keys(metadata).length > 0).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('that says neither time nor level is its own message, but for a CR', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const parsed = parseLine(text);
        fc.pre(parsed.timestamp === null && parsed.level === null);
        expect(parsed.message).toBe(text.replace(/\r$/, ''));
      }),
      { numRuns: 2000 },
    );
  });

  test('among others is kept: unfolded, each that is not blank gives an entry', () => {
    const plain = line.filter((text) => !/ std(?:out|err) /.test(text) && !/\.\d{7,9}Z/.test(text));
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 8 }), (lines) => {
        const kept = lines.filter((text) => text.trim() !== '');
        const unfolded = parseLines(lines, { receivedAt: RECEIVED_AT, fold: false });
        expect(unfolded).toEqual(kept.map((text) => parseLine(text, RECEIVED_AT)));
        expect(parseLines(lines, { receivedAt: RECEIVED_AT, fold: true }).length).toBeLessThanOrEqual(
          kept.length,
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('makes an event', () => {
    const server = { workspace_id: '550e8400-e29b-41d4-a716-446655440000', server_id: 'echo' };
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), fc.boolean(), (lines, fold) => {
        for (const entry of parseLines(lines, { receivedAt: RECEIVED_AT, fold }))
          expect(draftOf({ ...server, ...entry })).toHaveProperty('draft');
        for (const text of lines) expect(draftOf({ ...server, line: text })).toHaveProperty('draft');
      }),
      { numRuns: 1000 },
    );
  });
});
