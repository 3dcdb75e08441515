/** Numbers as tokens: logarithmic buckets of latency and cost, coarse ones of a doubling and fine ones of 1.1 percent. */
import type { Measure } from '../query/filter.ts';

/** Fine buckets in one coarse bucket. */
export const FINE_IN_COARSE = 64;

/** Doublings below 1 that have buckets of their own: 2^-40 is a trillionth of a dollar. */
const DOUBLINGS_BELOW_ONE = 40;

/** The highest coarse bucket: 2^49 milliseconds are 18,000 years. Bucket 0 holds the zeros alone. */
export const COARSE_MAX = 90;

/** The highest fine bucket. */
export const FINE_MAX = COARSE_MAX * FINE_IN_COARSE;

/** Letters before the code of a bucket, and the token of every row that has the number at all. */
const PREFIXES: Record<Measure, { coarse: string; fine: string; known: string }> = {
  latency_ms: { coarse: 'xl', fine: 'yl', known: 'hl' },
  cost: { coarse: 'xc', fine: 'yc', known: 'hc' },
};

/** The token of rows that have the number. */
export function knownToken(measure: Measure): string {
  return PREFIXES[measure].known;
}

/** The token of one bucket. */
export function bucketToken(measure: Measure, grain: 'coarse' | 'fine', code: number): string {
  return `${PREFIXES[measure][grain]}${code}`;
}

/** The letters before a bucket's code. */
export function bucketPrefix(measure: Measure, grain: 'coarse' | 'fine'): string {
  return PREFIXES[measure][grain];
}

/** The tokens of a stored row of alias `t` for one number, in SQL; '' where it has none. */
export function measureTokensOfRow(measure: Measure): string {
  const { coarse, fine, known } = PREFIXES[measure];
  const value = `t.${measure}`;
  const code = `CASE WHEN ${value} <= 0 THEN 0 ELSE 1 + min(max(CAST(floor(log2(${value}) * ${FINE_IN_COARSE}) AS INTEGER)
    + ${DOUBLINGS_BELOW_ONE * FINE_IN_COARSE}, 0), ${FINE_MAX - 1}) END`;
  return `CASE WHEN ${value} IS NULL THEN '' ELSE ' ${known} ${coarse}' || ((${code} + ${FINE_IN_COARSE - 1}) / ${FINE_IN_COARSE})
    || ' ${fine}' || (${code}) END`;
}

/** The fine bucket of a number; off by one at most against SQLite's logarithm. */
export function fineBucket(value: number): number {
  if (value <= 0) return 0;
  const code = Math.floor(Math.log2(value) * FINE_IN_COARSE) + DOUBLINGS_BELOW_ONE * FINE_IN_COARSE;
  return 1 + Math.min(Math.max(code, 0), FINE_MAX - 1);
}

/** The coarse bucket that holds a fine one. */
export function coarseOfFine(fine: number): number {
  return Math.ceil(fine / FINE_IN_COARSE);
}

/**
 * The tokens of the buckets that may hold numbers between two, both inclusive; null leaves an end open.
 * A row in one of them still has to be compared itself.
 */
export function tokensBetween(measure: Measure, min: number | null, max: number | null): readonly string[] {
  const low = min === null ? 0 : Math.max(fineBucket(min) - 1, 0);
  const high = max === null ? FINE_MAX : Math.min(fineBucket(max) + 1, FINE_MAX);
  if (low === 0 && high === FINE_MAX) return [knownToken(measure)];
  if (max !== null && max < 0) return [];
  const tokens: string[] = [];
  for (let code = low; code <= high;) {
    const isWhole = code % FINE_IN_COARSE === 1 && code + FINE_IN_COARSE - 1 <= high;
    tokens.push(bucketToken(measure, isWhole ? 'coarse' : 'fine', isWhole ? coarseOfFine(code) : code));
    code += isWhole ? FINE_IN_COARSE : 1;
  }
  return tokens;
}
