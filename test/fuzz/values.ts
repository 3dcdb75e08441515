/** Values that requests are made of: good ones that mean something to the seeded store, and hostile ones. */
import * as fc from 'fast-check';
import { PROJECTS, SEEDED_IDS, VIRTUAL_KEY_ID, WORKSPACES } from './seeds.ts';

/** Stands in a text for the marker of the caller's own project; sending puts it in. */
export const OWN_MARKER = '{own-marker}';

/** Stands in a path for the id of a key that exists for being revoked, by its number among them. */
export const SPARE_KEY = /\{spare-key-(\d+)\}/;

/** A text in a JSON body that sending replaces by arrays in arrays, as deep as its number says. */
export const NESTED = /"@nested-(\d+)"/g;

/** A text in a JSON body that sending replaces by a number that no JavaScript number holds. */
export const INFINITE = '@infinite';

/** Longer than every bound of a name, and still quick to send. */
const LONG = 5000;

const HOSTILE_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '$where', ''];

/** Names that no contract knows, or that JavaScript knows too well. */
export const hostileName: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...HOSTILE_NAMES) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);

/** Text that breaks what quotes, cuts, counts or stores carelessly. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      '\0',
      'a\0b',
      '\uD800',
      '\uDFFF lone',
      'é😀',
      '\u202Ereversed',
      "x' OR 1=1 --",
      '"; DROP TABLE tool_calls; --',
      '%',
      '_',
      '*',
      'a%b',
      '\\',
      '"',
      'NEAR("a" "b")',
      'line\nfeed\r\n',
      '../../etc/passwd',
      '<script>',
      '-1',
      'NaN',
      'null',
      ',,,',
      'x'.repeat(LONG),
      '😀'.repeat(LONG / 2),
      Array.from({ length: 300 }, (_, place) => place).join(','),
      ...HOSTILE_NAMES,
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 20 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 10 }) },
);

/** Numbers at the edges of what numbers can be, as JSON values. */
export const hostileNumber: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(0, -0, -1, 0.5, 1e-320, 2 ** 31, 2 ** 53, 2 ** 53 + 2, -(2 ** 63), 1e21, 1e308, INFINITE),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** Any JSON value of the wrong type, the wrong size or the wrong depth. */
export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  { weight: 3, arbitrary: hostileNumber },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [null], [[]], { a: { b: null } }, '12'),
  },
  { weight: 1, arbitrary: fc.constantFrom('@nested-40', '@nested-999', '@nested-1001', '@nested-20000') },
  { weight: 1, arbitrary: fc.dictionary(hostileName, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** Plain words, few of them, so that what is asked for meets what was posted. */
export const word: fc.Arbitrary<string> = fc.constantFrom(
  'search',
  'Search',
  'read',
  'boom',
  'gpt-4o',
  'openai',
  'a%b',
  'é😀',
  OWN_MARKER,
  `note ${OWN_MARKER} end`,
);

/** Epoch milliseconds of the seeded events and around them. */
const goodTimes = ['2026-01-01T00:00:00Z', '2026-03-01T12:00:00.123456789+02:00', '2025-12-31T23:59:59.999Z'];

const hostileTimes = [
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '1985-12-31T23:59:59Z',
  '2026-02-30T00:00:00Z',
  '2026-01-01',
  '2026-01-01T00:00:00',
  '2026-01-01T24:00:00Z',
  '2026-01-01T00:00:60Z',
  '2026-01-01T00:00:00+99:99',
  '2026-01-01T00:00:00 02:00',
  '+275760-09-13T00:00:00Z',
  '1767225600000',
  '1767225600',
  '-62167219200001',
  '1e309',
  '15m',
  '999999999w',
  '1 hour ago',
  'now',
];

/** A time as a text, or now and then as a number. */
export const goodTime: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(...goodTimes),
  fc.integer({ min: 1_735_689_600_000, max: 1_798_761_600_000 }),
);

/** Times that are none, or lie outside of time. */
export const hostileTime: fc.Arbitrary<string> = fc.constantFrom(...hostileTimes);

/** Numbers as a query string has them: good for a limit or a count. */
export const goodCount: fc.Arbitrary<string> = fc.constantFrom('1', '2', '3', '10', '100');

/** Numbers as a query string has them: good for nothing. */
export const hostileCount: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '0',
    '-1',
    '+1',
    '1.0',
    '1_000',
    ' 5 ',
    '1001',
    '501',
    '366',
    '9007199254740992',
    '99999999999999999999',
    '1e309',
    '1e3',
    '0x10',
    'NaN',
    'Infinity',
    '١',
    '',
  ),
  fc.integer().map(String),
);

/** What the seeded store knows under a name; a name that is not here takes plain words. */
export const KNOWN: Readonly<Record<string, readonly unknown[]>> = {
  id: [...SEEDED_IDS, 'mine-1', 'mine-2', 'mine-3'],
  project_id: [...PROJECTS, 'project-c'],
  workspace_id: [...WORKSPACES, WORKSPACES[0].toUpperCase()],
  server_id: ['echo', 'ai.nimblebrain/echo', 'other'],
  virtual_key_id: [VIRTUAL_KEY_ID, 'vk-other'],
  virtual_key_ids: [VIRTUAL_KEY_ID, `vk-other,${VIRTUAL_KEY_ID}`],
  virtual_key_name: ['production', OWN_MARKER],
  level: ['debug', 'info', 'warning', 'error', 'critical'],
  status: ['success', 'error', 'processing', '429', '4xx', '200,5xx'],
  outcome: ['ok', 'error', 'ok,error'],
  outcomes: ['ok', 'timeout,denied', 'tool_error'],
  period: ['1h', '24h', '30d', '2y'],
  order: ['asc', 'desc'],
  sort_by: ['timestamp', 'latency', 'cost'],
  dimensions: ['tool_names', 'virtual_keys,server_labels', 'none'],
  fold: ['true', 'false', '0'],
  wait: ['true'],
  line: [
    '2024-01-01T12:00:00Z ERROR boom',
    '{"level":"warn","msg":"slow"}',
    'E0101 12:00:00.000001 1 a.go:1] x',
  ],
  llm_request_id: ['request-a-1', 'request-b-1'],
  llm_request_ids: ['request-a-1,request-b-1'],
};
