/** How answers tell what is left of a limit: the IETF's fields, beside those that each surface's clients know. */
import { WINDOW_SECONDS, type Quota } from './limits.ts';

/** Where a caller stands in the window of a minute. */
export type Standing = {
  readonly limit: number;
  readonly remaining: number;
  /** Seconds until the window ends, rounded up, so that whoever waits them is let in. */
  readonly resetSeconds: number;
  /** The same as an epoch second. */
  readonly resetAt: number;
};

/** The standing in a window that ends in so many milliseconds. */
export function standingOf(limit: number, remaining: number, resetMilliseconds: number): Standing {
  return {
    limit,
    remaining,
    resetSeconds: Math.ceil(resetMilliseconds / 1000),
    resetAt: Math.ceil((Date.now() + resetMilliseconds) / 1000),
  };
}

/** `RateLimit-Policy` for minutes (draft-ietf-httpapi-ratelimit-headers-10, 3). */
export function policyHeaders(limit: number): Record<string, string> {
  return { 'ratelimit-policy': `"default";q=${limit};w=${WINDOW_SECONDS}` };
}

/** Both fields of the draft for minutes. */
export function standingHeaders({ limit, remaining, resetSeconds }: Standing): Record<string, string> {
  return { ...policyHeaders(limit), ratelimit: `"default";r=${remaining};t=${resetSeconds}` };
}

/** Both fields for requests at a time: the draft has its own unit for them, and no window. */
export function concurrentHeaders(limit: number, retrySeconds: number): Record<string, string> {
  return {
    'ratelimit-policy': `"concurrent";q=${limit};qu="concurrent-requests"`,
    ratelimit: `"concurrent";r=0;t=${retrySeconds}`,
  };
}

/** The names under which the two policies are told. */
export const POLICY_NAMES: Readonly<Record<Quota, string>> = { minute: 'default', concurrent: 'concurrent' };
