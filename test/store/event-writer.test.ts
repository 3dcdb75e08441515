/** The writer: D1 merges as memory does, repeats cost nothing, and no index is left with an orphan or a double. */
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { OUTCOMES, TOOL_CALL_STATUSES } from '../../src/event/event.ts';
import { merge, settledFields, STATUS_RANK, type Arrival } from '../../src/event/merge.ts';
import { SLOTS_PER_MILLISECOND } from '../../src/event/time-key.ts';
import { ALL_TIME } from '../../src/query/filter.ts';
import { createMeter } from '../../src/query/meter.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openEventReader } from '../../src/store/event-reader.ts';
import { arrivalOfRow, toRow } from '../../src/store/event-rows.ts';
import { openEventWriter } from '../../src/store/event-writer.ts';
import { anyInterleaving, anyArrivalsOfOne } from '../arrivals.ts';
import { anyEvent, arrivalOf, BASE_TIME } from '../arbitraries.ts';

const meter = createMeter();
const database = openDatabase(env.DB, meter);
const reader = openEventReader(database);
const writer = openEventWriter(database);

async function postingsAreWhole(): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT t.seq AS row, p.rowid AS posting FROM tool_calls t
      FULL JOIN (SELECT rowid FROM tool_call_postings WHERE tool_call_postings MATCH 'zz') p ON p.rowid = t.seq
      WHERE t.seq IS NULL OR p.rowid IS NULL`,
  ).all();
  expect(results).toEqual([]);
  const counts = await env.DB.prepare(
    `SELECT (SELECT count(*) FROM tool_calls) AS rows,
      (SELECT count(*) FROM tool_call_postings WHERE tool_call_postings MATCH 'zz') AS postings`,
  ).first<{ rows: number; postings: number }>();
  expect(counts?.postings).toBe(counts?.rows);
}

test('D1 merges as memory does, in any order and grouping, and posting lists follow', async () => {
  const project = `project-${crypto.randomUUID()}`;
  await fc.assert(
    fc.asyncProperty(anyArrivalsOfOne(project), anyInterleaving(), async (drawn, interleave) => {
      // Drawn ids repeat while fast-check shrinks, and each run needs an event of its own.
      const id = crypto.randomUUID();
      const arrivals = drawn.map((arrival) => ({ ...arrival, event: { ...arrival.event, id } }));
      for (const arrival of interleave(arrivals)) await writer.write({ tool_call: [toRow(arrival)] });
      const expected = arrivals.reduce((earlier: Arrival<'tool_call'>, later) => merge(earlier, later)).event;
      const stored = await reader.find('tool_call', expected.id, { project_id: project });
      expect(stored).toEqual(expected);
      const endings = [
        ...TOOL_CALL_STATUSES.map((value) => ['status', value] as const),
        ...OUTCOMES.map((value) => ['outcome', value] as const),
      ];
      for (const [field, value] of endings) {
        const conditions = [
          { test: 'in', field, values: [value] },
          { test: 'in', field: 'tool_name', values: [expected.tool_name] },
        ] as const;
        const filter = { time: ALL_TIME, conditions };
        const page = await reader.page({
          kind: 'tool_call',
          bounds: { project_id: project },
          filter,
          sort: { by: 'timestamp', direction: 'desc' },
          limit: 1000,
          offset: 0,
          after: null,
        });
        expect(page.events.filter((event) => event.id === expected.id).length).toBe(
          value === expected[field] ? 1 : 0,
        );
      }
    }),
    { numRuns: 60 },
  );
  await postingsAreWhole();
});

test('a row that was logged before outcomes were kept is written without one, and takes one later', async () => {
  const project = `project-${crypto.randomUUID()}`;
  const [sample] = fc.sample(anyEvent('tool_call', project), { numRuns: 1, seed: 6 });
  if (sample === undefined) throw new Error('no sample');
  const call = { ...sample, status: 'success', outcome: 'ok' } as const;
  const older = toRow(arrivalOf(call)).slice(0, -1);
  expect(arrivalOfRow('tool_call', older)).toEqual(arrivalOf({ ...call, outcome: null }));
  const stored = () => reader.find('tool_call', call.id, { project_id: project });
  await writer.write({ tool_call: [older] });
  expect(await stored()).toEqual({ ...call, outcome: null });
  await writer.write({ tool_call: [toRow(arrivalOf(call))] });
  expect(await stored()).toEqual(call);
  await postingsAreWhole();
});

test('writing the same again writes no row at all', async () => {
  const project = `project-${crypto.randomUUID()}`;
  const events = fc.sample(anyEvent('tool_call', project), { numRuns: 50, seed: 1 });
  const rows = events.map((event) => toRow(arrivalOf(event)));
  await writer.write({ tool_call: rows });
  const before = meter.rowsWritten;
  await writer.write({ tool_call: rows });
  await writer.write({ tool_call: rows.slice(0, 10) });
  expect(meter.rowsWritten - before).toBe(0);
  await postingsAreWhole();
});

test('a new tool call writes 4.2 rows at the most: row, id, posting list, text, and its share of the counters', async () => {
  const project = `project-${crypto.randomUUID()}`;
  const [sample] = fc.sample(anyEvent('tool_call', project), { numRuns: 1, seed: 2 });
  if (sample === undefined) throw new Error('no sample');
  const events = Array.from({ length: 1000 }, (_, place) => ({
    ...sample,
    id: `call-${place}`,
    timestamp: BASE_TIME + place,
    tool_name: `tool-${place % 40}`,
    server_label: `server-${place % 8}`,
    virtual_key_id: `key-${place % 20}`,
  }));
  const before = meter.rowsWritten;
  await writer.write({ tool_call: events.map((event) => toRow(arrivalOf(event))) });
  const written = (meter.rowsWritten - before) / events.length;
  expect(written).toBeGreaterThanOrEqual(4);
  expect(written).toBeLessThanOrEqual(4.2);
});

test('two projects and two owners may use one id and never touch each other’s event', async () => {
  const projects = [`project-${crypto.randomUUID()}`, `project-${crypto.randomUUID()}`];
  const [event] = fc.sample(anyEvent('tool_call', ''), { numRuns: 1, seed: 3 });
  if (event === undefined) throw new Error('no sample');
  for (const [place, project] of projects.entries())
    await writer.write({
      tool_call: [toRow(arrivalOf({ ...event, project_id: project, tool_name: `tool-${place}` }))],
    });
  const owned = { ...event, project_id: projects[0] ?? '', tool_name: 'stolen', virtual_key_id: 'vk-other' };
  await writer.write({
    tool_call: [
      toRow({
        event: owned,
        owner: 'virtual key vk-other',
        statusRank: STATUS_RANK.stated,
        settled: settledFields(owned),
      }),
    ],
  });
  const names = await Promise.all(
    projects.map(async (project_id) => (await reader.find('tool_call', event.id, { project_id }))?.tool_name),
  );
  expect(names[1]).toBe('tool-1');
  const { results } = await env.DB.prepare(
    'SELECT tool_name FROM tool_calls WHERE id = ? AND project_id = ? ORDER BY seq',
  )
    .bind(event.id, projects[0])
    .all();
  expect(results).toEqual([{ tool_name: 'tool-0' }, { tool_name: 'stolen' }]);
});

test('events that find their millisecond full move to the next free slots, and none is lost', async () => {
  const project = `project-${crypto.randomUUID()}`;
  const [sample] = fc.sample(anyEvent('server_log', project), { numRuns: 1, seed: 5 });
  if (sample === undefined) throw new Error('no sample');
  const timestamp = BASE_TIME + 3_600_000;
  const total = 2 * SLOTS_PER_MILLISECOND + 500;
  const rows = Array.from({ length: total }, (_, place) =>
    toRow(arrivalOf({ ...sample, id: `line-${place}`, timestamp, message: String(place) })),
  );
  for (let start = 0; start < total; start += 1000)
    await writer.write({ server_log: rows.slice(start, start + 1000) });
  const { results } = await env.DB.prepare(
    'SELECT message FROM server_logs WHERE project_id = ? ORDER BY seq',
  )
    .bind(project)
    .all<{ message: string }>();
  expect(results.map((row) => Number(row.message))).toEqual(rows.map((_, place) => place));
});

test('a batch that arrives after a later one changes nothing', async () => {
  const ordered = openEventWriter(openDatabase(env.DB, createMeter()));
  const project = `project-${crypto.randomUUID()}`;
  const [drawn] = fc.sample(anyEvent('tool_call', project), { numRuns: 1, seed: 7 });
  if (drawn === undefined) throw new Error('nothing was drawn');
  const named = (message: string) => toRow(arrivalOf({ ...drawn, message }));
  const stored = () => reader.find('tool_call', drawn.id, { project_id: project });
  await ordered.write({ tool_call: [named('first')] }, 5);
  await ordered.write({ tool_call: [named('second')] }, 6);
  await expect(ordered.write({ tool_call: [named('first')] }, 5)).rejects.toMatchObject({ reason: 'failed' });
  expect(await stored()).toMatchObject({ message: 'second' });
  // The same again is no later one: a flush whose answer was lost is repeated.
  await ordered.write({ tool_call: [named('second')] }, 6);
  await ordered.remove('tool_call', [drawn.id], { project_id: project }, 7);
  await expect(ordered.write({ tool_call: [named('second')] }, 6)).rejects.toMatchObject({
    reason: 'failed',
  });
  expect(await stored()).toBeNull();
});
