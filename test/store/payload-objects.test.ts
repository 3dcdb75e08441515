/** Large arguments and results in R2: read back whole, merged as ever, gone with their rows, and nothing left behind. */
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import type { ToolCall } from '../../src/event/event.ts';
import { encodeJsonl, jsonlOf } from '../../src/formats/jsonl.ts';
import { createMeter } from '../../src/query/meter.ts';
import { ALL_TIME } from '../../src/query/filter.ts';
import { NEWEST_FIRST } from '../../src/query/query.ts';
import { openArchive } from '../../src/store/archive.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openEventReader } from '../../src/store/event-reader.ts';
import { toRow } from '../../src/store/event-rows.ts';
import { openEventWriter } from '../../src/store/event-writer.ts';
import { openPayloadObjects, type PayloadObjects } from '../../src/store/payload-objects.ts';
import { sweepCounters } from '../../src/store/counter-sweep.ts';
import { sweepPayloads } from '../../src/store/payload-sweep.ts';
import { runRetention } from '../../src/store/retention-run.ts';
import { anyEvent, arrivalOf, BASE_TIME } from '../arbitraries.ts';
import { anyArrivalsOfOne } from '../arrivals.ts';
import { archived, DAY, DEFAULTS, emptyArchive, leftovers, rowsOf } from './retained.ts';

const meter = createMeter();
const database = openDatabase(env.DB, meter);
const payloads = openPayloadObjects(env.LARGE);
const reader = openEventReader(database, payloads);
const writer = openEventWriter(database, payloads);
const plain = { reader: openEventReader(database), writer: openEventWriter(database) };
const archive = openArchive(env.ARCHIVE, encodeJsonl);

const [template] = fc.sample(anyEvent('tool_call', 'a'), { numRuns: 1, seed: 1 }) as [ToolCall];

/** More than 64 KB as JSON, with a beginning that can be searched for. */
const large = (word: string): string => `${word} `.repeat(70_000 / word.length);

const callOf = (id: string, fields: Partial<ToolCall>): ToolCall => ({
  ...template,
  id,
  status: 'success',
  outcome: 'ok',
  error: null,
  arguments: null,
  result: null,
  ...fields,
});

const write = (calls: readonly ToolCall[], by = writer) =>
  by.write({ tool_call: calls.map((call) => toRow(arrivalOf(call))) });

const find = (id: string, by = reader) => by.find('tool_call', id, {});

async function objects(): Promise<readonly string[]> {
  return (await env.LARGE.list()).objects.map(({ key }) => key);
}

async function listed(text: string): Promise<readonly ToolCall[]> {
  const { events } = await reader.page({
    kind: 'tool_call',
    bounds: {},
    filter: { time: ALL_TIME, conditions: [{ test: 'search', text }] },
    sort: NEWEST_FIRST,
    limit: 10,
    offset: 0,
    after: null,
  });
  return events;
}

const run = (now: number, into: typeof archive | null = archive) =>
  runRetention({ database, archive: into, payloads, defaults: DEFAULTS }, now);

async function empty(): Promise<void> {
  await env.DB.prepare('UPDATE retention_runs SET until = 0').run();
  await env.DB.prepare('DELETE FROM sweeps').run();
  await sweepCounters(database);
  await run(Date.parse('2040-01-01T00:00:00Z'), null);
  await emptyArchive();
  for (const name of await objects()) await env.LARGE.delete(name);
}

beforeEach(empty);

test('large values are whole when one event is read, and null in lists; small ones stay as they are', async () => {
  const call = callOf('c', { arguments: { query: large('weather') }, result: { small: 'sunny' } });
  await write([call]);
  expect(await objects()).toEqual([
    expect.stringMatching(/^tool_call\/[0-9a-f]{32}\/arguments-[0-9a-f]{32}$/),
  ]);
  expect(await find('c')).toEqual(call);
  expect(await listed('weather weather')).toEqual([{ ...call, arguments: null }]);
  const row = (await rowsOf('tool_call')).get('c');
  expect(String(row?.['arguments']).length).toBe(16_384);
  // A deployment that has lost the binding still answers.
  expect(await find('c', plain.reader)).toEqual({ ...call, arguments: null });
});

test('64 KB of JSON stay in the row, and a byte more goes', async () => {
  const exactly = 'x'.repeat(65_536 - 2);
  const wide = 'é'.repeat(40_000);
  await write([
    callOf('fits', { result: exactly }),
    callOf('more', { result: `${exactly}x` }),
    callOf('wide', { result: wide }),
  ]);
  expect((await objects()).length).toBe(2);
  expect((await find('fits'))?.result).toBe(exactly);
  expect((await find('more'))?.result).toBe(`${exactly}x`);
  expect((await find('wide'))?.result).toBe(wide);
  expect((await rowsOf('tool_call')).get('fits')?.['result_object']).toBeNull();
});

test('posting it again writes nothing, and merging it is as ever', async () => {
  const call = callOf('c', { arguments: large('first'), result: large('result') });
  await write([call]);
  const before = meter.rowsWritten;
  await write([call]);
  expect(meter.rowsWritten - before).toBe(0);
  expect((await objects()).length).toBe(2);
  // The same beginning with another end is another value.
  const later = { ...call, arguments: `${large('first')}!` };
  await write([later]);
  expect(await find('c')).toEqual(later);
  await write([{ ...later, arguments: 'small' }]);
  expect(await find('c')).toEqual({ ...later, arguments: 'small' });
  const late = arrivalOf({ ...call, status: 'processing', outcome: null, result: large('late') });
  await writer.write({ tool_call: [toRow(late)] });
  expect((await find('c'))?.result).toBe(call.result);
});

