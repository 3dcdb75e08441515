/** Counters against a recount: for any events, merges, removals and windows, the sums are those of the events. */
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KINDS, type EventOf, type Kind } from '../../src/event/event.ts';
import { merge, type Arrival } from '../../src/event/merge.ts';
import { withinBounds } from '../../src/query/bounds.ts';
import type { Totals } from '../../src/query/event-reader.ts';
import { DIMENSIONS, type Condition, type Dimension, type Filter } from '../../src/query/filter.ts';
import { matches } from '../../src/query/matches.ts';
import { createMeter } from '../../src/query/meter.ts';
import type { Question } from '../../src/query/query.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openEventReader } from '../../src/store/event-reader.ts';
import { toRow } from '../../src/store/event-rows.ts';
import { openEventWriter } from '../../src/store/event-writer.ts';
import { anyEvent, anyFilter, arrivalOf } from '../arbitraries.ts';
import { isFinished, isSuccess } from '../recount.ts';

const HOUR = 3_600_000;
const BUCKETS = [60_000, 600_000, HOUR, 8 * HOUR, 24 * HOUR, 3 * 24 * HOUR, 30 * 24 * HOUR];
const EVENTS = 80;

const database = openDatabase(env.DB, createMeter());
const reader = openEventReader(database);
const writer = openEventWriter(database);

/** Times over some weeks on both sides of 2020, many of them on the edges of minutes, hours and days. */
const anyTime = fc.oneof(
  fc.nat(40 * 24).map((hours) => Date.parse('2019-12-10T00:00:00Z') + hours * HOUR),
  fc.nat(40 * 24 * 60).map((minutes) => Date.parse('2019-12-10T00:00:00Z') + minutes * 60_000 - 1),
  fc.nat(40 * 24 * HOUR).map((milliseconds) => Date.parse('2019-12-10T00:00:00Z') + milliseconds),
);

function recount(events: readonly EventOf[Kind][]): Totals {
  const finished = events.filter(isFinished);
  const latencies = finished.flatMap((event) => ('latency_ms' in event ? (event.latency_ms ?? []) : []));
  const costs = finished.flatMap((event) => ('cost' in event ? (event.cost ?? []) : []));
  return {
    total: events.length,
    success: events.filter(isSuccess).length,
    error: finished.filter((event) => !isSuccess(event)).length,
    latencyCount: latencies.length,
    latencySum: expect.closeTo(
      latencies.reduce((sum, value) => sum + value, 0),
      1,
    ),
    cost: expect.closeTo(
      costs.reduce((sum, value) => sum + value, 0),
      1,
    ),
  };
}

function recountBy(
  events: readonly EventOf[Kind][],
  keyOf: (event: EventOf[Kind]) => unknown,
): Map<unknown, Totals> {
  const keys = new Set(events.map(keyOf));
  return new Map([...keys].map((key) => [key, recount(events.filter((event) => keyOf(event) === key))]));
}

const valueOf = (event: EventOf[Kind], dimension: string): string | null => {
  const value = (event as unknown as Record<string, string | number | null>)[dimension] ?? null;
  return value === null ? null : String(value);
};

/** Events written in three flushes, some of them twice with changes, some of them removed again. */
async function lived<K extends Kind>(kind: K, project: string, seed: number): Promise<readonly EventOf[K][]> {
  const sample = fc.sample(fc.tuple(anyEvent(kind, project), anyTime, anyEvent(kind, project)), {
    numRuns: EVENTS,
    seed,
  });
  const arrivals = new Map<string, Arrival<K>>();
  const write = (batch: readonly EventOf[K][]): Promise<number> => {
    for (const event of batch) {
      const earlier = arrivals.get(event.id);
      arrivals.set(event.id, earlier === undefined ? arrivalOf(event) : merge(earlier, arrivalOf(event)));
    }
    return writer.write({ [kind]: batch.map((event) => toRow(arrivalOf(event))) });
  };
  // Costs and latencies of some size: the sums of floats are exact only up to their last digits.
  const tame = (event: EventOf[K]): EventOf[K] =>
    'cost' in event
      ? {
          ...event,
          cost: event.cost === null ? null : 0.25,
          latency_ms: event.latency_ms === null ? null : 20,
        }
      : event;
  const first = sample.map(([event, timestamp], place) =>
    tame({ ...event, id: `${project}-${place}`, timestamp }),
  );
  await write(first.slice(0, EVENTS / 2));
  await write(first.slice(EVENTS / 2));
  const changed = sample
    .slice(0, 30)
    .map(([, , event], place) =>
      tame({ ...event, id: `${project}-${place}`, timestamp: first[place]?.timestamp ?? 0 }),
    );
  await write(changed);
  await write(changed);
  const removed = first.slice(20, 40).map((event) => event.id);
  await writer.remove(kind, [...removed, 'unknown'], { project_id: project });
  for (const id of removed) arrivals.delete(id);
  return [...arrivals.values()].map((arrival) => arrival.event);
}

