/** The baseline: figures of an earlier run, kept in baseline.json, and what has moved against them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fine } from './table.ts';

/** Figures by their names: the exact ones hold on any machine, the ratios of timings hold roughly. */
export type Figures = {
  readonly exact: Readonly<Record<string, number>>;
  readonly ratios: Readonly<Record<string, number>>;
};

const FILE = join(import.meta.dirname, 'baseline.json');

/** An exact figure has moved when it is off by more than this share. */
const EXACT_SHARE = 0.01;

/** A ratio of timings has moved when it is so many times larger or smaller: scheduling alone moves it by less. */
const RATIO_TIMES = 2;

/** The saved figures; null where none were saved. */
export function readBaseline(): Figures | null {
  if (!existsSync(FILE)) return null;
  return JSON.parse(readFileSync(FILE, 'utf8')) as Figures;
}

/** Saves figures; those of the baseline that this run did not measure stay. */
export function saveBaseline({ exact, ratios }: Figures): void {
  const before = readBaseline();
  const figures = {
    exact: rounded({ ...before?.exact, ...exact }),
    ratios: rounded({ ...before?.ratios, ...ratios }),
  };
  writeFileSync(FILE, `${JSON.stringify(figures, null, 2)}\n`);
}

/** What has moved against the baseline, one line each; figures that only one of the two has are left out. */
export function movedAgainst(baseline: Figures, { exact, ratios }: Figures): readonly string[] {
  const isOff = (now: number, before: number): boolean =>
    Math.abs(now - before) > EXACT_SHARE * Math.abs(before);
  const isFar = (now: number, before: number): boolean =>
    now > before * RATIO_TIMES || now < before / RATIO_TIMES;
  return [...moved(baseline.exact, exact, isOff), ...moved(baseline.ratios, ratios, isFar)];
}

function moved(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
  isMoved: (now: number, before: number) => boolean,
): readonly string[] {
  return Object.entries(now).flatMap(([name, value]) => {
    const was = before[name];
    return was === undefined || !isMoved(value, was) ? [] : [`${name}: ${fine(was)} -> ${fine(value)}`];
  });
}

/** Three places are enough for every figure, and keep the file quiet; names stand in the order of the alphabet. */
function rounded(figures: Readonly<Record<string, number>>): Record<string, number> {
  const entries = Object.entries(figures).filter(([, value]) => Number.isFinite(value));
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, value]) => [name, Math.round(value * 1000) / 1000]));
}