test('any arrivals of one call become the same as without objects', async () => {
  const grown = fc.constantFrom(null, 'small', large('a'), large('b'), { deep: [large('a')] });
  await fc.assert(
    fc.asyncProperty(
      anyArrivalsOfOne('a'),
      fc.array(grown, { minLength: 12, maxLength: 12 }),
      async (arrivals, values) => {
        const settled = arrivals.map((arrival, place) => {
          const event = {
            ...arrival.event,
            arguments: values[place] ?? null,
            result: values[place + 6] ?? null,
          };
          const sized = arrivalOf(event);
          return { ...arrival, event, settled: arrival.statusRank === 0 ? 0 : sized.settled };
        });
        for (const arrival of settled) {
          await writer.write({ tool_call: [toRow(arrival)] });
          const twin = { ...arrival, event: { ...arrival.event, project_id: 'twin' } };
          await plain.writer.write({ tool_call: [toRow(twin)] });
        }
        const id = settled[0]?.event.id ?? '';
        const twin = await plain.reader.find('tool_call', id, { project_id: 'twin' });
        const whole = await reader.find('tool_call', id, { project_id: 'a' });
        expect(whole).toEqual(twin === null ? null : { ...twin, project_id: 'a' });
      },
    ),
    { numRuns: 20 },
  );
});

test('objects go with their row: when it is deleted, when its payload is due, when it is due itself', async () => {
  const now = BASE_TIME + 20 * DAY;
  const at = (days: number) => ({ timestamp: now - days * DAY, result: large('result') });
  const calls = [
    callOf('deleted', at(0)),
    callOf('cleared', at(4)),
    callOf('removed', at(7)),
    callOf('kept', at(1)),
  ];
  await write(calls);
  expect((await objects()).length).toBe(4);
  await writer.remove('tool_call', ['deleted'], {});
  expect((await objects()).length).toBe(3);
  await run(now);
  const { bodies } = await archived();
  expect(bodies.toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1))).toEqual(
    calls.slice(1, 3).map((call) => JSON.parse(jsonlOf(call)) as unknown),
  );
  expect((await objects()).length).toBe(1);
  expect(await find('kept')).toEqual(calls[3]);
  expect(await find('cleared')).toMatchObject({ arguments: null, result: null });
  expect(await listed('result')).toEqual([expect.objectContaining({ id: 'kept' })]);
  expect(await leftovers()).toEqual([]);
});

test('an archive never takes a beginning for the value', async () => {
  const now = BASE_TIME + 20 * DAY;
  await write([callOf('c', { timestamp: now - 7 * DAY, result: large('result') })]);
  const unbound = runRetention({ database, archive, payloads: null, defaults: DEFAULTS }, now);
  await expect(unbound).rejects.toThrow('PAYLOADS is not bound');
  expect(await find('c')).toMatchObject({ result: large('result') });
  expect((await archived()).bodies).toEqual([]);
});

test('what a crash or a change leaves is swept up after a day; what rows name stays', async () => {
  const fails = new Proxy(env.DB, {
    get: (target, name) =>
      name === 'batch'
        ? () => Promise.reject(new Error('D1_ERROR: Network connection lost.'))
        : Reflect.get(target, name).bind(target),
  });
  const crashing = openEventWriter(openDatabase(fails, meter), payloads);
  await expect(write([callOf('lost', { result: large('lost') })], crashing)).rejects.toThrow('store busy');
  await write([callOf('c', { result: large('first') })]);
  await write([callOf('c', { result: large('second') })]);
  expect((await objects()).length).toBe(3);
  expect(await sweepPayloads(database, payloads, Date.now())).toBe(0);
  expect(await sweepPayloads(database, payloads, Date.now() + DAY + 60_000)).toBe(2);
  expect((await objects()).length).toBe(1);
  expect((await find('c'))?.result).toBe(large('second'));
});

test('sweeps take turns over all objects, a listing each', async () => {
  await write(['a', 'b', 'c'].map((id) => callOf(id, { result: large(id) })));
  await write(['a', 'b', 'c'].map((id) => callOf(id, { result: 'small' })));
  const one: PayloadObjects = {
    ...payloads,
    async list(from) {
      const listing = await env.LARGE.list({ limit: 1, ...(from === null ? {} : { startAfter: from }) });
      return {
        objects: listing.objects.map(({ key, uploaded }) => ({ name: key, uploadedAt: uploaded.getTime() })),
        next: listing.truncated ? (listing.objects.at(-1)?.key ?? null) : null,
      };
    },
  };
  const later = Date.now() + 2 * DAY;
  for (const left of [2, 1, 0]) {
    await sweepPayloads(database, one, later);
    expect((await objects()).length).toBe(left);
  }
});

test('what R2 does not take stays in its row', async () => {
  const refusing: PayloadObjects = { ...payloads, put: () => Promise.reject(new Error('internal error')) };
  const call = callOf('c', { result: large('result') });
  await write([call], openEventWriter(database, refusing));
  expect(await find('c', plain.reader)).toEqual(call);
  expect(await listed('result')).toEqual([call]);
});
