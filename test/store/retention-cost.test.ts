/** What retention costs, in the rows that D1 charges for, and how a run is bounded. */
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import type { ToolCall } from '../../src/event/event.ts';
import { encodeJsonl } from '../../src/formats/jsonl.ts';
import { createMeter } from '../../src/query/meter.ts';
import { openArchive } from '../../src/store/archive.ts';
import { openDatabase } from '../../src/store/database.ts';
import { toRow } from '../../src/store/event-rows.ts';
import { openEventWriter } from '../../src/store/event-writer.ts';
import { setPolicy } from '../../src/store/retention-policies.ts';
import { readBacklog, runRetention, RUN_RANGES_MAX } from '../../src/store/retention-run.ts';
import { anyEvent, arrivalOf } from '../arbitraries.ts';
import { archived, DAY, DEFAULTS, emptyArchive, HOUR, leftovers, rowsOf } from './retained.ts';

const NOW = Date.parse('2026-03-20T12:30:00Z');

const meter = createMeter();
const database = openDatabase(env.DB, meter);
const writer = openEventWriter(database);
const archive = openArchive(env.ARCHIVE, encodeJsonl);

const [template] = fc.sample(anyEvent('tool_call', 'a'), { numRuns: 1, seed: 1 }) as [ToolCall];

/** Successful calls, a second apart and before a time. */
function callsBefore(time: number, count: number, step = 1000, project = 'a'): readonly ToolCall[] {
  return Array.from({ length: count }, (_, place) => ({
    ...template,
    id: `${project}-${time}-${place}`,
    project_id: project,
    status: 'success',
    outcome: 'ok',
    error: null,
    arguments: { text: `call ${place}` },
    timestamp: time - place * step - 1,
  }));
}

async function write(calls: readonly ToolCall[]): Promise<void> {
  for (let place = 0; place < calls.length; place += 1000)
    await writer.write({ tool_call: calls.slice(place, place + 1000).map((call) => toRow(arrivalOf(call))) });
}

const run = (now: number, into = null as typeof archive | null) =>
  runRetention({ database, archive: into, payloads: null, defaults: DEFAULTS }, now);

async function costOf(work: () => Promise<unknown>): Promise<{ read: number; written: number }> {
  const before = { ...meter };
  await work();
  return { read: meter.rowsRead - before.rowsRead, written: meter.rowsWritten - before.rowsWritten };
}

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM retention').run();
  await env.DB.prepare('UPDATE retention_runs SET until = 0').run();
  await run(Date.parse('2040-01-01T00:00:00Z'));
  await emptyArchive();
});

test('a removal and a clearing write 3 rows an event each at most; the counters are shared', async () => {
  await write(callsBefore(NOW - 4 * DAY, 3000));
  const clearing = await costOf(() => run(NOW));
  expect(clearing.written / 3000).toBeLessThan(3.1);
  const removal = await costOf(() => run(NOW + 10 * DAY));
  expect(removal.written / 3000).toBeLessThan(2.2);
  expect((await rowsOf('tool_call')).size).toBe(0);
  expect(await leftovers()).toEqual([]);
});

test('a run with nothing to do reads next to nothing, however much is cleared or kept longer', async () => {
  await setPolicy(
    database,
    { kind: 'tool_call', project_id: 'long', payload_days: 100, row_days: 100 },
    NOW,
    'test',
  );
  await write(callsBefore(NOW - 4 * DAY, 1000));
  await write(callsBefore(NOW - 8 * DAY, 1000, 1000, 'long'));
  await run(NOW);
  const idle = await costOf(() => run(NOW));
  expect(idle.read).toBeLessThan(40);
  expect(idle.written).toBe(2);
  const look = await costOf(() => readBacklog(database, DEFAULTS, NOW));
  expect(look.read).toBeLessThan(40);
  expect((await rowsOf('tool_call')).size).toBe(2000);
});

test('a run ends after its ranges, tells what is left, and the next one goes on', async () => {
  const hours = RUN_RANGES_MAX + 20;
  await write(callsBefore(NOW - 7 * DAY, hours, HOUR));
  const [first] = (await run(NOW, archive)) ?? [];
  expect(first?.left).toBeGreaterThan(0);
  expect((first?.removed ?? 0) + (first?.left ?? 0)).toBe(hours);
  const backlog = await readBacklog(database, DEFAULTS, NOW);
  expect(backlog.tool_call).toBeGreaterThan(DAY / 1000);
  expect(backlog.request).toBe(0);
  const [second] = (await run(NOW, archive)) ?? [];
  expect(second).toMatchObject({ removed: first?.left, left: 0 });
  expect((await archived()).bodies.length).toBe(hours);
  expect(await leftovers()).toEqual([]);
});
