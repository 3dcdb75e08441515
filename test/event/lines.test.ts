/** Raw lines of one source: blank ones, parts of CRI, and what folds into the entry before it. */
import { describe, expect, test } from 'vitest';
import { parseLines } from '../../src/event/lines.ts';

const NOON = Date.parse('2024-01-01T12:00:00Z');
const RECEIVED_AT = Date.parse('2024-01-01T12:00:10Z');

const entriesOf = (text: string, fold = true) =>
  parseLines(text.split('\n'), { receivedAt: RECEIVED_AT, fold });
const messagesOf = (text: string, fold = true) => entriesOf(text, fold).map(({ message }) => message);

test('blank lines are dropped, and a CR at the end of a line', () => {
  expect(messagesOf('\na\r\n   \n\r\nb\n\n')).toEqual(['a', 'b']);
  expect(entriesOf('')).toEqual([]);
});

test('the year of klog comes from the time of receipt', () => {
  expect(entriesOf('E0101 12:00:00.000001       1 main.go:10] x')[0]?.timestamp).toBe(NOON);
});

describe('CRI', () => {
  const line = (stream: string, flag: string, content: string, second = 0) =>
    `2024-01-01T12:00:0${second}.000000001Z ${stream} ${flag} ${content}`;

  test('parts are joined to the full line that ends them, at the time of the first', () => {
    const text = [
      line('stdout', 'P', '{"level":"error",', 1),
      line('stderr', 'F', 'between', 2),
      line('stdout', 'P', '"msg":"a ', 3),
      line('stdout', 'F', 'b"}', 4),
      line('stdout', 'F', 'c', 5),
    ].join('\n');
    for (const fold of [true, false])
      expect(entriesOf(text, fold)).toEqual([
        { timestamp: NOON + 1000, level: 'error', message: 'a b' },
        { timestamp: NOON + 2000, level: 'info', message: 'between' },
        { timestamp: NOON + 5000, level: null, message: 'c' },
      ]);
  });

  test('an empty full line ends its parts, and a part without an end stands as it is', () => {
    const text = [line('stdout', 'P', 'a'), line('stdout', 'F', ''), line('stdout', 'P', 'b')].join('\n');
    expect(messagesOf(text)).toEqual(['a', 'b']);
  });

  test('blank content is dropped', () => {
    expect(messagesOf(`${line('stdout', 'F', '')}\n${line('stdout', 'F', '  ')}`)).toEqual([]);
  });

  test('a continuation folds into the entry before it in its own stream', () => {
    const text = [
      line('stderr', 'F', 'ERROR boom'),
      line('stdout', 'F', 'served'),
      line('stderr', 'F', '    at f (a.js:1)'),
    ].join('\n');
    expect(messagesOf(text)).toEqual(['boom\n    at f (a.js:1)', 'served']);
  });
});

describe('continuations', () => {
  test.for<string>([
    '    at Object.<anonymous> (a.js:1:2)',
    '\tat com.a.B.c(B.java:1)',
    'at f (a.js:1)',
    'Caused by: java.io.IOException: x',
    'Traceback (most recent call last):',
    '  "a": 1',
    '  2024-01-01T12:00:01Z INFO indented',
  ])('%s', (line) => {
    expect(entriesOf(`2024-01-01T12:00:00Z ERROR boom\n${line}\r\n2024-01-01T12:00:02Z next`)).toEqual([
      { timestamp: NOON, level: 'error', message: `boom\n${line}` },
      { timestamp: NOON + 2000, level: null, message: 'next' },
    ]);
    expect(entriesOf(`boom\n${line}`, false)).toHaveLength(2);
  });

  test.for<string>([
    'attach',
    'at',
    'Cause: x',
    'ValueError: x',
    'INFO:     x',
    '{"msg":"x","level":"info"}',
    '}',
  ])('%s is none', (line) => {
    expect(entriesOf(`boom\n${line}`)).toHaveLength(2);
  });

  test('with nothing before it stands alone, and takes what follows', () => {
    expect(messagesOf('    at f\n    at g\nx')).toEqual(['    at f\n    at g', 'x']);
  });

  test('behind a timestamp of Kubernetes', () => {
    const at = (content: string) => `2024-01-01T12:00:00.000000001Z ${content}`;
    const text = [
      at('ERROR boom'),
      at('Traceback (most recent call last):'),
      at('  File "a.py", line 1'),
      at(''),
      at('ValueError: x'),
      at('  INFO padded'),
      at('at last'),
      '2024-01-01T12:00:00Z at rest',
    ].join('\n');
    expect(messagesOf(text)).toEqual([
      'boom\nTraceback (most recent call last):\n  File "a.py", line 1\nValueError: x',
      'padded\nat last',
      'at rest',
    ]);
  });
});

describe('tracebacks', () => {
  const traceback = (exception: string) =>
    `Traceback (most recent call last):\n  File "a.py", line 1, in f\n    ERROR = g()\n${exception}`;

  test.for<string>(['ValueError: x', 'requests.exceptions.HTTPError: 404', 'KeyboardInterrupt', 'Error: x'])(
    'end with %s',
    (exception) => {
      const whole = traceback(exception);
      expect(messagesOf(`ERROR:root:boom\n${whole}\nOther: x\nnext`)).toEqual([
        `boom\n${whole}`,
        'Other: x',
        'next',
      ]);
      expect(messagesOf(`${whole}\nnext`)).toEqual([whole, 'next']);
    },
  );

  test('of one failure belong together', () => {
    const chain =
      'During handling of the above exception, another exception occurred:\n' + traceback('TypeError: y');
    expect(messagesOf(`${traceback('ValueError: x')}\n\n${chain}`)).toEqual([
      `${traceback('ValueError: x')}\n${chain}`,
    ]);
  });

  test.for<string>(['INFO:     served', '2024-01-01T12:00:00Z INFO served', 'two words', '[INFO] served'])(
    'never take %s',
    (line) => {
      expect(entriesOf(`${traceback('').trim()}\n${line}\nValueError: x`)).toHaveLength(3);
    },
  );
});

describe('entries stay within the limit of one event', () => {
  const chunk = ` ${'é'.repeat(99_999)}`;

  test('folded', () => {
    const entries = entriesOf(`2024-01-01T12:00:00Z ERROR boom\n${Array(6).fill(chunk).join('\n')}`);
    expect(entries.map(({ timestamp, level }) => ({ timestamp, level }))).toEqual(
      Array.from({ length: 3 }, () => ({ timestamp: NOON, level: 'error' })),
    );
    expect(entries.map(({ message }) => message).join('\n')).toBe(`boom\n${Array(6).fill(chunk).join('\n')}`);
  });

  test('joined', () => {
    const line = `2024-01-01T12:00:00Z stdout P x${chunk}`;
    const entries = parseLines(Array(6).fill(line), { receivedAt: RECEIVED_AT, fold: true });
    expect(entries).toHaveLength(3);
    expect(entries.map(({ message }) => message).join('')).toBe(`x${chunk}`.repeat(6));
  });
});
