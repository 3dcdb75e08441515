/** Nobody in: every route, asked by everybody who is kept out of a place, tells nothing of it and changes nothing in it. */
import { env } from 'cloudflare:workers';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { DOORS } from '../api/door-cases.ts';
import { breakDatabase, healDatabase } from '../ingest/faulty-database.ts';
import type { Body } from '../world.ts';
import { ADMIN, insiders, newPlace, outsiders, send, type Call, type Identity } from './identities.ts';
import { eventsOf, EVENTS_OF_KIND } from './marked-events.ts';
import { DIALECT_ROUTES } from './dialect-routes.ts';
import { deliveryOf, DOOR_ROUTES } from './door-routes.ts';
import { OWN_ROUTES } from './own-routes.ts';
import type { RouteCase } from './route-case.ts';

const ROUTES: Readonly<Record<string, RouteCase>> = { ...DIALECT_ROUTES, ...OWN_ROUTES, ...DOOR_ROUTES };

/** The entries that have a part, each with that part for sure. */
function having<Part extends keyof RouteCase>(
  part: Part,
): readonly (readonly [string, RouteCase & { readonly [P in Part]-?: NonNullable<RouteCase[P]> }])[] {
  return Object.entries(ROUTES).filter(([, route]) => route[part] !== undefined) as never;
}

/** The routes of the app, without middleware. */
const routes = [
  ...new Set(createApp().routes.flatMap(({ method, path }) => (method === 'ALL' ? [] : `${method} ${path}`))),
].toSorted();

/** What somebody was told. */
type Told = { readonly status: number; readonly text: string; readonly heard: string };

const watched = newPlace();
let inside: readonly Identity[] = [];
let outside: readonly Identity[] = [];
let shutOut: readonly Identity[] = [];
let probes = 0;
let leaks = 0;

/** What each of them was told of each route before the watched place held anything. */
const before = new Map<Identity, ReadonlyMap<string, readonly Told[]>>();

async function ask(identity: Identity, call: Call): Promise<Told> {
  probes += 1;
  const answer = await send(identity.headers, call);
  const text = await answer.text();
  const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
  return { status: answer.status, text: settled(text), heard: `${headers}\n${text}` };
}

/** An answer without what no two answers share. */
function settled(text: string): string {
  return text
    .replace(/"(request_id|query_timestamp)":"[^"]*"/g, '"$1":""')
    .replace(/"next_cursor":"[^"]*"/, '"next_cursor":"…"');
}

/** Fails where an answer says what this identity may not hear, but for the very words that it sent. */
function isSilent(identity: Identity, call: Call, told: Told): void {
  const sent = decodeURIComponent(
    `${call.path} ${JSON.stringify(call.body ?? '')} ${JSON.stringify(call.headers ?? {})}`,
  );
  const words = new Set(sent.match(/[\w-]+/g));
  const said = told.heard.match(/[\w-]+/g) ?? [];
  for (const unheard of identity.unheard) {
    const leaked = said.filter((word) => word.includes(unheard) && !words.has(word));
    expect(leaked, `${identity.name}: ${call.path}`).toEqual([]);
  }
}

const readsOf = (route: RouteCase, identity: Identity): readonly Call[] => [
  ...(route.reads?.(watched) ?? []),
  ...(identity.stands === 'outside' ? (route.reads?.(identity.place).slice(0, 1) ?? []) : []),
];

/** Whether a credential opens a route at all; the cookie's own carriers are a matter of each route. */
function opens({ headers, scopes }: Identity, route: RouteCase): boolean {
  if (route.scope === 'open') return true;
  if (route.isUnboundedOnly === true && headers !== ADMIN) return false;
  if (headers['cookie'] !== undefined && route.takesCookie !== true) return false;
  return scopes.includes(route.scope) || scopes.includes('admin');
}

async function readAll(identity: Identity): Promise<ReadonlyMap<string, readonly Told[]>> {
  const told = new Map<string, readonly Told[]>();
  for (const [name, route] of Object.entries(ROUTES)) {
    const answers: Told[] = [];
    for (const call of readsOf(route, identity)) answers.push(await ask(identity, call));
    told.set(name, answers);
  }
  return told;
}

async function post(identity: Identity, call: Call): Promise<void> {
  const { status, text } = await ask(identity, call);
  if (status >= 300) throw new Error(`${identity.name}: ${status} ${text}`);
}

function insider(name: string): Identity {
  const found = inside.find((identity) => identity.name === name);
  if (found === undefined) throw new Error(`nobody is ${name}`);
  return found;
}

