/** What memory allows to be in the store: every state to which the calls of a schedule can have led. */
import { merge, type Arrival } from '../../src/event/merge.ts';
import type { World } from '../world.ts';

/** What one call does, as far as it is known by identity: arrivals to merge, or identities to remove. */
export type Act = {
  readonly arrivals: ReadonlyMap<string, Arrival>;
  readonly removed: ReadonlySet<string>;
};

/** Acts that went on together. The certain ones took place, once or more often; the open ones perhaps, and at any time. */
export type Together = { readonly certain: readonly Act[]; readonly open: readonly Act[] };

/** How often one marked event was posted, as a range: at least so often for sure, at most so often. */
export type Expected = { readonly least: number; readonly most: number };

/** What is known of one schedule. */
export type Memory = {
  /** Takes note of acts that went on together, in any order, after all that was noted before. */
  readonly note: (together: Together) => void;
  /** The states that an identity may be in; null is its absence. */
  readonly statesOf: (identity: string) => readonly (Arrival | null)[];
  readonly identities: () => readonly string[];
};

/** What a schedule left behind. */
export type Ran = {
  readonly here: World;
  readonly memory: Memory;
  readonly expected: ReadonlyMap<string, Expected>;
  readonly acked: number;
};

/** States of one identity, by their JSON text. */
type States = ReadonlyMap<string, Arrival | null>;

const ABSENT: States = new Map([['null', null]]);

/** Opens an empty memory. */
export function openMemory(): Memory {
  const known = new Map<string, States>();
  const note = ({ certain, open }: Together): void => {
    const touched = new Set([...certain, ...open].flatMap((act) => [...act.arrivals.keys(), ...act.removed]));
    for (const identity of touched) {
      const isOf = (act: Act): boolean => act.arrivals.has(identity) || act.removed.has(identity);
      const before = known.get(identity) ?? ABSENT;
      known.set(identity, reached(before, identity, certain.filter(isOf), open.filter(isOf)));
    }
  };
  return {
    note,
    statesOf: (identity) => [...(known.get(identity) ?? ABSENT).values()],
    identities: () => [...known.keys()],
  };
}

/**
 * All states that are reached by any order of the acts in which each certain one takes place. Any act may take place
 * more than once, since the Worker repeats a call whose object was lost, and that changes nothing but who was first.
 */
function reached(before: States, identity: string, certain: readonly Act[], open: readonly Act[]): States {
  const acts = [...certain, ...open];
  const whole = 2 ** certain.length - 1;
  const seen = new Map<string, { state: Arrival | null; done: number }>();
  const queue = [...before.values()].map((state) => ({ state, done: 0 }));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { state, done } = next;
    const key = `${done} ${JSON.stringify(state)}`;
    if (seen.has(key)) continue;
    seen.set(key, next);
    acts.forEach((act, place) =>
      queue.push({
        state: after(act, identity, state),
        done: place < certain.length ? done | (1 << place) : done,
      }),
    );
  }
  return new Map(
    [...seen.values()]
      .filter(({ done }) => done === whole)
      .map(({ state }) => [JSON.stringify(state), state]),
  );
}

function after(act: Act, identity: string, state: Arrival | null): Arrival | null {
  const arrival = act.arrivals.get(identity);
  if (arrival === undefined) return null;
  return state === null ? arrival : merge(state, arrival);
}
