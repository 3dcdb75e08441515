/** The law of merging: grouping never matters, and neither does when the `processing` arrivals come. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Outcome, ToolCall } from '../../src/event/event.ts';
import { merge, settledFields, STATUS_RANK, type Arrival } from '../../src/event/merge.ts';
import { STATUS_OF_OUTCOME } from '../../src/event/outcome.ts';
import { anyInterleaving, anyArrivalsOfOne } from '../arrivals.ts';

const fold = (arrivals: readonly Arrival<'tool_call'>[]): Arrival<'tool_call'> =>
  arrivals.reduce((earlier, later) => merge(earlier, later));

test('any grouping ends the same', () => {
  fc.assert(
    fc.property(anyArrivalsOfOne(), fc.infiniteStream(fc.boolean()), (arrivals, cuts) => {
      const groups: Arrival<'tool_call'>[][] = [[]];
      for (const arrival of arrivals) {
        if (groups.at(-1)?.length !== 0 && cuts.next().value === true) groups.push([]);
        groups.at(-1)?.push(arrival);
      }
      expect(fold(groups.map(fold))).toEqual(fold(arrivals));
    }),
    { numRuns: 500 },
  );
});

test('processing arrivals may come at any time', () => {
  fc.assert(
    fc.property(anyArrivalsOfOne(), anyInterleaving(), (arrivals, interleave) => {
      expect(fold(interleave(arrivals)).event).toEqual(fold(arrivals).event);
    }),
    { numRuns: 500 },
  );
});

test('an identical arrival changes nothing', () => {
  fc.assert(
    fc.property(anyArrivalsOfOne(), (arrivals) => {
      const merged = fold(arrivals);
      expect(merge(merged, merged)).toEqual(merged);
    }),
  );
});

test('a final status is never replaced by processing, a stated one never by an implied one', () => {
  const call = { kind: 'tool_call', status: 'error', tool_name: 'a' } as unknown as ToolCall;
  const arrival = (status: ToolCall['status'], statusRank: number): Arrival<'tool_call'> => ({
    event: { ...call, status },
    owner: '',
    statusRank,
    settled: statusRank === 0 ? 0 : settledFields(call),
  });
  const stated = arrival('error', STATUS_RANK.stated);
  expect(merge(stated, arrival('processing', STATUS_RANK.processing)).event.status).toBe('error');
  expect(merge(arrival('processing', STATUS_RANK.processing), stated).event.status).toBe('error');
  expect(merge(stated, arrival('success', STATUS_RANK.implied)).event.status).toBe('error');
  expect(merge(stated, arrival('success', STATUS_RANK.stated)).event.status).toBe('success');
});

test('the outcome comes with the status that wins', () => {
  const arrival = (outcome: Outcome | null, statusRank: number): Arrival<'tool_call'> => {
    const status = outcome === null ? 'processing' : STATUS_OF_OUTCOME[outcome];
    const event = { kind: 'tool_call', status, outcome, tool_name: 'a' } as unknown as ToolCall;
    return { event, owner: '', statusRank, settled: statusRank === 0 ? 0 : settledFields(event) };
  };
  const late = arrival('timeout', STATUS_RANK.stated);
  const outcomeOf = (one: Arrival<'tool_call'>, other: Arrival<'tool_call'>) =>
    merge(one, other).event.outcome;
  expect(outcomeOf(late, arrival(null, STATUS_RANK.processing))).toBe('timeout');
  expect(outcomeOf(arrival(null, STATUS_RANK.processing), late)).toBe('timeout');
  expect(outcomeOf(late, arrival('ok', STATUS_RANK.implied))).toBe('timeout');
  expect(outcomeOf(late, arrival('cancelled', STATUS_RANK.stated))).toBe('cancelled');
  expect(outcomeOf(late, arrival('tool_error', STATUS_RANK.proven))).toBe('tool_error');
});
