/**
 * `npm run bench`: fills one store size by size and measures its queries, its ingest and the floors under them.
 * `-- --size 10000,100000` narrows the sizes, `--only search` (or `ingest`, or `doors`) what is asked, `--save` writes the baseline.
 */
import { parseArgs } from 'node:util';
import { movedAgainst, readBaseline, saveBaseline } from './baseline.ts';
import { SIZES } from './data.ts';
import { measureDoors } from './doors.ts';
import { fillStore, type FillCost } from './fill.ts';
import { startGatelog, type Gatelog } from './gatelog.ts';
import { measureFloors, measureIngest, measureWrites } from './ingest.ts';
import { measure, type Cost, type Measured } from './measure.ts';
import { dropNaiveStore, fillNaiveStore, measureNaive, NAIVE_QUERIES } from './naive.ts';
import { measurePageFloor } from './page-floor.ts';
import { QUERIES, type Setting } from './queries.ts';
import type { IngestResult } from './ingest-report.ts';
import { figuresOf, report, type Results, type SizeResult } from './report.ts';

const HOUR = 3_600_000;

const { values: options } = parseArgs({
  options: {
    size: { type: 'string', default: SIZES.join(',') },
    only: { type: 'string', default: '' },
    save: { type: 'boolean', default: false },
  },
});
const wanted = options.size.split(',').map(Number);
const unknown = wanted.filter((size) => !SIZES.some((known) => known === size));
if (unknown.length > 0) {
  console.error(`--size: must be of ${SIZES.join(', ')}; the data are laid out for these`);
  process.exit(1);
}
const isWanted = (name: string): boolean => name.includes(options.only);

const startedAt = performance.now();
const gatelog = await startGatelog();
try {
  const results = await run(gatelog);
  const figures = figuresOf(results);
  console.log(report(results));
  const baseline = readBaseline();
  const moved = baseline === null ? ['there is none yet: --save'] : movedAgainst(baseline, figures);
  const verdict = moved.length === 0 ? ['nothing has moved'] : moved;
  console.log(['Against the baseline', '', ...verdict, ''].join('\n'));
  if (options.save) saveBaseline(figures);
  console.error(`${Math.round((performance.now() - startedAt) / 1000)} s in all`);
} finally {
  await gatelog.stop();
}

async function run(running: Gatelog): Promise<Results> {
  // On the hour, so that every run has the same events in the same hours.
  const end = Math.floor(Date.now() / HOUR) * HOUR;
  const fills: FillCost[] = [];
  const sizes: SizeResult[] = [];
  let filled = 0;
  for (const size of SIZES.filter((each) => each <= Math.max(...wanted))) {
    fills.push(...(await fillStore(running, end, filled, size)));
    filled = size;
    if (wanted.includes(size)) sizes.push(await measureSize({ gatelog: running, size, end }));
  }
  const ingest = isWanted('ingest') ? await measureWriting({ gatelog: running, size: filled, end }) : null;
  if (isWanted('doors')) console.error('measure doors');
  const doors = isWanted('doors') ? await measureDoors(running) : [];
  return { sizes, fills, ingest, doors };
}

async function measureSize(setting: Setting): Promise<SizeResult> {
  const queries = new Map<string, Measured | null>();
  for (const { name, ask, isOptional = false } of QUERIES.filter((query) => isWanted(query.name))) {
    console.error(`measure ${name}, ${setting.size}`);
    queries.set(name, await measure(setting.gatelog, await ask(setting), isOptional));
  }
  const pageFloor = await measurePageFloor(setting);
  const naive = new Map<string, Cost>();
  const asked = NAIVE_QUERIES.filter((query) => isWanted(query.name));
  if (asked.length === 0) return { size: setting.size, queries, naive, naiveStore: null, pageFloor };
  console.error(`copy ${setting.size} tool calls into the naive table`);
  const naiveStore = await fillNaiveStore(setting);
  for (const query of asked) {
    console.error(`measure naive ${query.name}, ${setting.size}`);
    naive.set(query.name, await measureNaive(query, setting));
  }
  await dropNaiveStore(setting);
  return { size: setting.size, queries, naive, naiveStore, pageFloor };
}

async function measureWriting(setting: Setting): Promise<IngestResult> {
  console.error('measure writes, floors and ingest');
  const writes = await measureWrites(setting);
  const floors = await measureFloors(setting);
  return { writes, floors, ingested: await measureIngest(setting) };
}