/** Every row, dead letter and day of retention of the watched place, but for those of its own project's workspace 2 and virtual key 2. */
async function rowsOfWatched(): Promise<string> {
  const others = outside.filter(({ place }) => place.project === watched.project);
  const tables = ['tool_calls', 'requests', 'server_logs'].map((table) =>
    env.DB.prepare(
      `SELECT * FROM ${table} WHERE project_id = ?1
        AND coalesce(workspace_id, '') NOT IN (SELECT value FROM json_each(?2))
        AND coalesce(virtual_key_id, '') NOT IN (SELECT value FROM json_each(?3)) ORDER BY seq`,
    ).bind(
      watched.project,
      JSON.stringify(others.map(({ place }) => place.workspace)),
      JSON.stringify(others.map(({ place }) => place.virtualKey)),
    ),
  );
  const rows = JSON.stringify((await env.DB.batch(tables)).map(({ results }) => results));
  const lists = ['/v1/dead-letters', '/v1/retention'].map(async (path) =>
    (await send(ADMIN, { path })).text(),
  );
  return [rows, ...(await Promise.all(lists))].join('\n');
}

beforeAll(async () => {
  const named = await insiders(watched);
  inside = named.filter(({ stands }) => stands === 'inside');
  shutOut = named.filter(({ stands }) => stands === 'shut out');
  outside = await outsiders(watched);
  for (const identity of outside)
    await post(identity, { path: '/v1/events?wait=true', body: eventsOf(identity.place) });
  for (const identity of [...inside, ...outside]) before.set(identity, await readAll(identity));
  const owner = insider('a key of project A');
  await post(owner, { path: '/v1/events?wait=true', body: eventsOf(watched) });
  for (const door of DOORS) await post(owner, deliveryOf(watched, door, `${watched.word} delivered`));
  const once = { 'idempotency-key': `${watched.word} once` };
  const refused = { id: `${watched.word}-refused`, tool_name: '' };
  const days = { kind: 'tool_call', project_id: watched.project, payload_days: 20 };
  await post(insider('the admin'), { path: '/v1/retention', method: 'PUT', body: days });
  await breakDatabase(() => {
    throw new Error('D1_ERROR: CHECK constraint failed: SQLITE_CONSTRAINT');
  });
  const letters = eventsOf(watched).map((event, place) => ({
    ...event,
    id: `${watched.word}-letter-${place}`,
  }));
  await post(owner, { path: '/v1/events?wait=true', body: letters });
  await healDatabase();
  for (const name of ['a key of project A', 'a token of project A'])
    await post(insider(name), { path: '/v1/events', body: [{ tool_name: 'once' }, refused], headers: once });
});

afterEach(({ task }) => {
  if (task.result?.state === 'fail') leaks += 1;
});

afterAll(() => {
  const identities = inside.length + outside.length + shutOut.length;
  console.info(
    `isolation: ${routes.length} routes × ${identities} identities, ${probes} probes, leaks ${leaks}`,
  );
});

test('every route of the app is in the table, and nothing else is', () => {
  expect(routes.filter((route) => ROUTES[route] === undefined)).toEqual([]);
  expect(Object.keys(ROUTES).filter((route) => !routes.includes(route))).toEqual([]);
});

test('every entry of the table probes something, or says why it cannot', () => {
  const idle = Object.entries(ROUTES).filter(
    ([, route]) =>
      route.reads === undefined &&
      route.writes === undefined &&
      route.guesses === undefined &&
      route.holdsNothing === undefined,
  );
  expect(idle.map(([name]) => name)).toEqual([]);
});

test.for(having('reads'))(
  '%s tells a stranger what it told before there was anything to tell',
  async ([name, route]) => {
    for (const identity of outside) {
      const earlier = before.get(identity)?.get(name) ?? [];
      for (const [place, call] of readsOf(route, identity).entries()) {
        const told = await ask(identity, call);
        isSilent(identity, call, told);
        const { status, text } = earlier[place] ?? { status: 0, text: '' };
        expect([told.status, told.text], `${identity.name}: ${call.path}`).toEqual([status, text]);
        if (!opens(identity, route)) expect([401, 403], call.path).toContain(told.status);
      }
    }
  },
);

test.for(having('reads').filter(([, { scope }]) => scope !== 'open'))(
  '%s tells those inside, or the probe would prove nothing',
  async ([name, route]) => {
    for (const identity of inside.filter((each) => opens(each, route))) {
      const earlier = before.get(identity)?.get(name) ?? [];
      const told = await Promise.all(route.reads(watched).map((call) => ask(identity, call)));
      expect(
        told.some(({ status }) => status === 200),
        identity.name,
      ).toBe(true);
      const hasChanged = told.some(({ text }, place) => text !== earlier[place]?.text);
      // Keys were there before any event was.
      const isNamed = told.some(({ text }) => text.includes(watched.word));
      expect(route.scope === 'read' ? hasChanged : hasChanged || isNamed, identity.name).toBe(true);
    }
  },
);

