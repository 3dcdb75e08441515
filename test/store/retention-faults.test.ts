/** Retention under faults: runs that end anywhere, events that change meanwhile, runs at the same time. */
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import type { ToolCall } from '../../src/event/event.ts';
import { encodeJsonl, jsonlOf } from '../../src/formats/jsonl.ts';
import { createMeter } from '../../src/query/meter.ts';
import { openArchive, type Archive } from '../../src/store/archive.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openEventReader } from '../../src/store/event-reader.ts';
import { toRow } from '../../src/store/event-rows.ts';
import { openEventWriter } from '../../src/store/event-writer.ts';
import { setPolicy } from '../../src/store/retention-policies.ts';
import { runRetention } from '../../src/store/retention-run.ts';
import { anyEvent, arrivalOf } from '../arbitraries.ts';
import { archived, DAY, DEFAULTS, emptyArchive, HOUR, leftovers, rowsOf } from './retained.ts';

const NOW = Date.parse('2026-03-20T12:30:00Z');
const MINUTE = 60_000;

const database = openDatabase(env.DB, createMeter());
const writer = openEventWriter(database);
const reader = openEventReader(database);
const archive = openArchive(env.ARCHIVE, encodeJsonl);

type Fault = 'none' | 'before' | 'after';

/** A D1 whose transactions fail as they are told to, before or after they are committed. */
function faultyDatabase(next: () => Fault) {
  const batch = async (statements: D1PreparedStatement[]): Promise<D1Result[]> => {
    const fault = next();
    if (fault === 'before') throw new Error('D1_ERROR: Network connection lost.');
    const results = await env.DB.batch(statements);
    if (fault === 'after') throw new Error('D1_ERROR: storage caused object to be reset.');
    return results;
  };
  const d1 = new Proxy(env.DB, {
    get(target, name) {
      if (name === 'batch') return batch;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return openDatabase(d1, createMeter());
}

function faultyArchive(next: () => Fault): Archive {
  return {
    ...archive,
    async put(object) {
      const fault = next();
      if (fault !== 'before') await archive.put(object);
      if (fault !== 'none')
        throw new Error('put: We encountered an internal error. Please try again. (10001)');
    },
  };
}

/** Tool calls with arguments, two in each of some hours before a time. */
function callsBefore(time: number, count: number, name = 'call'): readonly ToolCall[] {
  const [template] = fc.sample(anyEvent('tool_call', 'a'), { numRuns: 1, seed: 1 }) as [ToolCall];
  return Array.from({ length: count }, (_, place) => ({
    ...template,
    id: `${name}-${place}`,
    status: 'success',
    outcome: 'ok',
    error: null,
    arguments: { place },
    timestamp: time - Math.floor(place / 2) * HOUR - 1,
  }));
}

const write = (calls: readonly ToolCall[]) =>
  writer.write({ tool_call: calls.map((call) => toRow(arrivalOf(call))) });

const run = (now: number, into: Archive | null = archive, over = database) =>
  runRetention({ database: over, archive: into, payloads: null, defaults: DEFAULTS }, now);

const releaseLease = () => env.DB.prepare('UPDATE retention_runs SET until = 0').run();

async function idsInArchive(): Promise<readonly string[]> {
  return (await archived()).bodies.map(({ id }) => String(id)).toSorted();
}

async function empty(): Promise<void> {
  await releaseLease();
  await env.DB.prepare('DELETE FROM retention').run();
  await run(Date.parse('2040-01-01T00:00:00Z'), null);
  await env.DB.prepare('DELETE FROM archive_pending').run();
  await emptyArchive();
}

beforeEach(empty);

test('a run that ends anywhere loses nothing and archives nothing twice', async () => {
  const anyFaults = fc.array(fc.constantFrom<Fault>('none', 'none', 'before', 'after'), { maxLength: 12 });
  await fc.assert(
    fc
      .asyncProperty(anyFaults, anyFaults, async (ofDatabase, ofBucket) => {
        const cleared = callsBefore(NOW - 3 * DAY, 5, 'cleared');
        const removed = callsBefore(NOW - 6 * DAY, 5, 'removed');
        const kept = callsBefore(NOW, 3, 'kept');
        await write([...cleared, ...removed, ...kept]);
        const faulty = faultyDatabase(() => ofDatabase.shift() ?? 'none');
        const bucket = faultyArchive(() => ofBucket.shift() ?? 'none');
        let at = NOW;
        let ended = 0;
        while ((await run(at, bucket, faulty).catch(() => 'failed')) === 'failed') {
          ended++;
          // Between two runs, all is where it was or where it goes to, and never nowhere.
          const inArchive = new Set(await idsInArchive());
          const rows = await rowsOf('tool_call');
          for (const { id } of removed) expect(rows.has(id) || inArchive.has(id)).toBe(true);
          for (const { id } of cleared)
            expect(rows.get(id)?.['arguments'] !== null || inArchive.has(id)).toBe(true);
          expect(await leftovers()).toEqual([]);
          expect(ended).toBeLessThan(30);
          at += 15 * MINUTE;
        }
        const { bodies } = await archived();
        const expected = [...cleared, ...removed].map((call) => JSON.parse(jsonlOf(call)) as { id: string });
        const byId = (one: Record<string, unknown>, other: Record<string, unknown>): number =>
          String(one['id']) < String(other['id']) ? -1 : 1;
        expect(bodies.toSorted(byId)).toEqual(expected.toSorted(byId));
        expect([...(await rowsOf('tool_call')).keys()].toSorted()).toEqual(
          [...cleared, ...kept].map(({ id }) => id).toSorted(),
        );
        expect(await leftovers()).toEqual([]);
      })
      .afterEach(empty),
    { numRuns: 25 },
  );
});

test('an event that changes between archive and removal is archived as it became', async () => {
  const [call] = callsBefore(NOW - 7 * DAY, 1) as [ToolCall];
  await write([call]);
  let puts = 0;
  const meanwhile: Archive = {
    ...archive,
    async put(object) {
      await archive.put(object);
      puts++;
      if (puts === 1) await write([{ ...call, result: 'late' }]);
    },
  };
  const reports = await run(NOW, meanwhile);
  expect(reports?.[0]).toMatchObject({ removed: 1, archived: 1 });
  expect((await archived()).bodies).toEqual([JSON.parse(jsonlOf({ ...call, result: 'late' }))]);
  expect((await rowsOf('tool_call')).size).toBe(0);
  expect(await leftovers()).toEqual([]);
});

test('what was archived by a run that ended is taken back when the days were made longer', async () => {
  const calls = callsBefore(NOW - 7 * DAY, 2);
  await write(calls);
  const broken = faultyArchive(() => 'after');
  await expect(run(NOW, broken)).rejects.toThrow('internal error');
  expect(await idsInArchive()).toEqual(['call-0', 'call-1']);
  await setPolicy(
    database,
    { kind: 'tool_call', project_id: 'a', payload_days: 30, row_days: 30 },
    NOW,
    'test',
  );
  await run(NOW + 15 * MINUTE);
  expect(await idsInArchive()).toEqual([]);
  expect(await reader.find('tool_call', 'call-0', {})).toEqual(calls[0]);
});

test('a payload that is posted again after it went is cleared again, and the archive keeps both', async () => {
  const [call] = callsBefore(NOW - 4 * DAY, 1) as [ToolCall];
  await write([call]);
  await run(NOW);
  expect((await rowsOf('tool_call')).get(call.id)).toMatchObject({ arguments: null, result: null });
  await write([{ ...call, arguments: { place: 'again' } }]);
  expect(await run(NOW)).toContainEqual(expect.objectContaining({ cleared: 1, archived: 1 }));
  expect((await rowsOf('tool_call')).get(call.id)).toMatchObject({ arguments: null, result: null });
  const { bodies } = await archived();
  expect(bodies.map((body) => body['arguments'])).toEqual(
    expect.arrayContaining([{ place: 0 }, { place: 'again' }]),
  );
  expect(bodies.length).toBe(2);
  // When the row goes too, there is nothing new to be archived.
  expect(await run(NOW + 10 * DAY)).toContainEqual(expect.objectContaining({ removed: 1, archived: 0 }));
  expect((await archived()).bodies.length).toBe(2);
});

test('what was cleared without an archive is archived as it is when its row goes', async () => {
  const [call] = callsBefore(NOW - 4 * DAY, 1) as [ToolCall];
  await write([call]);
  await run(NOW, null);
  await run(NOW + 10 * DAY);
  const cleared = { ...call, arguments: null, result: null, metadata: null };
  expect((await archived()).bodies).toEqual([JSON.parse(jsonlOf(cleared))]);
});

test('one run at a time; one that was cut off keeps the others out for 14 minutes', async () => {
  await write(callsBefore(NOW - 7 * DAY, 1));
  await expect(
    run(
      NOW,
      faultyArchive(() => 'before'),
    ),
  ).rejects.toThrow('internal error');
  expect(await run(NOW + 14 * MINUTE - 1)).toBeNull();
  expect((await rowsOf('tool_call')).size).toBe(1);
  expect(await run(NOW + 14 * MINUTE)).toContainEqual(expect.objectContaining({ removed: 1 }));
});
