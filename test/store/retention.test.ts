/** Retention against a model: what is readable, counted, indexed and archived after any events, policies and faults. */
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { encodeJsonl, jsonlOf } from '../../src/formats/jsonl.ts';
import type { EventOf, Kind } from '../../src/event/event.ts';
import { KINDS } from '../../src/event/event.ts';
import { createMeter } from '../../src/query/meter.ts';
import type { RetentionPolicy } from '../../src/query/retention.ts';
import { openArchive, type Archive } from '../../src/store/archive.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openEventReader } from '../../src/store/event-reader.ts';
import { toRow } from '../../src/store/event-rows.ts';
import { openEventWriter } from '../../src/store/event-writer.ts';
import { setPolicy } from '../../src/store/retention-policies.ts';
import { readBacklog, runRetention } from '../../src/store/retention-run.ts';
import { anyEvent, arrivalOf } from '../arbitraries.ts';
import { archived, DEFAULTS, emptyArchive, expectedOf, HOUR, leftovers, rowsOf } from './retained.ts';

const NOW = Date.parse('2026-03-20T12:30:00Z');
const PROJECTS = ['a', 'b', 'c'];

const meter = createMeter();
const database = openDatabase(env.DB, meter);
const writer = openEventWriter(database);
const reader = openEventReader(database);
const archive = openArchive(env.ARCHIVE, encodeJsonl);

/** Events of up to ten days before now, some of them in the same hours, of any project or none. */
function anyOldEvent<K extends Kind>(kind: K): fc.Arbitrary<EventOf[K]> {
  return fc
    .tuple(anyEvent(kind, 'a'), fc.nat(10 * 24), fc.nat(2), fc.constantFrom(...PROJECTS, null), fc.uuid())
    .map(([event, hours, minutes, project_id, id]) => ({
      ...event,
      id,
      project_id,
      timestamp: NOW - hours * HOUR + minutes * 60_000,
    }));
}

const anyEvents = fc.array(fc.oneof(...KINDS.map((kind) => anyOldEvent(kind))), {
  minLength: 1,
  maxLength: 60,
});

const anyDays = fc.option(fc.integer({ min: 1, max: 9 }));
const anyPolicies = fc.uniqueArray(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    project_id: fc.constantFrom(...PROJECTS, null),
    payload_days: anyDays,
    row_days: anyDays,
  }),
  { maxLength: 8, selector: ({ kind, project_id }) => `${kind} ${project_id}` },
);

async function write(events: readonly EventOf[Kind][]): Promise<void> {
  const rows = (kind: Kind) =>
    events.filter((event) => event.kind === kind).map((event) => toRow(arrivalOf(event)));
  await writer.write(Object.fromEntries(KINDS.map((kind) => [kind, rows(kind)])));
}

async function setAll(policies: readonly RetentionPolicy[]): Promise<void> {
  for (const policy of policies) await setPolicy(database, policy, NOW, 'test');
}

const run = (now: number, into: Archive | null = archive) =>
  runRetention({ database, archive: into, payloads: null, defaults: DEFAULTS }, now);

const releaseLease = () => env.DB.prepare('UPDATE retention_runs SET until = 0').run();

/** The posted form of an event, by which lines of the archive are told. */
const bodyOf = (event: EventOf[Kind]): unknown => JSON.parse(jsonlOf(event));

/** The tables hold what the model says, and the archive the rest: every event is whole in exactly one place. */
async function isAsModelled(
  events: readonly EventOf[Kind][],
  policies: readonly RetentionPolicy[],
  isArchived: boolean,
): Promise<void> {
  expect(await leftovers()).toEqual([]);
  const { bodies } = await archived();
  const inArchive = new Map(bodies.map((body) => [body['id'], body]));
  expect(inArchive.size).toBe(bodies.length);
  let readable = 0;
  for (const event of events) {
    const expected = expectedOf(event, policies, NOW);
    const read = await reader.find(event.kind, event.id, {});
    expect(read).toEqual(expected);
    if (read !== null) readable++;
    const isWhole = JSON.stringify(expected) === JSON.stringify(event);
    expect(inArchive.get(event.id)).toEqual(isWhole || !isArchived ? undefined : bodyOf(event));
  }
  const counts = await Promise.all(KINDS.map(async (kind) => (await rowsOf(kind)).size));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(readable);
}

beforeEach(async () => {
  await releaseLease();
  await env.DB.prepare('DELETE FROM retention').run();
  await run(Date.parse('2040-01-01T00:00:00Z'), null);
  await emptyArchive();
});

describe.for([true, false])('with an archive: %s', (hasArchive) => {
  test('what is left is what the model says, and a second run changes nothing', async () => {
    await fc.assert(
      fc
        .asyncProperty(anyEvents, anyPolicies, async (events, policies) => {
          await setAll(policies);
          await write(events);
          await run(NOW, hasArchive ? archive : null);
          await isAsModelled(events, policies, hasArchive);
          const { names } = await archived();
          const again = await run(NOW, hasArchive ? archive : null);
          expect(again).toEqual(
            KINDS.map((kind) => ({ kind, removed: 0, cleared: 0, archived: 0, left: 0 })),
          );
          expect((await archived()).names).toEqual(names);
          expect(Object.values(await readBacklog(database, DEFAULTS, NOW))).toEqual([0, 0, 0]);
        })
        .afterEach(async () => {
          await env.DB.prepare('DELETE FROM retention').run();
          await releaseLease();
          await run(Date.parse('2040-01-01T00:00:00Z'), null);
          await emptyArchive();
        }),
      { numRuns: 25 },
    );
  });
});