/** Filters that the counters can answer, and ones that they cannot. */
function anyCountedFilter<K extends Kind>(kind: K): fc.Arbitrary<Filter<K>> {
  const values = fc.array(fc.constantFrom('a', 'A', 'ab', 'success', 'error', 'processing', '200', '404'), {
    minLength: 1,
    maxLength: 3,
  });
  const field = fc.constantFrom<Dimension<K>>(...(DIMENSIONS[kind] as readonly Dimension<K>[]));
  const counted = fc
    .tuple(field, values)
    .map(([name, wanted]): Condition<K> => ({ test: 'in', field: name, values: wanted }));
  const aligned = fc.option(anyTime.map((time) => Math.floor(time / HOUR) * HOUR));
  return fc.record({
    time: fc.record({
      from: fc.oneof(aligned, fc.option(anyTime)),
      until: fc.oneof(aligned, fc.option(anyTime)),
    }),
    conditions: fc.oneof(
      fc.array(counted, { maxLength: 2 }),
      anyFilter(kind).map((filter) => filter.conditions),
    ),
  });
}

async function emptied(kind: Kind): Promise<void> {
  const { results } = await env.DB.prepare(`SELECT id FROM ${kind}s`).all<{ id: string }>();
  await writer.remove(
    kind,
    results.map((row) => row.id),
    {},
  );
}

describe.for(KINDS)('%s', (kind) => {
  test('totals, by value, by time and deep pages are a recount', async () => {
    // An unbounded question sees the whole store, so nothing else may be in it.
    await emptied(kind);
    const project = `project-${crypto.randomUUID()}`;
    const events = await lived(kind, project, 7);
    const dimensions = fc.constantFrom<Dimension>(...DIMENSIONS[kind]);
    const bounded = fc.constantFrom({}, { project_id: project }, { project_id: 'another' });
    await fc.assert(
      fc.asyncProperty(
        anyCountedFilter(kind),
        bounded,
        dimensions,
        fc.constantFrom(...BUCKETS),
        async (filter, bounds, dimension, bucket) => {
          const question = { kind, bounds, filter } as Question;
          const selected = events.filter((event) => matches(withinBounds(question.filter, bounds), event));
          expect(await reader.totals(question)).toEqual(recount(selected));
          expect(await reader.count(question)).toBe(selected.length);
          const byValue = await reader.totalsByValue(question, dimension, 1000);
          expect(
            new Map(byValue.map(({ value, earliest: _earliest, ...totals }) => [value, totals])),
          ).toEqual(recountBy(selected, (event) => valueOf(event, dimension)));
          expect(byValue.map(({ total }) => total)).toEqual(
            byValue.map(({ total }) => total).toSorted((a, b) => b - a),
          );
          const byTime = await reader.totalsByTime(question, bucket);
          expect(new Map(byTime.map(({ start, ...totals }) => [start, totals]))).toEqual(
            recountBy(selected, (event) => Math.floor(event.timestamp / bucket) * bucket),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  test('when all is removed, nothing is left in any table', async () => {
    const project = `project-${crypto.randomUUID()}`;
    const events = await lived(kind, project, 8);
    await writer.remove(
      kind,
      events.map((event) => event.id),
      { project_id: project },
    );
    const counted = await env.DB.prepare(
      `SELECT count(*) AS n FROM counters WHERE dimension = 'project_id' AND value = ? AND total <> 0`,
    )
      .bind(project)
      .first<{ n: number }>();
    expect(counted?.n).toBe(0);
    const hex = Array.from(new TextEncoder().encode(project), (byte) =>
      byte.toString(16).padStart(2, '0'),
    ).join('');
    const posted = await env.DB.prepare(
      `SELECT count(*) AS n FROM ${kind}_postings WHERE ${kind}_postings MATCH ?`,
    )
      .bind(`pj${hex}`)
      .first<{ n: number }>();
    expect(posted?.n).toBe(0);
  });
});
