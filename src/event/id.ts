/** Ids that gatelog mints: time-ordered, so that ids of one source sort as their events do. */
import type { Kind } from './event.ts';

/** The longest id that a caller may bring, in characters (contracts/events.md). */
export const ID_CHARACTERS_MAX = 128;

const PREFIXES: Record<Kind, string> = { tool_call: 'log_', request: 'req_', server_log: 'log_' };
const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_DIGITS = 10;
const RANDOM_DIGITS = 16;

/**
 * Mints an id: the kind's prefix, ten base-32 digits of time and sixteen random ones (a ULID in lower case).
 * @param now epoch milliseconds
 */
export function mintId(kind: Kind, now: number): string {
  let digits = '';
  let rest = now;
  for (let place = 0; place < TIME_DIGITS; place++) {
    digits = CROCKFORD.charAt(rest % 32) + digits;
    rest = Math.floor(rest / 32);
  }
  for (const byte of crypto.getRandomValues(new Uint8Array(RANDOM_DIGITS)))
    digits += CROCKFORD.charAt(byte % 32);
  return PREFIXES[kind] + digits;
}
