/** The doors of producers against `POST /v1/events`: the same events through both, in turns, until they can be read. */
import { producers } from '../../src/producers/index.ts';
import { deliveryOf } from '../producers/golden.ts';
import { FORMATS, type Format } from './formats.ts';
import type { Gatelog } from './gatelog.ts';
import { median } from './measure.ts';

/** Events that each way posts in one round: as many as let the flush run at its full size. */
const EVENTS = 2000;

/** What posts one event a call posts fewer of them: each is a whole request. */
const SINGLE_EVENTS = 200;

/** Rounds of both ways; the median counts. The first warms both up. */
const ROUNDS = 3;

const CLIENTS = 4;

/** What one format gave: events a second through its door, and the share of what the same events reach by themselves. */
export type DoorResult = {
  readonly name: string;
  readonly eventsPerCall: number;
  readonly bytesPerEvent: number;
  readonly acknowledged: number;
  readonly readable: number;
  /** Medians of the ratios to `POST /v1/events`. */
  readonly acknowledgedRatio: number;
  readonly readableRatio: number;
};

type Call = { readonly path: string; readonly body: string | Uint8Array; readonly type: string };
type Rates = { readonly acknowledged: number; readonly readable: number };

/** Measures every format. */
export async function measureDoors(gatelog: Gatelog): Promise<readonly DoorResult[]> {
  const results: DoorResult[] = [];
  let place = 0;
  for (const format of FORMATS) {
    const rounds: { readonly door: Rates; readonly events: Rates; readonly bytes: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const events = format.eventsPerCall === 1 ? SINGLE_EVENTS : EVENTS;
      const calls = callsOf(format, place, events);
      const canonical = callsOf(format, place + events, events).map((call) => canonicalCall(format, call));
      place += 2 * events;
      const bytes = calls.reduce((sum, { body }) => sum + body.length, 0) / events;
      rounds.push({
        door: await post(gatelog, calls, events),
        events: await post(gatelog, canonical, events),
        bytes,
      });
    }
    const counted = rounds.slice(1);
    const middle = (figure: (round: (typeof rounds)[number]) => number): number =>
      median(counted.map(figure));
    results.push({
      name: format.name,
      eventsPerCall: format.eventsPerCall,
      bytesPerEvent: middle(({ bytes }) => bytes),
      acknowledged: middle(({ door }) => door.acknowledged),
      readable: middle(({ door }) => door.readable),
      acknowledgedRatio: middle(({ door, events }) => door.acknowledged / events.acknowledged),
      readableRatio: middle(({ door, events }) => door.readable / events.readable),
    });
  }
  return results;
}

function callsOf(
  { path, type, eventsPerCall, body }: Format,
  place: number,
  events: number,
): readonly Call[] {
  return Array.from({ length: events / eventsPerCall }, (_, call) => ({
    path,
    type,
    body: body(place + call * eventsPerCall),
  }));
}

/** The call that posts to `POST /v1/events` what the producer makes of a delivery. */
function canonicalCall({ producer: name, eventsPerCall }: Format, { path, body, type }: Call): Call {
  const producer = producers.find((each) => each.name === name);
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  const text = new TextDecoder().decode(bytes);
  const parameters = Object.fromEntries(new URLSearchParams(path.split('?')[1]));
  const posted = producer?.read({ ...deliveryOf(text, { 'content-type': type }, parameters), bytes }) ?? [];
  const bodies = posted.flatMap((each) => ('body' in each ? [each.body] : []));
  if (bodies.length !== eventsPerCall)
    throw new Error(`${name}: ${bodies.length} events of ${eventsPerCall}`);
  return { path: '/v1/events', body: JSON.stringify(bodies), type: 'application/json' };
}

async function post(gatelog: Gatelog, calls: readonly Call[], events: number): Promise<Rates> {
  let next = 0;
  const startedAt = performance.now();
  const client = async (): Promise<void> => {
    for (let call = calls[next++]; call !== undefined; call = calls[next++]) {
      const { status, text } = await gatelog.ask(call);
      if (status >= 300) throw new Error(`${call.path}: ${status} ${text.slice(0, 200)}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const acknowledgedAt = performance.now();
  // The log is flushed in the order of acknowledgement, so all is readable when the last is.
  const last = { type: 'tool_call', tool_name: 'last' };
  const { status } = await gatelog.ask({ path: '/v1/events?wait=true', body: last });
  if (status !== 202) throw new Error(`the last event: ${status}`);
  return {
    acknowledged: (events / (acknowledgedAt - startedAt)) * 1000,
    readable: (events / (performance.now() - startedAt)) * 1000,
  };
}
