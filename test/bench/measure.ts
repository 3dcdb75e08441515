/** Measuring one request: asked again until its median is worth something or its time is up. */
import type { Answer, Ask, Gatelog } from './gatelog.ts';

/** The most runs of one request, and the milliseconds after which no other begins: a scan of a million rows is slow. */
const RUNS_MAX = 9;
const MILLISECONDS_MAX = 2500;

/** What a request costs. */
export type Cost = { readonly rowsRead: number; readonly milliseconds: number };

/** The cost of a request, and how many rows it gave. */
export type Measured = Cost & { readonly given: number };

/**
 * Measures a request after one warming run.
 * @param isOptional whether the route may be missing
 * @throws Error when the answer is no success
 */
export async function measure(gatelog: Gatelog, ask: Ask, isOptional: boolean): Promise<Measured | null> {
  const warm = await gatelog.ask(ask);
  if (warm.status === 404 && isOptional) return null;
  const given = rowsIn(bodyOf(warm));
  const answers = await repeated(() => gatelog.ask(ask), warm.milliseconds);
  const milliseconds = median(answers.map((answer) => answer.milliseconds));
  return { rowsRead: warm.rowsRead, milliseconds, given };
}

/** Runs something as often as the time allows, at least once; `spent` milliseconds went into it before. */
export async function repeated<T>(run: () => Promise<T>, spent: number): Promise<readonly T[]> {
  const startedAt = performance.now() - spent;
  const results: T[] = [];
  do results.push(await run());
  while (results.length < RUNS_MAX && performance.now() - startedAt < MILLISECONDS_MAX);
  return results;
}

/** The middle of numbers; NaN of none. */
export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

/** The number below which a share of the numbers lies; NaN of none. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? NaN;
}

/** Reads the body of an answer that must have succeeded. */
export function bodyOf({ path, status, text }: Answer): Record<string, unknown> {
  if (status !== 200) throw new Error(`${path}: ${status} ${text.slice(0, 200)}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** The rows of an answer: its longest list, unless it is a row itself. */
function rowsIn(body: Record<string, unknown>): number {
  const lists = 'id' in body ? [] : Object.values(body).filter((value) => Array.isArray(value));
  return lists.length === 0 ? 1 : Math.max(...lists.map((list) => list.length));
}
