/** Sends plans: fills in what only the store knows, packs bodies, and remembers the cursors of answers. */
import { exports } from 'cloudflare:workers';
import type { Carrier } from '../../src/edge/authenticate.ts';
import { ORIGIN } from '../world.ts';
import type { Carried, Packing, Plan } from './plans.ts';
import { MARKERS, type Project, type Seeds, type Who } from './seeds.ts';
import { OWN_MARKER, SPARE_KEY } from './values.ts';

/** How long an answer may take, in milliseconds: as long as `?wait=true` waits for a flush, and a margin. */
export const ANSWER_MILLISECONDS_MAX = 12_000;

/** Pages and cursors that are remembered of each route. */
const REMEMBERED = 12;

/** A request as it was sent. */
export type Sent = {
  readonly plan: Plan;
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  readonly text: string;
  /** The credentials whose headers were not overwritten by others. */
  readonly carried: readonly Carried[];
  /** Whether an earlier answer promised that this request would be answered with a page. */
  readonly isPromised: boolean;
};

/** An answer, read to its end. */
export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly text: string;
};

/** Thrown when no answer came in time. */
export class Hang extends Error {
  override readonly name = 'Hang';
}

/** What earlier answers gave; it is the only thing that requests of one run know of each other. */
export class Memory {
  readonly #pages = new Map<string, { sent: Sent; cursor: string }[]>();

  /** Keeps the cursor of a page and the request that led to it. */
  keep(sent: Sent, cursor: string): void {
    const pages = this.#pages.get(sent.plan.route) ?? [];
    this.#pages.set(sent.plan.route, [...pages, { sent, cursor }].slice(-REMEMBERED));
  }

