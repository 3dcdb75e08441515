/**
 * Runs the fault schedules, the fuzz and the isolation table, and writes what they found into the README.
 * `npm run proof` takes the lengths of `.ci/run`; FAULT_SCHEDULES and FUZZ_REQUESTS make it longer. What runs of theirs
 * have printed already is taken from files: `npm run proof -- faults.txt fuzz.txt`.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/** What stands around the table in the README. */
const BEGIN = '<!-- proof: npm run proof writes this table -->';
const END = '<!-- /proof -->';

/** What a run prints at most, in bytes: a line for each request would be some megabytes. */
const OUTPUT_BYTES_MAX = 256_000_000;

const printed = process.argv.slice(2).map((file) => readFileSync(file, 'utf8'));

function lineOf(pattern: RegExp, ...run: readonly string[]): RegExpExecArray {
  const known = printed.map((text) => pattern.exec(text)).find((match) => match !== null);
  if (known !== undefined && known !== null) return known;
  console.error(`vitest ${run.join(' ')}`);
  const { stdout, status } = spawnSync('vitest', ['run', '--silent=false', ...run], {
    encoding: 'utf8',
    maxBuffer: OUTPUT_BYTES_MAX,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const found = pattern.exec(stdout);
  if (status !== 0 || found === null) {
    console.error(stdout.slice(-10_000));
    throw new Error(`vitest ${run.join(' ')} failed`);
  }
  return found;
}

const [, schedules, faults = '', acked, lost, doubled, wrong, orphans, counters] = lineOf(
  /(\d+) schedules in .*?; faults: (.*?); events acked (\d+), lost (\d+), doubled (\d+), wrongly merged (\d+), orphans (\d+), counters off (\d+)/,
  '--project',
  'faults',
);
const [, requests, internal, hangs, breaks] = lineOf(
  /fuzz: (\d+) requests .*?; 500s (\d+), hangs (\d+), contract breaks (\d+)/,
  '--project',
  'fuzz',
);
const [, routes, identities, leaks] = lineOf(
  /(\d+) routes × (\d+) identities.*?leaks (\d+)/,
  '--project',
  'worker',
  'test/isolation',
);

const struck = [...faults.matchAll(/\d+/g)].reduce((sum, [number]) => sum + Number(number), 0);
const number = (value: string | number | undefined): string => Number(value).toLocaleString('en-US');
const rows = [
  ['fault schedules run, at random', number(schedules)],
  ['faults injected', number(struck)],
  ['events acknowledged', number(acked)],
  ['… lost', number(lost)],
  ['… doubled, wrongly merged', `${number(doubled)}, ${number(wrong)}`],
  ['orphans in an index, counters off', `${number(orphans)}, ${number(counters)}`],
  ['requests fuzzed', number(requests)],
  ['… answered 500, hung, broke their contract', [internal, hangs, breaks].map(number).join(', ')],
  ['routes × identities probed', `${number(routes)} × ${number(identities)}`],
  ['… leaks', number(leaks)],
];
const table = ['| what | number |', '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)].join(
  '\n',
);
const readme = readFileSync('README.md', 'utf8');
const [before, rest] = readme.split(BEGIN);
const after = rest?.split(END)[1];
if (before === undefined || after === undefined) throw new Error(`README.md has no ${BEGIN}`);
writeFileSync('README.md', `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
spawnSync('oxfmt', ['README.md']);
console.log(table);
