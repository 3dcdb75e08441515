/** The key cache: spares the database the look-up of a key that was proven a moment ago. One for each isolate. */
import type { Key, KeyStore } from '../query/key-store.ts';

/**
 * How long a key is taken from memory, in milliseconds: half of the 60 s within which a revoked key must stop working
 * everywhere (contracts/events.md, "Keys"), so that slow clocks and slow reads do not use them up.
 */
export const KEY_CACHED_MILLISECONDS = 30_000;

/** The most keys that are held: a megabyte at most, and more than one isolate meets in that time. */
export const KEYS_CACHED_MAX = 1000;

/** Keys by the SHA-256 of their secret, the longest known first. */
export type KeyCache = Map<string, { readonly key: Key; readonly readAt: number }>;

/**
 * Puts a cache before the keys; revoking one through it takes effect here at once.
 *
 * Only live keys are held. A secret that is no key is looked up each time: it costs no row, a key that was just minted
 * must work, and whoever tries secrets out must not be able to push the real ones from memory.
 */
export function cachedKeys(keys: KeyStore, cache: KeyCache): KeyStore {
  return {
    ...keys,
    async findByHash(hash) {
      const held = cache.get(hash);
      // Counted from before the read, or a slow one would make a key live longer.
      const now = Date.now();
      if (held !== undefined && now - held.readAt < KEY_CACHED_MILLISECONDS) return held.key;
      cache.delete(hash);
      const key = await keys.findByHash(hash);
      if (key === null || key.revokedAt !== null) return key;
      cache.set(hash, { key, readAt: now });
      const [oldest] = cache.keys();
      if (cache.size > KEYS_CACHED_MAX && oldest !== undefined) cache.delete(oldest);
      return key;
    },
    async revoke(id, now, actor) {
      const isRevoked = await keys.revoke(id, now, actor);
      for (const [hash, { key }] of cache) if (key.id === id) cache.delete(hash);
      return isRevoked;
    },
  };
}
