/** Arrivals of one and the same tool call, and the orders in which they may come. */
import * as fc from 'fast-check';
import { OUTCOMES, type ToolCall } from '../src/event/event.ts';
import { settledFields, STATUS_RANK, type Arrival } from '../src/event/merge.ts';
import { anyEvent, outcomeAt } from './arbitraries.ts';

const rank = fc.constantFrom(...Object.values(STATUS_RANK));

/** One to six arrivals of one tool call, in some order; they agree on id and time. */
export function anyArrivalsOfOne(project = 'p'): fc.Arbitrary<readonly Arrival<'tool_call'>[]> {
  const arrival = fc.tuple(anyEvent('tool_call', project), rank, fc.nat(OUTCOMES.length));
  return fc.tuple(fc.uuid(), fc.array(arrival, { minLength: 1, maxLength: 6 })).map(([id, arrivals]) =>
    arrivals.map(([event, statusRank, place]) => {
      const [first] = arrivals;
      const status = statusOf(statusRank, event);
      const same = { id, timestamp: first?.[0].timestamp ?? 0, created_at: first?.[0].created_at ?? 0 };
      const one = { ...event, ...same, status, outcome: outcomeAt(status, place) };
      return { event: one, owner: '', statusRank, settled: statusRank === 0 ? 0 : settledFields(one) };
    }),
  );
}

function statusOf(statusRank: number, event: ToolCall): ToolCall['status'] {
  if (statusRank === STATUS_RANK.processing) return 'processing';
  if (statusRank === STATUS_RANK.implied) return 'success';
  if (statusRank === STATUS_RANK.proven) return 'error';
  return event.status === 'processing' ? 'success' : event.status;
}

/** A way to shuffle the `processing` arrivals among the others, each sort keeping its own order. */
export function anyInterleaving(): fc.Arbitrary<
  (arrivals: readonly Arrival<'tool_call'>[]) => readonly Arrival<'tool_call'>[]
> {
  return fc.infiniteStream(fc.boolean()).map((choices) => (arrivals) => {
    const processing = arrivals.filter((arrival) => arrival.statusRank === 0);
    const settled = arrivals.filter((arrival) => arrival.statusRank !== 0);
    const order: Arrival<'tool_call'>[] = [];
    while (processing.length + settled.length > 0) {
      const takeFirst = settled.length === 0 || (processing.length > 0 && choices.next().value === true);
      const next = takeFirst ? processing.shift() : settled.shift();
      if (next !== undefined) order.push(next);
    }
    return order;
  });
}
