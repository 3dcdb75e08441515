/** The key cache: a proven key costs no read for 30 s, and a revoked or expired one is out at once or soon after. */
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { cachedKeys, KEY_CACHED_MILLISECONDS, KEYS_CACHED_MAX } from '../../src/edge/key-cache.ts';
import type { Key, KeyStore } from '../../src/query/key-store.ts';
import { world, type World } from '../world.ts';

const LIST = '/api/mcp-logs/none';

afterEach(() => {
  vi.useRealTimers();
});

function keyOf(id: string, fields: Partial<Key> = {}): Key {
  return {
    id,
    name: id,
    scopes: ['read'],
    bounds: {},
    virtualKeyName: null,
    isMetadataOnly: false,
    createdAt: 0,
    expiresAt: null,
    revokedAt: null,
    ...fields,
  };
}

/** Keys in memory under their own ids as hashes, and how often they were looked up. */
function memory(keys: readonly Key[]): { store: KeyStore; reads: () => number } {
  let reads = 0;
  const rows = new Map(keys.map((key) => [key.id, key]));
  const store: Partial<KeyStore> = {
    findByHash(hash) {
      reads += 1;
      return Promise.resolve(rows.get(hash) ?? null);
    },
    revoke(id, now) {
      const key = rows.get(id);
      if (key !== undefined) rows.set(id, { ...key, revokedAt: now });
      return Promise.resolve(key !== undefined);
    },
  };
  return { store: store as KeyStore, reads: () => reads };
}

describe('in memory', () => {
  test('a key is read once in 30 s, however often it is used', async () => {
    vi.useFakeTimers();
    const { store, reads } = memory([keyOf('a')]);
    const keys = cachedKeys(store, new Map());
    for (let second = 0; second < 30; second++) {
      expect((await keys.findByHash('a'))?.id).toBe('a');
      vi.advanceTimersByTime(999);
    }
    expect(reads()).toBe(1);
    vi.advanceTimersByTime(30);
    await keys.findByHash('a');
    expect(reads()).toBe(2);
    expect(KEY_CACHED_MILLISECONDS).toBeLessThanOrEqual(30_000);
  });

  test('revoking it takes effect at once here, and in 30 s where another isolate did it', async () => {
    vi.useFakeTimers();
    const { store } = memory([keyOf('a'), keyOf('b')]);
    const here = cachedKeys(store, new Map());
    const there = cachedKeys(store, new Map());
    for (const keys of [here, there]) for (const id of ['a', 'b']) await keys.findByHash(id);
    vi.advanceTimersByTime(KEY_CACHED_MILLISECONDS - 1);
    await here.revoke('a', 1, 'admin');
    expect((await here.findByHash('a'))?.revokedAt).toBe(1);
    expect((await there.findByHash('a'))?.revokedAt).toBeNull();
    vi.advanceTimersByTime(1);
    expect((await there.findByHash('a'))?.revokedAt).toBe(1);
    expect((await here.findByHash('b'))?.revokedAt).toBeNull();
  });

  test('a read that is slow does not make a key live longer', async () => {
    vi.useFakeTimers();
    const { store, reads } = memory([keyOf('a')]);
    const slow: KeyStore = {
      ...store,
      findByHash: async (hash) => {
        const key = await store.findByHash(hash);
        vi.advanceTimersByTime(20_000);
        return key;
      },
    };
    const keys = cachedKeys(slow, new Map());
    await keys.findByHash('a');
    vi.advanceTimersByTime(10_000);
    await keys.findByHash('a');
    expect(reads()).toBe(2);
  });

  test('what is no key is looked up each time and never held', async () => {
    const { store, reads } = memory([keyOf('revoked', { revokedAt: 1 })]);
    const cache = new Map();
    const keys = cachedKeys(store, cache);
    for (const hash of ['unknown', 'unknown', 'revoked', 'revoked']) await keys.findByHash(hash);
    expect([reads(), cache.size]).toEqual([4, 0]);
  });

  test('holds so many keys and no more; the longest known goes first', async () => {
    const ids = Array.from({ length: KEYS_CACHED_MAX + 1 }, (_, place) => `k${place}`);
    const { store, reads } = memory(ids.map((id) => keyOf(id)));
    const cache = new Map();
    const keys = cachedKeys(store, cache);
    for (const id of ids) await keys.findByHash(id);
    expect(cache.size).toBe(KEYS_CACHED_MAX);
    await keys.findByHash(ids.at(-1) ?? '');
    expect(reads()).toBe(ids.length);
    await keys.findByHash('k0');
    expect(reads()).toBe(ids.length + 1);
  });
});

