/** The linter's rules, and the doors between the rooms of `src/` as data: README, "The house". */
import { defineConfig } from 'oxlint';

/** Which rooms each room may import from. What is not named here has no door. */
const doors: Readonly<Record<string, readonly string[]>> = {
  event: [],
  query: ['event'],
  formats: ['event'],
  store: ['event', 'query'],
  ingest: ['event', 'query', 'store'],
  edge: ['event', 'query'],
  dialects: ['event', 'query', 'edge'],
  producers: ['event'],
  api: ['event', 'query', 'formats', 'producers', 'edge'],
};

const rooms = Object.keys(doors);

type Pattern = { regex: string; message: string };

function closedDoors(room: string, open: readonly string[]): Pattern[] {
  const closed = rooms.filter((other) => other !== room && !open.includes(other));
  return [
    ...closed.map((other) => ({
      regex: `^(\\.\\./)+${other}/`,
      message: `${room}/ has no door to ${other}/; let what both want go downhill (README, "The house").`,
    })),
    { regex: '^(\\.\\./)+(app|index)\\.ts$', message: 'Rooms know nothing of how they are wired.' },
    ...(room === 'store' ? [] : [{ regex: '^drizzle-orm', message: 'Only store/ knows SQL.' }]),
  ];
}

/** From inside a dialect, one step up and down again leads to its siblings. */
const siblings: Pattern = {
  regex: '^\\.\\./[a-z-]+/',
  message: 'A dialect never imports another; share downhill.',
};

/** The same from a folder inside a dialect, which may look into its own dialect. */
const siblingsOfParent: Pattern = { ...siblings, regex: '^\\.\\./\\.\\./[a-z-]+/' };

function doorsOf(files: string, room: string, more: readonly Pattern[] = []) {
  const patterns = [...closedDoors(room, doors[room] ?? []), ...more];
  return { files: [files], rules: { 'no-restricted-imports': ['error', { patterns }] as never } };
}

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  options: { typeAware: true },
  rules: {
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/no-floating-promises': 'error',
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    'max-lines': ['error', { max: 230, skipBlankLines: true, skipComments: true }],
    'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
    // One flush, one page, one event after the other: order is the point of most loops here.
    'no-await-in-loop': 'off',
    // Wire names, columns and dimensions keep their snake_case; shadowing SQL words is not a fault.
    'no-underscore-dangle': 'off',
    // Rows become events by assertions that the schema of their table backs.
    'typescript/no-unsafe-type-assertion': 'off',
    // TypeScript's noImplicitReturns says it better, and knows exhaustive switches.
    'typescript/consistent-return': 'off',
    'unicorn/no-array-sort': 'off',
    'import/no-named-as-default-member': 'off',
  },
  overrides: [
    ...rooms.map((room) => doorsOf(`src/${room}/**`, room)),
    doorsOf('src/dialects/*/**', 'dialects', [siblings]),
    doorsOf('src/dialects/*/*/**', 'dialects', [siblingsOfParent]),
    { files: ['src/index.ts', '*.config.ts'], rules: { 'import/no-default-export': 'off' } },
    { files: ['.types/**'], rules: { 'typescript/consistent-type-imports': 'off' } },
    {
      files: ['test/**', '.dev/**'],
      rules: {
        'max-lines-per-function': 'off',
        'max-lines': ['error', { max: 400 }],
        // A second argument tells which case of a table failed; one suite over all dialects has to branch.
        'vitest/valid-expect': ['error', { maxArgs: 2 }],
        'vitest/no-conditional-expect': 'off',
        'vitest/expect-expect': [
          'error',
          { assertFunctionNames: ['expect', 'are*', '*AreWhole', 'fc.assert'] },
        ],
        // What a test alone uses stands beside its use.
        'unicorn/consistent-function-scoping': 'off',
        'oxc/no-map-spread': 'off',
      },
    },
  ],
});
