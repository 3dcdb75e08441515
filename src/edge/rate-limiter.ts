/** The limiter object: counts the requests of one credential on one surface, or of one address, for all Workers alike. */
import { DurableObject } from 'cloudflare:workers';
import { WINDOW_SECONDS, type Entry, type Limiter, type Quota, type Verdict } from './limits.ts';

/** Where the window is kept. */
const WINDOW = 'window';

/**
 * After how long a request that never said goodbye no longer counts as running, in milliseconds: D1 ends a query after
 * 30 seconds, so a reader that is still inside after twice that has been lost.
 */
const LEASE_MILLISECONDS = 60_000;

/**
 * Rows written for a window, at most: a row written costs as much as a thousand read. Up to so many requests a minute
 * each is written down; with more, an eviction costs a credential up to a hundredth of them.
 */
const WRITES_MAX = 100;

/** A fixed window, as the documents of the surfaces describe theirs; it opens with the first request after the last. */
type Window = { readonly endsAt: number; readonly used: number };

/**
 * One for each credential and surface. Exact: the object is the only one of its name and takes one call at a time.
 * The window is kept in storage, since an idle object loses its memory after ten seconds. The write is not waited for,
 * so a crash forgets what was counted while one was under way. Who is inside lives in memory alone: what an eviction
 * forgets has been running for ten seconds without another request.
 */
export class RateLimiter extends DurableObject<object> implements Limiter {
  readonly #leases = new Map<string, number>();
  #window: Window;
  #kept: Window;
  #isKeeping = false;

  constructor(state: DurableObjectState, env: object) {
    super(state, env);
    this.#window = state.storage.kv.get<Window>(WINDOW) ?? { endsAt: 0, used: 0 };
    this.#kept = this.#window;
  }

  /** Lets a request in and counts it, or tells which limit it would pass. */
  async enter({ perMinute, concurrent, lease, isKept }: Entry): Promise<Verdict> {
    const now = Date.now();
    const length = WINDOW_SECONDS * 1000;
    const { endsAt } = this.#window;
    // The second half: a clock that was set back must not stretch the window.
    if (endsAt <= now || endsAt > now + length) this.#window = { endsAt: now + length, used: 0 };
    const refusedBy = this.#refusedBy(now, perMinute, concurrent);
    if (refusedBy === null) {
      this.#window = { ...this.#window, used: this.#window.used + 1 };
      if (concurrent !== null) this.#leases.set(lease, now + LEASE_MILLISECONDS);
      if (isKept && perMinute !== null) this.ctx.waitUntil(this.#keep(perMinute));
    }
    const { used } = this.#window;
    return {
      refusedBy,
      remaining: perMinute === null ? null : Math.max(0, perMinute - used),
      resetMilliseconds: this.#window.endsAt - now,
    };
  }

  /** Frees the place of a request that is over; unknown ones are no fault. */
  async leave(lease: string): Promise<void> {
    this.#leases.delete(lease);
  }

  #refusedBy(now: number, perMinute: number | null, concurrent: number | null): Quota | null {
    if (perMinute !== null && this.#window.used >= perMinute) return 'minute';
    if (concurrent === null || this.#leases.size < concurrent) return null;
    for (const [lease, endsAt] of this.#leases) if (endsAt <= now) this.#leases.delete(lease);
    return this.#leases.size < concurrent ? null : 'concurrent';
  }

  /** Writes the count down ahead of itself, one write at a time, so that an eviction never lets anybody in anew. */
  async #keep(perMinute: number): Promise<void> {
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    const ahead = Math.ceil(perMinute / WRITES_MAX) - 1;
    try {
      while (this.#kept.endsAt !== this.#window.endsAt || this.#kept.used < this.#window.used) {
        const window = { ...this.#window, used: this.#window.used + ahead };
        await this.ctx.storage.put(WINDOW, window, { allowUnconfirmed: true });
        await this.ctx.storage.sync();
        this.#kept = window;
      }
    } finally {
      this.#isKeeping = false;
    }
  }
}
