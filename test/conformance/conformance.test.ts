/** One suite over all dialects: what every list promises, whatever its tongue (contracts/README.md). */
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { dialects } from '../../src/dialects/index.ts';
import type { Event } from '../../src/event/event.ts';
import { ALL_TIME } from '../../src/query/filter.ts';
import { matches } from '../../src/query/matches.ts';
import { draftOf } from '../../src/event/draft.ts';
import { ORIGIN, world, type Ask, type World } from '../world.ts';
import { DIALECTS, type DialectCase, type PageRead } from './dialects.ts';

const EVENTS = 60;

type Want = Parameters<DialectCase['page']>[1];

async function read(dialect: DialectCase, here: World, want: Want): Promise<PageRead> {
  const { path, ...asked } = dialect.page(here, want);
  const response = await here.ask(path, asked);
  expect(response.status).toBe(200);
  const body = await response.json();
  dialect.reply.parse(body);
  return dialect.read(body);
}

/** Posts events 0 to EVENTS - 1; returns their ids newest first, ties by arrival. */
async function furnish(dialect: DialectCase, here: World): Promise<readonly string[]> {
  await here.post(Array.from({ length: EVENTS }, (_, place) => dialect.event(here, `e${place}`, place)));
  return Array.from({ length: EVENTS }, (_, place) => `e${EVENTS - 1 - place}`);
}

function remembered(dialect: DialectCase, here: World): readonly Event[] {
  return Array.from({ length: EVENTS }, (_, place) => {
    const result = draftOf(dialect.event(here, `e${place}`, place));
    if ('problem' in result) throw new Error(result.problem);
    return result.draft.event as Event;
  }).toReversed();
}

test('every dialect of the Worker is under test', () => {
  expect(DIALECTS.map((dialect) => dialect.name).toSorted()).toEqual(
    dialects.map((dialect) => dialect.name).toSorted(),
  );
});