describe('in the Worker', () => {
  async function ask(here: World, key: string): Promise<{ status: number; rowsRead: number }> {
    const answer = await here.ask(LIST, { key });
    const [, rows = '0'] = /rows_read;desc="(\d+)"/.exec(answer.headers.get('server-timing') ?? '') ?? [];
    return { status: answer.status, rowsRead: Number(rows) };
  }

  test('a bounded key is told its rows in hundreds, so that nobody counts what others have', async () => {
    const here = await world();
    const { rowsRead } = await ask(here, here.key);
    expect(rowsRead).toBeGreaterThan(0);
    expect(rowsRead % 100).toBe(0);
  });

  test('a request with a key that was just proven reads a row less', async () => {
    const here = await world();
    // Without bounds, since those of others are told their rows in hundreds.
    const { key } = await here.mint({ scopes: ['read'] });
    const first = await ask(here, key);
    const second = await ask(here, key);
    console.info(
      `rows read with the key looked up ${first.rowsRead}, with the key in memory ${second.rowsRead}`,
    );
    expect(first.rowsRead - second.rowsRead).toBe(1);
    expect(first.status).toBe(404);
  });

  test('a secret that is no key costs no row', async () => {
    const here = await world();
    expect(await ask(here, `gl_${'x'.repeat(43)}`)).toEqual({ status: 401, rowsRead: 0 });
  });

  test('a key that another isolate revoked is out within 60 s', async () => {
    const here = await world();
    const { id, key } = await here.mint({ scopes: ['read'], project_id: here.project });
    expect((await ask(here, key)).status).toBe(404);
    await env.DB.prepare('UPDATE keys SET revoked_at = 1 WHERE id = ?').bind(id).run();
    vi.setSystemTime(Date.now() + KEY_CACHED_MILLISECONDS);
    expect((await ask(here, key)).status).toBe(401);
  });

  test('a key that was revoked here is out at once, whatever its session or its cache says', async () => {
    const here = await world();
    const { id, key } = await here.mint({ scopes: ['read'], project_id: here.project });
    const session = await here.ask('/v1/session', { key: null, body: { key } });
    const cookie = session.headers.get('set-cookie')?.split(';')[0] ?? '';
    const composio = { key: null, headers: { cookie }, body: {} };
    expect((await here.ask('/api/v3.1/logs/tool_execution', composio)).status).toBe(200);
    expect((await ask(here, key)).status).toBe(404);
    await here.ask(`/v1/keys/${id}`, { method: 'DELETE', key: here.adminKey });
    expect((await ask(here, key)).status).toBe(401);
    expect((await here.ask('/api/v3.1/logs/tool_execution', composio)).status).toBe(401);
  });

  test('a key in memory expires on its second', async () => {
    const here = await world();
    const expires = Date.now() + 10_000;
    const { key } = await here.mint({ scopes: ['read'], project_id: here.project, expires_at: expires });
    expect((await ask(here, key)).status).toBe(404);
    vi.setSystemTime(expires - 1);
    expect((await ask(here, key)).status).toBe(404);
    vi.setSystemTime(expires);
    expect((await ask(here, key)).status).toBe(401);
  });
});