test.for(Object.entries(ROUTES).filter(([, { scope }]) => scope !== 'open'))(
  '%s lets nobody in who is shut out',
  async ([, route]) => {
    const calls = [...(route.reads?.(watched) ?? []), ...(route.writes?.(watched) ?? [])];
    const rows = await rowsOfWatched();
    for (const identity of shutOut.filter((each) => !opens(each, route)))
      for (const call of [...calls, ...(route.guesses === undefined ? [] : [route.guesses.ask('1')])]) {
        const told = await ask(identity, call);
        isSilent(identity, call, told);
        expect(told.status, `${identity.name}: ${call.path}`).toBe(identity.scopes.length === 0 ? 401 : 403);
      }
    expect(await rowsOfWatched()).toBe(rows);
  },
);

test.for(having('counts'))('%s counts for each stranger what it posted itself', async ([, route]) => {
  for (const identity of outside.filter((each) => opens(each, route))) {
    const answer = await send(identity.headers, route.counts.ask);
    const numbers = route.counts.numbers(await answer.json<Body>());
    probes += 1;
    expect(numbers.length, identity.name).toBeGreaterThan(0);
    for (const number of numbers) expect(number, identity.name).toBeCloseTo(EVENTS_OF_KIND, 9);
  }
});

test.for(having('pages'))('%s refuses a cursor that somebody else was given', async ([, route]) => {
  const { ask: page, next } = route.pages;
  for (const identity of inside.filter((each) => opens(each, route) && each.headers !== ADMIN)) {
    const first = await send(identity.headers, page(watched, null));
    const cursor = next(await first.json<Body>());
    expect(cursor, identity.name).toEqual(expect.any(String));
    expect((await ask(identity, page(watched, cursor))).status, identity.name).toBe(200);
    for (const stranger of outside)
      for (const call of [page(watched, cursor), page(stranger.place, cursor)]) {
        const told = await ask(stranger, call);
        isSilent(stranger, call, told);
        expect([400, 401, 403, 404, 422], `${stranger.name}: ${call.path}`).toContain(told.status);
      }
  }
  for (const stranger of outside.filter((each) => opens(each, route))) {
    const first = await send(stranger.headers, page(stranger.place, null));
    const cursor = next(await first.json<Body>());
    expect((await ask(stranger, page(stranger.place, cursor))).status, stranger.name).toBe(200);
  }
});

test.for(having('writes'))(
  '%s leaves what is not the caller’s untouched, byte for byte',
  async ([, route]) => {
    const rows = await rowsOfWatched();
    expect(rows).toContain(watched.word);
    for (const identity of outside)
      for (const call of route.writes(watched)) {
        const told = await ask(identity, call);
        isSilent(identity, call, told);
        expect(told.status, `${identity.name}: ${call.path}`).toBeLessThan(500);
        if (!opens(identity, route))
          expect([401, 403], `${identity.name}: ${call.path}`).toContain(told.status);
      }
    expect(await rowsOfWatched()).toBe(rows);
    expect(await env.DB.prepare("SELECT count(*) AS n FROM keys WHERE name = 'forged'").first('n')).toBe(0);
  },
);

test.for(having('guesses'))(
  '%s tells an id that is not the caller’s from none at all by nothing',
  async ([, route]) => {
    const { ask: guess, list, ids, unknown } = route.guesses;
    const listed = async (): Promise<readonly string[]> =>
      ids(await (await send(ADMIN, list)).json<Body>(), watched);
    const known = await listed();
    expect(known.length).toBeGreaterThan(0);
    for (const identity of outside)
      for (const id of known) {
        const [real, none] = [await ask(identity, guess(id)), await ask(identity, guess(unknown))];
        isSilent(identity, guess(id), real);
        expect(
          [real.status, real.text.replaceAll(new RegExp(`(?<![\\w-])${id}(?![\\w-])`, 'g'), unknown)],
          identity.name,
        ).toEqual([none.status, none.text]);
        expect([401, 403, 404], identity.name).toContain(real.status);
      }
    expect(await listed()).toEqual(known);
    for (const identity of inside) expect((await ask(identity, { path: '/api/mcp-logs' })).status).toBe(200);
  },
);
