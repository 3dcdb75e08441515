/** A problem: the one way in which anything goes wrong for a caller. Each surface renders it in its own envelope. */
import { InvalidCursor } from '../query/cursor.ts';
import { StoreFailure } from '../query/event-reader.ts';
import type { Quota } from './limits.ts';

/** The closed set of what can go wrong, each with its HTTP status. */
export const PROBLEM_STATUS = {
  invalid_request: 400,
  invalid_cursor: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  payload_too_large: 413,
  unsupported_encoding: 415,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
  not_configured: 503,
} as const;

/** What went wrong. */
export type ProblemCode = keyof typeof PROBLEM_STATUS;

/** Why a credential was refused; `conflicting` means two different ones at once. */
export type RefusalReason = 'missing' | 'invalid' | 'expired' | 'conflicting';

/** Which limit was reached, with `rate_limited`. */
export type RefusedQuota = {
  readonly by: Quota;
  /** Whether it is the limit of an address, whose attempts carried no valid credential. */
  readonly isOfAddress: boolean;
  readonly limit: number;
  readonly retryAfterSeconds: number;
};

/** What may be said beside the code; every text is fit for the caller's eyes. */
export type ProblemExtras = {
  /** Every single fault, where there are several. */
  readonly errors?: readonly string[];
  /** The parameter or field at fault. */
  readonly parameter?: string;
  readonly reason?: RefusalReason;
  /** The refused secret with all but its first letters hidden. */
  readonly masked?: string;
  readonly quota?: RefusedQuota;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Thrown by handlers and middleware. Its message is shown to callers; nothing else of an error ever is. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly extras: ProblemExtras;

  constructor(code: ProblemCode, message: string, extras: ProblemExtras = {}) {
    super(message);
    this.code = code;
    this.extras = extras;
  }

  /** The HTTP status. */
  get status(): (typeof PROBLEM_STATUS)[ProblemCode] {
    return PROBLEM_STATUS[this.code];
  }
}

/** Any thrown value as a problem; what is not meant for callers becomes `internal` or `unavailable`. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof InvalidCursor)
    return new Problem('invalid_cursor', 'invalid cursor', { parameter: 'cursor' });
  if (error instanceof StoreFailure && error.reason === 'busy')
    return new Problem('unavailable', 'the database is busy; try again soon', {
      headers: { 'retry-after': '2' },
    });
  return new Problem('internal', 'internal error');
}
