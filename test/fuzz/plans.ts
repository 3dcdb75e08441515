/** Plans of requests: what is sent to a route, before the store has filled in what only it knows. */
import * as fc from 'fast-check';
import type * as z from 'zod';
import type { Carrier } from '../../src/edge/authenticate.ts';
import type { Scope } from '../../src/query/credential.ts';
import type { Body } from './bodies.ts';
import { parametersOf } from './schema-arbitrary.ts';
import { GOOD_SEGMENTS, GUESSED_IDS, HOSTILE_HEADERS, HOSTILE_SEGMENTS } from './places.ts';
import { SEEDED_IDS, WHO, type Who } from './seeds.ts';
import { hostileText } from './values.ts';

/** A credential and where it stands. */
export type Carried = { readonly carrier: Carrier; readonly who: Who };

/** How a body is packed, and whether the header tells the truth about it. */
export type Packing = 'none' | 'gzip' | 'deflate' | 'gzip-cut' | 'gzip-claimed' | 'brotli-claimed';

/** One request. */
export type Plan = {
  readonly route: string;
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  /** Put behind the query as it is. */
  readonly rawQuery: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly carried: readonly Carried[];
  readonly body: Body | null;
  readonly packing: Packing;
  /** A cursor that an earlier answer gave, by its place among them, with so many characters cut off. */
  readonly cursor: { readonly place: number; readonly cut: number } | null;
  /** Asks for the page after one that an earlier answer of this route gave, all else being as it was. */
  readonly follows: boolean;
};

/** What plans of a route are made from. */
export type Ways = {
  readonly carriers: readonly Carrier[];
  readonly scope: Scope | null;
  readonly query?: Readonly<Record<string, z.ZodType>>;
  /** What the query says where it is good, beside what it may say. */
  readonly always?: readonly (readonly [string, string])[];
  readonly ids?: readonly string[];
  readonly body?: (isHostile: boolean) => fc.Arbitrary<Body>;
  readonly type?: string;
  /** Where a list takes its cursor; absent where it has none. */
  readonly cursorIn?: 'query' | 'body';
};

const METHODS = ['HEAD', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

const CARRIERS: readonly Carrier[] = ['bearer', 'x-api-key', 'cookie', 'basic', 'api-key'];

/** Good plans of a route, and such as are hostile in some of their parts. */
export function plansOf(method: string, pattern: string, ways: Ways): fc.Arbitrary<Plan> {
  const part = <T>(make: (isHostile: boolean) => fc.Arbitrary<T>, weight: number): fc.Arbitrary<T> =>
    fc.oneof(
      { withCrossShrink: true },
      { weight: 10 - weight, arbitrary: make(false) },
      { weight, arbitrary: make(true) },
    );
  const withBody = ways.body ?? (() => fc.constant(null));
  return fc.record<Plan>({
    route: fc.constant(`${method} ${pattern}`),
    method: fc.oneof(
      { weight: 15, arbitrary: fc.constant(method) },
      { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
    ),
    path: part((isHostile) => pathOf(pattern, ways, isHostile), 2),
    query: part((isHostile) => queryOf(ways, isHostile), 4),
    rawQuery: fc.oneof(
      { weight: 30, arbitrary: fc.constant('') },
      {
        weight: 1,
        arbitrary: fc.constantFrom('%', '&&=&', 'limit=%zz', 'limit=%00', '=', '?', '+', 'a[]=1'),
      },
    ),
    headers: part((isHostile) => headersOf(ways, isHostile), 2),
    carried: part((isHostile) => carriedOf(ways, isHostile), 2),
    body: part(withBody, 4),
    packing: fc.oneof(
      { weight: 15, arbitrary: fc.constant<Packing>('none') },
      { weight: 3, arbitrary: fc.constantFrom<Packing>('gzip', 'deflate') },
      { weight: 1, arbitrary: fc.constantFrom<Packing>('gzip-cut', 'gzip-claimed', 'brotli-claimed') },
    ),
    cursor: ways.cursorIn === undefined ? fc.constant(null) : anyCursor,
    follows: fc.nat(2).map((one) => one === 0 && ways.cursorIn !== undefined),
  });
}

const anyCursor: fc.Arbitrary<Plan['cursor']> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.record({ place: fc.nat(30), cut: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ place: fc.nat(30), cut: fc.integer({ min: 1, max: 200 }) }) },
);

function pathOf(pattern: string, { ids }: Ways, isHostile: boolean): fc.Arbitrary<string> {
  const names = [...pattern.matchAll(/:(\w+)(?:\{[^}]*\})?/g)].map(([, name = '']) => name);
  const segments = names.map((name) => {
    const good = fc.constantFrom(...(GOOD_SEGMENTS[name] ?? ids ?? SEEDED_IDS));
    return isHostile
      ? fc.oneof(
          good,
          fc.constantFrom(...HOSTILE_SEGMENTS),
          fc.constantFrom(...GUESSED_IDS),
          hostileText.map((text) => encodeURIComponent(text.toWellFormed())),
        )
      : good;
  });
  const slash = isHostile ? fc.constantFrom('', '/', '//', '/more') : fc.constant('');
  return fc.tuple(fc.tuple(...segments), slash).map(([values, end]) => {
    let place = 0;
    return pattern.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, () => values[place++] ?? '') + end;
  });
}

function headersOf({ type }: Ways, isHostile: boolean): fc.Arbitrary<Record<string, string>> {
  const own = type === undefined ? {} : { 'content-type': type };
  if (!isHostile) return fc.constant(own);
  const headers = Object.entries(HOSTILE_HEADERS).map(([name, values]) =>
    fc.constantFrom(...values).map((value) => [name, value] as const),
  );
  return fc
    .array(fc.oneof(...headers), { minLength: 1, maxLength: 3 })
    .map((entries) => ({ ...own, ...Object.fromEntries(entries) }));
}

function queryOf({ query = {}, always }: Ways, isHostile: boolean): fc.Arbitrary<Plan['query']> {
  const any = parametersOf(query, isHostile);
  if (always === undefined || isHostile) return any;
  const names = new Set(always.map(([name]) => name));
  return any.map((given) => [...always, ...given.filter(([name]) => !names.has(name))]);
}

/** The credentials of a request; a good plan has one that may pass where any is asked for. */
function carriedOf({ carriers, scope }: Ways, isHostile: boolean): fc.Arbitrary<readonly Carried[]> {
  if (isHostile) {
    const any = fc.record({ carrier: fc.constantFrom(...CARRIERS), who: fc.constantFrom(...WHO) });
    return fc.array(any, { maxLength: 2 });
  }
  const [first] = carriers;
  if (first === undefined || scope === null) return fc.constant([]);
  const who: Readonly<Record<Scope, readonly Who[]>> = {
    read: ['admin', 'both-a', 'both-b', 'read-a', 'virtual-a', 'token-a', 'workspace'],
    ingest: ['admin', 'both-a', 'both-b', 'ingest-b', 'metadata-only-b', 'workspace'],
    admin: ['admin', 'admin', 'admin-a'],
    metrics: ['admin', 'metrics'],
  };
  const plain = carriers.filter((carrier) => carrier !== 'cookie');
  return fc
    .record({
      carrier: fc.constantFrom(...plain),
      who: fc.constantFrom(...who[scope]),
    })
    .map((one) => [one]);
}
