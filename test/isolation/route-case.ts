/** What the probe must know of a route: how it is asked, whom it lets in, what it counts, and how it could be misused. */
import type { Body } from '../world.ts';
import type { Call, Place } from './identities.ts';

/** What the probe must know of a route. */
export type RouteCase = {
  /** What a credential needs; `open` needs none. */
  readonly scope: 'open' | 'read' | 'ingest' | 'metrics' | 'admin';
  /** Whether a session's cookie opens it. */
  readonly takesCookie?: boolean;
  /** Whether it tells of all projects, so that a credential with bounds is refused. */
  readonly isUnboundedOnly?: boolean;
  /** Questions that change nothing; their answers to a stranger do not depend on what the place holds. */
  readonly reads?: (of: Place) => readonly Call[];
  /** A list by pages of one, from its first page on or from a cursor, and where an answer has the next one. */
  readonly pages?: {
    readonly ask: (of: Place, cursor: string | null) => Call;
    readonly next: (body: Body) => string;
  };
  /** A question for everything that one may see, and the numbers in its answer, each of which counts a kind. */
  readonly counts?: { readonly ask: Call; readonly numbers: (body: Body) => readonly number[] };
  /** Attempts to change what the place holds, or to take it away, or to put something into it. */
  readonly writes?: (of: Place) => readonly Call[];
  /** A call for something of the place whose id the service gave it, where those are told, and one of no such thing. */
  readonly guesses?: {
    readonly ask: (id: string) => Call;
    readonly list: Call;
    readonly ids: (body: Body, of: Place) => readonly string[];
    readonly unknown: string;
  };
  /** Why there is nothing to probe. */
  readonly holdsNothing?: string;
};
