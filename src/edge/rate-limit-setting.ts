/** The settings of limits: `RATE_LIMIT_PER_MINUTE` and `RATE_LIMIT_CONCURRENT`, over what each surface has by itself. */
import type { Limits, Policy } from './limits.ts';
import { Problem } from './problem.ts';

/** The limit of everything that posts: none, since a writer that is too far behind says so by itself. */
export const INGEST = 'ingest';

/** The limit of attempts without a valid credential, by address. */
export const UNAUTHENTICATED = 'unauthenticated';

/** Limits that belong to no surface, and that a value for all surfaces therefore leaves alone. */
const BESIDE_SURFACES: ReadonlyMap<string, Limits> = new Map([
  [INGEST, { perMinute: null, concurrent: null }],
  // As many as the strictest surface lets a credential make, so that whoever mistypes a key hears 401 for long.
  [UNAUTHENTICATED, { perMinute: 100, concurrent: null }],
]);

/** The highest number that may be set: more in one minute than one object can count. */
const NUMBER_MAX = 100_000;

/** The two variables. */
export type LimitSettings = {
  readonly RATE_LIMIT_PER_MINUTE?: string;
  readonly RATE_LIMIT_CONCURRENT?: string;
};

/**
 * The limits in force, by their names. A variable says one value for every surface, or `name=value` for some of them,
 * or both, with commas between; a value is a number, or `off` or 0 for none.
 * @param surfaces what the surfaces have by themselves
 * @throws Problem `not_configured` that names the variable, when it cannot be read
 */
export function policiesOf(
  settings: LimitSettings,
  surfaces: ReadonlyMap<string, Limits>,
): ReadonlyMap<string, Policy> {
  const names = [...surfaces.keys()];
  const known = new Set([...names, ...BESIDE_SURFACES.keys()]);
  const perMinute = numbersOf('RATE_LIMIT_PER_MINUTE', settings, known);
  const concurrent = numbersOf('RATE_LIMIT_CONCURRENT', settings, known);
  return new Map(
    [...surfaces, ...BESIDE_SURFACES].map(([name, limits]) => [
      name,
      {
        name,
        perMinute: chosen(perMinute, name, surfaces.has(name), limits.perMinute),
        concurrent: chosen(concurrent, name, surfaces.has(name), limits.concurrent),
      },
    ]),
  );
}

/** The key of the value that is for every surface. */
const EVERY_SURFACE = '';

type Numbers = ReadonlyMap<string, number | null>;

function chosen(numbers: Numbers, name: string, isSurface: boolean, otherwise: number | null): number | null {
  const own = numbers.get(name);
  if (own !== undefined) return own;
  const forAll = isSurface ? numbers.get(EVERY_SURFACE) : undefined;
  return forAll === undefined ? otherwise : forAll;
}

function numbersOf(
  variable: keyof LimitSettings,
  settings: LimitSettings,
  known: ReadonlySet<string>,
): Numbers {
  const numbers = new Map<string, number | null>();
  const text = settings[variable]?.trim() ?? '';
  if (text === '') return numbers;
  for (const part of text.split(',')) {
    const words = part.split('=').map((word) => word.trim());
    const value = words.at(-1) ?? '';
    const name = words.length === 1 ? EVERY_SURFACE : (words[0] ?? EVERY_SURFACE);
    const refuse = (why: string): never => {
      throw new Problem('not_configured', `not configured: ${variable}: "${part.trim()}" ${why}`);
    };
    if (words.length > 2) refuse('must be a value or name=value');
    if (words.length === 2 && !known.has(name)) refuse(`must name one of ${[...known].join(', ')}`);
    if (value !== 'off' && !/^\d{1,6}$/.test(value)) refuse('must be a number, or "off"');
    const number = value === 'off' ? 0 : Number(value);
    if (number > NUMBER_MAX) refuse(`must be ${NUMBER_MAX} at most`);
    if (numbers.has(name)) refuse('is said twice');
    numbers.set(name, number === 0 ? null : number);
  }
  return numbers;
}
