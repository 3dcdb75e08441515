/** Fault schedules as plain data, so that they can be drawn, printed and shrunk: what is posted, and what befalls it. */
import * as fc from 'fast-check';
import { LEVELS, TOOL_CALL_STATUSES } from '../../src/event/event.ts';
import { READ_FAULTS, TRANSACTION_FAULTS, type ReadFault, type TransactionFault } from './faulty-d1.ts';

/** The way in that a call takes. */
const ROUTES = ['events', 'lines', 'spans', 'pino'] as const;

/**
 * What a client does once it has posted: wait for the answer, never listen to it, hang up while it is under way, or
 * break off in the middle of the body.
 */
const MANNERS = ['waits', 'drops', 'hangs up', 'breaks off'] as const;

/** How one posted event is named: by an id that others share, by one of its own, or not at all. */
type Named = 'shared' | 'own' | 'not';

/** One event to be posted; its fields are those of `POST /v1/events` but for its id. */
export type DrawnEvent = {
  readonly named: Named;
  readonly place: number;
  readonly fields: Record<string, unknown>;
};

/** One call. */
export type DrawnCall = {
  readonly route: (typeof ROUTES)[number];
  readonly events: readonly DrawnEvent[];
  /** Whether it carries an `Idempotency-Key`; it has no shared ids then. */
  readonly isKeyed: boolean;
  readonly isWaiting: boolean;
  readonly manner: (typeof MANNERS)[number];
  /** For how long a client listens that hangs up or breaks off, in milliseconds: a call takes a few. */
  readonly listens: number;
};

/** What befalls the object, at once or while calls are under way. */
const BLOWS = ['none', 'evict', 'abort', 'alarm', 'heal'] as const;

/** What befalls the object. */
export type Blow = (typeof BLOWS)[number];

/** What is asked of the Worker at once; `again` counts earlier calls from the newest on, `reversed` turns their events around. */
export type Request =
  | { readonly do: 'post'; readonly call: DrawnCall }
  | { readonly do: 'repeat'; readonly again: number; readonly reversed: boolean }
  | { readonly do: 'delete'; readonly places: readonly number[] };

/** One step of a schedule. */
export type Step =
  | {
      readonly do: 'ask';
      readonly requests: readonly Request[];
      readonly blow: Blow;
      readonly blowAfter: number;
    }
  | { readonly do: 'fail'; readonly faults: readonly TransactionFault[] }
  | { readonly do: 'strike'; readonly blow: Blow }
  | { readonly do: 'read'; readonly list: number; readonly faults: readonly ReadFault[] }
  | { readonly do: 'pause'; readonly milliseconds: number };

/** The ids of each kind that calls share: few, so that they meet. */
const SHARED_IDS = 5;

/** Events of one call. */
const EVENTS_MAX = 20;

/** Calls that are under way at once. */
const REQUESTS_MAX = 2;

/** Steps of one schedule. */
const STEPS_MAX = 16;

/** Times on both sides of a minute, an hour and a day, so that an event that moves would change other counters. */
const START = Date.parse('2026-03-01T00:00:00Z');
const TIMES = [0, 1, 59_999, 60_000, 3_599_999, 3_600_000, 86_399_999, 86_400_000].map(
  (time) => START + time,
);

/** Sums of quarters are exact in any order. */
const quarters = fc.nat(4000).map((count) => count / 4);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 2 });
const word = fc.constantFrom('alpha', 'beta', 'gamma');
const common = { timestamp: fc.constantFrom(...TIMES), virtual_key_id: maybe(word), trace_id: maybe(word) };

const fields: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      ...common,
      type: fc.constant('tool_call'),
      tool_name: word,
      status: maybe(fc.constantFrom(...TOOL_CALL_STATUSES)),
      server_label: maybe(word),
      latency_ms: maybe(quarters),
      cost: maybe(quarters),
      arguments: maybe(fc.record({ q: word })),
      result: maybe(fc.oneof(word, fc.record({ isError: fc.boolean() }))),
      error: maybe(word),
    }),
  },
  fc.record({
    ...common,
    type: fc.constant('request'),
    model: word,
    provider: word,
    status: fc.constantFrom(200, 201, 404, 500),
    latency_ms: maybe(quarters),
    cost: maybe(quarters),
    input_tokens: maybe(fc.nat(100)),
    error: maybe(word),
  }),
  fc.record({
    ...common,
    type: fc.constant('server_log'),
    server_id: fc.constant('echo'),
    message: word,
    level: maybe(fc.constantFrom(...LEVELS)),
    pod_name: maybe(word),
  }),
);

const event: fc.Arbitrary<DrawnEvent> = fc.record({
  named: fc.constantFrom<Named>('shared', 'shared', 'shared', 'own', 'not'),
  place: fc.nat(SHARED_IDS - 1),
  fields,
});

const call: fc.Arbitrary<DrawnCall> = fc.record({
  route: fc.constantFrom<DrawnCall['route']>('events', 'events', 'events', ...ROUTES),
  events: fc.array(event, { minLength: 1, maxLength: EVENTS_MAX, size: 'max' }),
  isKeyed: fc.constantFrom(false, false, true),
  isWaiting: fc.constantFrom(false, false, true),
  manner: fc.constantFrom<DrawnCall['manner']>('waits', 'waits', 'waits', ...MANNERS),
  listens: fc.nat(3),
});

const post: fc.Arbitrary<Request> = fc.record({ do: fc.constant('post'), call });
const repeat: fc.Arbitrary<Request> = fc.record({
  do: fc.constant('repeat'),
  again: fc.nat(3),
  reversed: fc.boolean(),
});
const deletion: fc.Arbitrary<Request> = fc.record({
  do: fc.constant('delete'),
  places: fc.uniqueArray(fc.nat(SHARED_IDS - 1), { minLength: 1 }),
});
const blow = fc.constantFrom(...BLOWS);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      requests: fc.array(
        fc.oneof(
          { weight: 4, arbitrary: post },
          { weight: 2, arbitrary: repeat },
          { weight: 1, arbitrary: deletion },
        ),
        { minLength: 1, maxLength: REQUESTS_MAX },
      ),
      blow: fc.constantFrom<Blow>('none', 'none', ...BLOWS),
      blowAfter: fc.nat(12),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      faults: fc.array(fc.constantFrom(...TRANSACTION_FAULTS), { minLength: 1, maxLength: 5, size: 'max' }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('strike' as const), blow }) },
  fc.record({
    do: fc.constant('read' as const),
    list: fc.nat(3),
    faults: fc.array(fc.constantFrom(...READ_FAULTS), { maxLength: 4 }),
  }),
  fc.record({ do: fc.constant('pause' as const), milliseconds: fc.constantFrom(1, 20, 300) }),
);

/** Any schedule; short ones are no more likely than long ones. */
export const anySchedule: fc.Arbitrary<readonly Step[]> = fc.noBias(
  fc.array(step, { minLength: 1, maxLength: STEPS_MAX, size: 'max' }),
);
