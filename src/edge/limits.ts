/** Limits of requests: what may be set for a surface, and the port to whoever counts. */

/** The length of every window, in seconds: the documents of all surfaces count by the minute. */
export const WINDOW_SECONDS = 60;

/** How many requests a credential may make; null is as many as it likes. */
export type Limits = { readonly perMinute: number | null; readonly concurrent: number | null };

/** Limits under the name by which the settings know them. */
export type Policy = Limits & { readonly name: string };

/** Which of the limits was reached. */
export type Quota = 'minute' | 'concurrent';

/** One request that asks to be let in. */
export type Entry = Limits & {
  /** Names the request among those of its credential, so that it can leave again. */
  readonly lease: string;
  /** Whether the count outlives the memory of whoever counts, at a row written for each request. */
  readonly isKept: boolean;
};

/** Whether a request was let in, and what is left. A refused one is not counted. */
export type Verdict = {
  readonly refusedBy: Quota | null;
  /** What is left of the window; null where minutes are not counted. */
  readonly remaining: number | null;
  /** Milliseconds until the window ends. */
  readonly resetMilliseconds: number;
};

/** Counts the requests of one credential, or of one address. */
export interface Limiter {
  enter(entry: Entry): Promise<Verdict>;
  leave(lease: string): Promise<void>;
}

/** A request on its way through its limit. */
export type Admission = {
  readonly policy: Policy;
  /** Null when the limiter failed: then readers are let in. Never rejects. */
  readonly verdict: Promise<Verdict | null>;
  /** Tells the limiter that the request is over. */
  readonly leave: () => Promise<void>;
  /** Whether nothing was done before the verdict, so that a refusal has been told already. */
  readonly isAwaited: boolean;
};
