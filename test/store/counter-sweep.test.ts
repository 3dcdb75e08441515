/** The sweep of counters: those that count nothing go, all others stay, a stretch a run. */
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ToolCall } from '../../src/event/event.ts';
import { createMeter } from '../../src/query/meter.ts';
import { sweepCounters } from '../../src/store/counter-sweep.ts';
import { openDatabase } from '../../src/store/database.ts';
import { toRow } from '../../src/store/event-rows.ts';
import { openEventWriter } from '../../src/store/event-writer.ts';
import { anyEvent, arrivalOf } from '../arbitraries.ts';

const meter = createMeter();
const database = openDatabase(env.DB, meter);
const writer = openEventWriter(database);

const counted = async (where: string): Promise<number> =>
  (await env.DB.prepare(`SELECT count(*) AS n FROM counters WHERE ${where}`).first<{ n: number }>())?.n ?? 0;

test('what a changed event has left goes, and what counts it stays', async () => {
  const [call] = fc.sample(anyEvent('tool_call', 'a'), { numRuns: 1, seed: 1 }) as [ToolCall];
  await writer.write({ tool_call: [toRow(arrivalOf({ ...call, tool_name: 'before', status: 'success' }))] });
  await writer.write({ tool_call: [toRow(arrivalOf({ ...call, tool_name: 'after', status: 'success' }))] });
  expect(await counted(`value = 'before'`)).toBe(2);
  const others = await counted('total > 0');
  expect(await sweepCounters(database)).toBe(2);
  expect(await counted('total = 0')).toBe(0);
  expect(await counted('total > 0')).toBe(others);
});

test('a run looks at 5,000 and the next ones go on, through every value to the end', async () => {
  const rows = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 11999)
    INSERT INTO counters SELECT 'tool_call', 'tool_name', '"' || (i / 100) || ''' é', 60, i * 60, i % 2,
      0, 0, 0, 0, 0, 0, 0, 0 FROM n`;
  await env.DB.prepare(rows).run();
  const before = meter.rowsRead;
  const removed: number[] = [];
  for (let run = 0; run < 3; run++) removed.push(await sweepCounters(database));
  expect(removed.every((count) => count > 0 && count <= 2500)).toBe(true);
  expect(removed.reduce((sum, count) => sum + count, 0)).toBe(6000);
  // Once to find the end of the stretch, once to be looked at, and again where it goes.
  expect(meter.rowsRead - before).toBeLessThan(4 * 12_000);
  expect(await counted('total = 0')).toBe(0);
  expect(await counted(`value LIKE '"%'`)).toBe(6000);
});
