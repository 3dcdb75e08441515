/** One filter, two readings: for any events and any filter, D1 answers what memory answers, in the same order. */
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KINDS, type EventOf, type Kind } from '../../src/event/event.ts';
import { withinBounds } from '../../src/query/bounds.ts';
import type { EventReader } from '../../src/query/event-reader.ts';
import { matches } from '../../src/query/matches.ts';
import { createMeter } from '../../src/query/meter.ts';
import type { Position, Question, Sort } from '../../src/query/query.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openEventReader } from '../../src/store/event-reader.ts';
import { toRow } from '../../src/store/event-rows.ts';
import { openEventWriter } from '../../src/store/event-writer.ts';
import { anyEvent, anyFilter, arrivalOf } from '../arbitraries.ts';

const EVENTS = 60;
const FILTERS = 150;
const PAGE = 7;

const database = openDatabase(env.DB, createMeter());
const reader = openEventReader(database);

/** The same store as a deployment sees it that keeps no text index. */
const scanning = openEventReader(openDatabase(env.DB, createMeter(), { isIndexed: false, charactersMax: 0 }));

const SORTS: readonly Sort[] = [
  { by: 'timestamp', direction: 'desc' },
  { by: 'timestamp', direction: 'asc' },
  { by: 'latency_ms', direction: 'desc' },
  { by: 'latency_ms', direction: 'asc' },
  { by: 'cost', direction: 'desc' },
];

async function store<K extends Kind>(kind: K, project: string): Promise<readonly EventOf[K][]> {
  const events = fc
    .sample(anyEvent(kind, project), { numRuns: EVENTS, seed: 4 })
    .filter((event, place, all) => all.findIndex((other) => other.id === event.id) === place);
  await openEventWriter(database).write({ [kind]: events.map((event) => toRow(arrivalOf(event))) });
  return events;
}

async function everyPage<K extends Kind>(
  reads: EventReader,
  question: Question<K>,
  sort: Sort,
): Promise<readonly EventOf[K][]> {
  const events: EventOf[K][] = [];
  let after: Position | null = null;
  do {
    const page: Awaited<ReturnType<typeof reads.page<K>>> = await reads.page({
      ...question,
      sort,
      limit: PAGE,
      offset: 0,
      after,
    });
    events.push(...page.events);
    after = page.next;
  } while (after !== null);
  return events;
}

/** Sorts as the contract says: by the number, rows without it last, ties by time and then by arrival. */
function sorted<K extends Kind>(
  events: readonly EventOf[K][],
  { by, direction }: Sort,
): readonly EventOf[K][] {
  const sign = direction === 'desc' ? -1 : 1;
  const number = (event: EventOf[K]): number | null =>
    by === 'timestamp' ? 0 : ((event as unknown as Record<string, number | null>)[by] ?? null);
  return events
    .map((event, arrival) => ({ event, arrival }))
    .toSorted((one, other) => {
      const [a, b] = [number(one.event), number(other.event)];
      if (a === null || b === null) {
        if (a !== b) return a === null ? 1 : -1;
      } else if (a !== b) return sign * (a - b);
      return sign * (one.event.timestamp - other.event.timestamp || one.arrival - other.arrival);
    })
    .map(({ event }) => event);
}

describe.for(KINDS)('%s', (kind) => {
  test('a page of D1 is the filter in memory, in every order', async () => {
    const project = `project-${crypto.randomUUID()}`;
    const bounds = { project_id: project };
    const events = await store(kind, project);
    await fc.assert(
      fc.asyncProperty(
        anyFilter(kind),
        fc.constantFrom(...SORTS.slice(0, kind === 'server_log' ? 2 : 5)),
        async (filter, sort) => {
          const question = { kind, bounds, filter };
          const expected = sorted(
            events.filter((event) => matches(withinBounds(filter, bounds), event)),
            sort,
          );
          expect(await everyPage(reader, question, sort)).toEqual(expected);
          expect(await everyPage(scanning, question, sort)).toEqual(expected);
          expect(await scanning.count(question)).toBe(expected.length);
          expect(await reader.count(question)).toBe(expected.length);
          expect(await reader.exists(question)).toBe(expected.length > 0);
        },
      ),
      { numRuns: FILTERS },
    );
  });

  test('an offset skips exactly that many, and an id finds its event', async () => {
    const project = `project-${crypto.randomUUID()}`;
    const events = await store(kind, project);
    const question = {
      kind,
      bounds: { project_id: project },
      filter: { time: { from: null, until: null }, conditions: [] },
    };
    const newest = sorted(events, { by: 'timestamp', direction: 'desc' });
    const page = await reader.page({
      ...question,
      sort: { by: 'timestamp', direction: 'desc' },
      limit: 5,
      offset: 11,
      after: null,
    });
    expect(page.events).toEqual(newest.slice(11, 16));
    for (const event of events.slice(0, 5)) {
      expect(await reader.find(kind, event.id, { project_id: project })).toEqual(event);
      expect(await reader.find(kind, event.id, { project_id: 'another' })).toBeNull();
    }
  });
});