describe.for(DIALECTS.map((dialect) => [dialect.name, dialect] as const))('%s', ([, dialect]) => {
  test('a walk by cursor has no gap and no double while events are being written', async () => {
    const here = await world();
    const expected = await furnish(dialect, here);
    const walked: string[] = [];
    let cursor: string | null = null;
    let page = 0;
    do {
      const got: PageRead = await read(dialect, here, { limit: 7, cursor });
      walked.push(...got.ids);
      cursor = got.cursor;
      // Newer ones, and older ones with a time that the walk has passed already.
      await here.post([
        { ...dialect.event(here, `new-${page}`, 0), timestamp: Date.now() },
        { ...dialect.event(here, `old-${page}`, 0), timestamp: 1_767_225_600_011 },
      ]);
      page += 1;
    } while (cursor !== null);
    expect(walked.filter((id) => id.startsWith('e'))).toEqual(expected);
    expect(new Set(walked).size).toBe(walked.length);
  });

  test('offset pages and exact totals agree with the cursor’s walk', async () => {
    if (!dialect.hasOffset) return;
    const here = await world();
    const expected = await furnish(dialect, here);
    const walked: string[] = [];
    for (let offset = 0; offset < EVENTS; offset += 13) {
      const page = await read(dialect, here, { limit: 13, offset });
      expect(page.total).toBe(EVENTS);
      walked.push(...page.ids);
    }
    expect(walked).toEqual(expected);
    expect(await read(dialect, here, { limit: 5, offset: EVENTS })).toMatchObject({ ids: [], total: EVENTS });
  });

  test('every filter is what memory says', async () => {
    const here = await world();
    await furnish(dialect, here);
    const events = remembered(dialect, here);
    for (const { asked, conditions } of dialect.filters) {
      const filter = { time: ALL_TIME, conditions };
      const expected = events.filter((event) => matches(filter, event)).map((event) => event.id);
      const page = await read(dialect, here, { limit: 100, filter: asked });
      expect(page.ids, JSON.stringify(asked)).toEqual(expected);
      expect(expected.length, JSON.stringify(asked)).toBeGreaterThan(0);
      if (page.total !== null) expect(page.total).toBe(expected.length);
    }
  });

  test('a cursor belongs to its query and its credential', async () => {
    const here = await world();
    await furnish(dialect, here);
    const { cursor } = await read(dialect, here, { limit: 7 });
    const filter = dialect.filters[0]?.asked ?? {};
    const { path, ...asked } = dialect.page(here, { limit: 7, cursor, filter });
    expect([400, 422]).toContain((await here.ask(path, asked)).status);
    const other = await here.mint({ scopes: ['read'], project_id: 'another' });
    const again = dialect.page(here, { limit: 7, cursor });
    const refused = await here.ask(again.path, { ...again, key: other.key });
    expect([400, 404, 422]).toContain(refused.status);
  });

  test('bounds hide what lies outside: project, workspace and virtual key', async () => {
    const here = await world();
    await furnish(dialect, here);
    const outside = [
      { project_id: 'another' },
      { project_id: here.project, workspace_ids: [crypto.randomUUID()] },
      { project_id: here.project, virtual_key_id: 'vk-none' },
    ];
    for (const bounds of outside) {
      const { key } = await here.mint({ scopes: ['read'], ...bounds });
      const { path, ...asked } = dialect.page(here, { limit: 7 });
      const response = await here.ask(path, { ...asked, key });
      if (response.status === 200)
        expect(dialect.read(await response.json())).toMatchObject({ ids: [], cursor: null });
      else expect([403, 404]).toContain(response.status);
    }
  });

  test('every refusal wears the dialect’s envelope', async () => {
    const here = await world();
    await furnish(dialect, here);
    const ingestOnly = await here.mint({ scopes: ['ingest'], project_id: here.project });
    const list = dialect.page(here, { limit: 7 });
    const refused: Record<number, { path: string } & Ask> = {
      403: { ...list, key: ingestOnly.key },
      ...dialect.refused(here),
    };
    for (const [status, { path, ...asked }] of Object.entries(refused)) {
      const response = await here.ask(path, asked);
      expect(response.status, `${status} ${path}`).toBe(Number(status));
      expect(response.headers.get('content-type')).toContain('application/json');
      expect(response.headers.get('x-request-id')).toBeTruthy();
      if (response.status === 405) expect(response.headers.get('allow')).toBeTruthy();
      dialect.error(response.status).parse(await response.json());
    }
  });

  test.for<[string, number]>([
    ['D1_ERROR: no such table: secret_table: SQLITE_ERROR', 500],
    ['D1_ERROR: D1 DB is overloaded. Requests queued for too long.', 503],
  ])('a database that says %s', async ([message, status]) => {
    const here = await world();
    const failing: D1Database = new Proxy(env.DB, {
      get: (_database, name) => () => {
        if (name === 'prepare') return failingStatement(message);
        if (name === 'withSession') return failing;
        if (name === 'getBookmark') return null;
        throw new Error(message);
      },
    });
    const { path, body, method } = dialect.page(here, { limit: 7 });
    const request = new Request(`${ORIGIN}${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { authorization: `Bearer ${env.ADMIN_KEY}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const response = await createApp().fetch(request, { ...env, DB: failing });
    expect(response.status).toBe(status);
    const text = await response.text();
    dialect.error(status).parse(JSON.parse(text));
    expect(text).not.toMatch(/secret_table|SQLITE|D1/);
  });

  test('HEAD answers where GET does', async () => {
    const here = await world();
    await furnish(dialect, here);
    const { path, body } = dialect.page(here, { limit: 7 });
    if (body !== undefined) return;
    const response = await here.ask(path, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('server-timing')).toMatch(/rows_read;desc="\d+"/);
  });
});

function failingStatement(message: string): unknown {
  const fail = (): Promise<never> => Promise.reject(new Error(message));
  const statement = { bind: () => statement, run: fail, all: fail, raw: fail, first: fail };
  return statement;
}
