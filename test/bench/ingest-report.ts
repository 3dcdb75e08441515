/** What the ingest and the doors gave, as plain text and as the figures of the baseline. */
import type { Figures } from './baseline.ts';
import type { DoorResult } from './doors.ts';
import type { Floors, Ingested, WriteCosts } from './ingest.ts';
import { fine, table, times, whole } from './table.ts';

/** What the ingest gave, after the last size. */
export type IngestResult = {
  readonly ingested: readonly Ingested[];
  readonly writes: WriteCosts;
  readonly floors: Floors;
};

/** The sentences for what a flush can hold. */
const WRITES: Readonly<Record<keyof WriteCosts, string>> = {
  fresh: 'new tool calls',
  repeated: 'the same again',
  begun: 'new, still processing',
  finished: 'those, finished',
};

/** The ingest as text. */
export function reportIngest(ingest: IngestResult): string {
  return [writeTable(ingest), ingestTable(ingest), floorTable(ingest)].join('\n');
}

/** The figures of the ingest that the baseline keeps. */
export function figuresOfIngest(ingest: IngestResult): Figures {
  const exact: Record<string, number> = {};
  const ratios: Record<string, number> = {};
  for (const [name, sentence] of Object.entries(WRITES))
    exact[`rows written, flush of ${sentence}`] = ingest.writes[name as keyof WriteCosts];
  const { readable = NaN } = ingest.ingested.at(-1) ?? {};
  ratios['readable a second, 100 a call, ours / bare insert'] = readable / ingest.floors.bareInsert;
  ratios['readable a second, 100 a call, ours / trigrams alone'] = readable / ingest.floors.bareTrigrams;
  return { exact, ratios };
}

/** The doors as text. */
export function doorTable(doors: readonly DoorResult[]): string {
  return table(
    'Doors of producers, 4 clients: events a second, and how that stands to the same events through POST /v1/events',
    ['format', 'events a call', 'bytes an event', 'acked/s', 'readable/s', 'acked/events', 'readable/events'],
    doors.map((each) => [
      each.name,
      whole(each.eventsPerCall),
      whole(each.bytesPerEvent),
      whole(each.acknowledged),
      whole(each.readable),
      fine(each.acknowledgedRatio),
      fine(each.readableRatio),
    ]),
  );
}

function writeTable({ writes }: IngestResult): string {
  return table(
    'One flush of 1,000 tool calls',
    ['what', 'rows written for each'],
    Object.entries(WRITES).map(([name, sentence]) => [sentence, writes[name as keyof WriteCosts].toFixed(3)]),
  );
}

function ingestTable({ ingested, floors }: IngestResult): string {
  return table(
    'Ingest over HTTP, 8 clients: events a second acknowledged and readable, and how that stands to the bare insert below',
    [
      'events a call',
      'acked/s',
      'readable/s',
      'readable/bare',
      'readable/trigrams',
      'ack p50 ms',
      'ack p99 ms',
      'refused calls',
      'bytes an event',
    ],
    ingested.map((each) => [
      whole(each.callSize),
      whole(each.acknowledged),
      whole(each.readable),
      times(each.readable, floors.bareInsert),
      times(each.readable, floors.bareTrigrams),
      fine(each.p50),
      fine(each.p99),
      whole(each.refused),
      whole(each.bytes),
    ]),
  );
}

function floorTable({ floors }: IngestResult): string {
  return table(
    'Floors of this machine in this run',
    ['what', 'figure'],
    [
      ['an empty handler over HTTP, median ms', fine(floors.nothing)],
      ['SELECT 1 through the binding, mean ms', fine(floors.select)],
      ['one row through the binding, mean ms', fine(floors.insert)],
      ['json_each into a table without indexes, events/s', whole(floors.bareInsert)],
      ['the same with a trigram index of its texts, events/s', whole(floors.bareTrigrams)],
    ],
  );
}
