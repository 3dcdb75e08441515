/** Searches at the edges of their limits: short needles, no index, texts beyond what is indexed, scans that go on. */
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ServerLog } from '../../src/event/event.ts';
import { ALL_TIME } from '../../src/query/filter.ts';
import { createMeter } from '../../src/query/meter.ts';
import type { Position, Query } from '../../src/query/query.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openEventReader } from '../../src/store/event-reader.ts';
import { toRow } from '../../src/store/event-rows.ts';
import { openEventWriter } from '../../src/store/event-writer.ts';
import { SCANNED_ROWS_MAX } from '../../src/store/selection.ts';
import { searchSettings, type SearchSettings } from '../../src/store/text-index.ts';
import { anyEvent, arrivalOf, BASE_TIME } from '../arbitraries.ts';

const indexed: SearchSettings = { isIndexed: true, charactersMax: 50 };
const off: SearchSettings = { isIndexed: false, charactersMax: 50 };

const reader = (settings: SearchSettings) => openEventReader(openDatabase(env.DB, createMeter(), settings));

async function store(lines: readonly string[], settings: SearchSettings): Promise<string> {
  const project = `project-${crypto.randomUUID()}`;
  const [sample] = fc.sample(anyEvent('server_log', project), { numRuns: 1, seed: 1 });
  if (sample === undefined) throw new Error('no sample');
  const writer = openEventWriter(openDatabase(env.DB, createMeter(), settings));
  for (let start = 0; start < lines.length; start += 1000)
    await writer.write({
      server_log: lines.slice(start, start + 1000).map((message, place) => {
        const at = start + place;
        return toRow(arrivalOf({ ...sample, id: `${project}-${at}`, timestamp: BASE_TIME + at, message }));
      }),
    });
  return project;
}

function search(project: string, text: string, more: Partial<Query<'server_log'>> = {}): Query<'server_log'> {
  return {
    kind: 'server_log',
    bounds: { project_id: project },
    filter: { time: ALL_TIME, conditions: [{ test: 'search', text }] },
    sort: { by: 'timestamp', direction: 'desc' },
    limit: 10,
    offset: 0,
    after: null,
    ...more,
  };
}

const messages = (events: readonly ServerLog[]): readonly string[] => events.map((event) => event.message);

test('a needle of one or two characters is found without trigrams', async () => {
  const project = await store(['alpha', 'beta', 'ALP', 'x'], indexed);
  expect(messages((await reader(indexed).page(search(project, 'lp'))).events)).toEqual(['ALP', 'alpha']);
  expect(messages((await reader(indexed).page(search(project, 'B'))).events)).toEqual(['beta']);
  expect((await reader(indexed).page(search(project, ''))).events.length).toBe(4);
});

test('what lies beyond the indexed characters is found by a scan alone', async () => {
  // More than a few rows in all, so that the index is what is asked.
  const long = `${'filler '.repeat(10)}needle`;
  const project = await store([long, ...Array.from({ length: 500 }, (_, place) => `line ${place}`)], indexed);
  expect((await reader(indexed).page(search(project, 'needle'))).events).toEqual([]);
  expect((await reader(off).page(search(project, 'needle'))).events.length).toBe(1);
});

test('a scan ends after its rows and goes on from there by its cursor', async () => {
  const total = SCANNED_ROWS_MAX + 1500;
  const project = await store(['needle', ...Array.from({ length: total - 1 }, () => 'hay')], off);
  const first = await reader(off).page(search(project, 'needle'));
  expect(first.events).toEqual([]);
  const next: Position | null = first.next;
  expect(next).not.toBeNull();
  const second = await reader(off).page(search(project, 'needle', { after: next }));
  expect([messages(second.events), second.next]).toEqual([['needle'], null]);
});

test('the settings of a deployment are read with care', () => {
  expect(searchSettings({})).toEqual({ isIndexed: true, charactersMax: 16_384 });
  expect(searchSettings({ SEARCH_INDEX: 'off' }).isIndexed).toBe(false);
  expect(searchSettings({ SEARCH_TEXT_CHARACTERS: '100' }).charactersMax).toBe(100);
  for (const text of ['', '-1', '1.5', 'many'])
    expect(searchSettings({ SEARCH_TEXT_CHARACTERS: text }).charactersMax).toBe(16_384);
});