  /** Every cursor that is remembered, those of a route first. */
  cursors(route: string): readonly string[] {
    const own = this.#pages.get(route) ?? [];
    return [...own, ...[...this.#pages.values()].flat()].map(({ cursor }) => cursor);
  }

  /** A page of a route to follow. */
  page(route: string, place: number): { sent: Sent; cursor: string } | undefined {
    const pages = this.#pages.get(route) ?? [];
    return pages[place % Math.max(pages.length, 1)];
  }
}

/** The header that a carrier stands in; of several in one, the last counts. */
function headerOf(carrier: Carrier): string {
  return carrier === 'x-api-key' || carrier === 'cookie' ? carrier : 'authorization';
}

function carriedAs(carrier: Carrier, who: Who, seeds: Seeds): string {
  const { secret } = seeds.credentials[who];
  switch (carrier) {
    case 'bearer':
      return `Bearer ${secret}`;
    case 'basic':
      return `Basic ${btoa(`user:${secret}`)}`;
    case 'api-key':
      return `ApiKey ${btoa(`id:${secret}`)}`;
    case 'x-api-key':
      return secret;
    case 'cookie':
      return seeds.cookies.get(who) ?? `gatelog_session=${secret}`;
  }
}

/** The one project that all credentials of a request are bound to; null where there is no such. */
export function projectOf(carried: readonly Carried[], seeds: Seeds): Project | null {
  const projects = new Set(carried.map(({ who }) => seeds.credentials[who].project));
  return projects.size === 1 ? ([...projects][0] ?? null) : null;
}

/** A plan as a request. */
export async function prepared(plan: Plan, seeds: Seeds, memory: Memory): Promise<Sent> {
  const followed = plan.follows ? memory.page(plan.route, plan.cursor?.place ?? 0) : undefined;
  if (followed !== undefined) return following(plan, followed.sent, followed.cursor);
  const carried = plan.carried.filter(
    ({ carrier }, place) =>
      plan.headers[headerOf(carrier)] === undefined &&
      !plan.carried.some((other, at) => at > place && headerOf(other.carrier) === headerOf(carrier)),
  );
  const project = projectOf(carried, seeds);
  const marker = project === null ? 'nobody' : MARKERS[project];
  const cursors = memory.cursors(plan.route);
  const cursor =
    plan.cursor === null || cursors.length === 0
      ? null
      : (cursors[plan.cursor.place % cursors.length] ?? '').slice(plan.cursor.cut);
  const path = plan.path.replace(SPARE_KEY, (_, place: string) => seeds.spareKeyIds[Number(place)] ?? 'none');
  const inBody = plan.body !== null && cursor !== null && typeof plan.body.content === 'string';
  const content = withMarker(
    inBody ? withCursor(plan.body.content, cursor) : (plan.body?.content ?? ''),
    marker,
  );
  const query = [...plan.query, ...(cursor === null || inBody ? [] : [['cursor', cursor] as const])]
    .map(([name, value]) => `${encoded(name)}=${encoded(value.replaceAll(OWN_MARKER, marker))}`)
    .join('&');
  const tail = [query, plan.rawQuery].filter((each) => each !== '').join('&');
  const hasBody = plan.body !== null && plan.method !== 'GET' && plan.method !== 'HEAD';
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  return {
    plan,
    url: new URL(`${ORIGIN}${path}${tail === '' ? '' : `?${tail}`}`),
    method: plan.method,
    headers: {
      ...plan.headers,
      ...Object.fromEntries(
        carried.map(({ carrier, who }) => [headerOf(carrier), carriedAs(carrier, who, seeds)]),
      ),
      ...(hasBody ? ENCODINGS[plan.packing] : {}),
    },
    body: hasBody ? await packed(bytes, plan.packing) : null,
    text: typeof content === 'string' ? content : '',
    carried,
    isPromised: false,
  };
}

/** The same request as one that was answered with a page, asking for the page after it. */
async function following(plan: Plan, sent: Sent, cursor: string): Promise<Sent> {
  const url = new URL(sent.url);
  if (sent.body === null) {
    url.searchParams.delete('cursor');
    url.searchParams.append('cursor', cursor);
    return { ...sent, plan, url, isPromised: true };
  }
  const text = withCursor(sent.text, cursor);
  const { 'content-encoding': _, ...headers } = sent.headers;
  return { ...sent, plan, headers, text, body: new TextEncoder().encode(text), isPromised: true };
}

function withMarker(content: string | Uint8Array, marker: string): string | Uint8Array {
  return typeof content === 'string' ? content.replaceAll(OWN_MARKER, marker) : content;
}

function withCursor(content: string, cursor: string): string {
  try {
    const body = (JSON.parse(content === '' ? '{}' : content) ?? {}) as object;
    return typeof body === 'object' && !Array.isArray(body) ? JSON.stringify({ ...body, cursor }) : content;
  } catch {
    return content;
  }
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

const ENCODINGS: Readonly<Record<Packing, Record<string, string>>> = {
  none: {},
  gzip: { 'content-encoding': 'gzip' },
  deflate: { 'content-encoding': 'deflate' },
  'gzip-cut': { 'content-encoding': 'gzip' },
  'gzip-claimed': { 'content-encoding': 'gzip' },
  'brotli-claimed': { 'content-encoding': 'br' },
};

async function packed(bytes: Uint8Array, packing: Packing): Promise<Uint8Array> {
  if (packing !== 'gzip' && packing !== 'deflate' && packing !== 'gzip-cut') return bytes;
  const format = packing === 'deflate' ? 'deflate' : 'gzip';
  const stream = new Response(bytes as BodyInit).body?.pipeThrough(new CompressionStream(format)) ?? null;
  const whole = new Uint8Array(await new Response(stream).arrayBuffer());
  return packing === 'gzip-cut' ? whole.slice(0, whole.length / 2) : whole;
}

/**
 * Sends a request and reads its answer.
 * @throws Hang when that takes too long
 */
export async function answerTo({ url, method, headers, body }: Sent): Promise<Answer> {
  const request = new Request(url, {
    method,
    headers,
    ...(body === null ? {} : { body }),
    redirect: 'manual',
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Hang('no answer in time')), ANSWER_MILLISECONDS_MAX);
  });
  const answer = async (): Promise<Answer> => {
    const response = await exports.default.fetch(request);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const text = new TextDecoder().decode(bytes);
    return { status: response.status, headers: response.headers, bytes, text };
  };
  try {
    return await Promise.race([answer(), late]);
  } finally {
    clearTimeout(timer);
  }
}
