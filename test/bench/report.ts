/** What a run found, as one plain text and as the figures of the baseline. */
import type { Figures } from './baseline.ts';
import type { FillCost } from './fill.ts';
import type { Floors, Ingested, WriteCosts } from './ingest.ts';
import type { Cost, Measured } from './measure.ts';
import type { NaiveStore } from './naive.ts';
import { fine, NO_FIGURE, table, times, whole } from './table.ts';

/** What was measured at one size. Questions stand under their names. */
export type SizeResult = {
  readonly size: number;
  /** Null where the route does not exist. */
  readonly queries: ReadonlyMap<string, Measured | null>;
  readonly naive: ReadonlyMap<string, Cost>;
  readonly naiveStore: NaiveStore | null;
};

/** What the ingest gave, after the last size. */
export type IngestResult = {
  readonly ingested: readonly Ingested[];
  readonly writes: WriteCosts;
  readonly floors: Floors;
};

/** A whole run. */
export type Results = {
  readonly sizes: readonly SizeResult[];
  readonly fills: readonly FillCost[];
  readonly ingest: IngestResult | null;
};

/** The sentences for what a flush can hold. */
const WRITES: Readonly<Record<keyof WriteCosts, string>> = {
  fresh: 'new tool calls',
  repeated: 'the same again',
  begun: 'new, still processing',
  finished: 'those, finished',
};

/** The whole run as text. */
export function report(results: Results): string {
  const { sizes, ingest } = results;
  const parts = [
    queryTable(sizes),
    ...(sizes.some(({ naive }) => naive.size > 0) ? [naiveTable(sizes)] : []),
    storeTable(results),
    ...(ingest === null ? [] : [writeTable(ingest), ingestTable(ingest), floorTable(ingest)]),
  ];
  return parts.join('\n');
}

/** The figures of a run that the baseline keeps. */
export function figuresOf({ sizes, fills, ingest }: Results): Figures {
  const exact: Record<string, number> = {};
  const ratios: Record<string, number> = {};
  const first = sizes[0];
  for (const { size, queries, naive, naiveStore } of sizes) {
    for (const [name, found] of queries) {
      if (found === null) continue;
      exact[`rows read, ${name}, ${size}`] = found.rowsRead;
      const small = first?.queries.get(name)?.milliseconds;
      if (small !== undefined && size !== first?.size)
        ratios[`milliseconds, ${name}, ${size} / ${first?.size}`] = found.milliseconds / small;
      const other = naive.get(name);
      if (other === undefined) continue;
      exact[`rows read, naive ${name}, ${size}`] = other.rowsRead;
      ratios[`milliseconds, ${name}, ours / naive, ${size}`] = found.milliseconds / other.milliseconds;
    }
    if (naiveStore !== null) exact[`rows written, naive tool_call, ${size}`] = naiveStore.rowsWritten;
  }
  for (const { kind, size, rowsWritten, rowsRead } of fills) {
    exact[`rows written, fill ${kind}, ${size}`] = rowsWritten;
    exact[`rows read, fill ${kind}, ${size}`] = rowsRead;
  }
  if (ingest !== null) {
    for (const [name, sentence] of Object.entries(WRITES))
      exact[`rows written, flush of ${sentence}`] = ingest.writes[name as keyof WriteCosts];
    const { readable = NaN } = ingest.ingested.at(-1) ?? {};
    ratios['readable a second, 100 a call, ours / bare insert'] = readable / ingest.floors.bareInsert;
  }
  return { exact, ratios };
}

function queryTable(sizes: readonly SizeResult[]): string {
  const [first, last] = [sizes[0], sizes.at(-1)];
  const names = [...(last?.queries.keys() ?? [])];
  const ratio = sizes.length > 1 ? ['growth'] : [];
  const figures = (name: string, figure: keyof Measured, write: (value?: number) => string): string[] => [
    ...sizes.map(({ queries }) => write(queries.get(name)?.[figure])),
    ...ratio.map(() => times(last?.queries.get(name)?.[figure], first?.queries.get(name)?.[figure])),
  ];
  return table(
    'Queries over HTTP: rows that D1 read, and median milliseconds, by tool calls stored; growth is the last size by the first',
    [
      'question',
      'rows given',
      ...sizes.map(({ size }) => `read @${whole(size)}`),
      ...ratio,
      ...sizes.map(({ size }) => `ms @${whole(size)}`),
      ...ratio,
    ],
    names.map((name) => [
      name,
      last?.queries.get(name) === null ? 'no route' : whole(last?.queries.get(name)?.given),
      ...figures(name, 'rowsRead', whole),
      ...figures(name, 'milliseconds', fine),
    ]),
  );
}

function naiveTable(sizes: readonly SizeResult[]): string {
  const names = [...new Set(sizes.flatMap(({ naive }) => [...naive.keys()]))];
  const rows = names.flatMap((name) =>
    sizes.map(({ size, queries, naive }) => {
      const [ours, theirs] = [queries.get(name), naive.get(name)];
      return [
        name,
        whole(size),
        whole(ours?.rowsRead),
        whole(theirs?.rowsRead),
        times(ours?.rowsRead, theirs?.rowsRead),
        fine(ours?.milliseconds),
        fine(theirs?.milliseconds),
        times(ours?.milliseconds, theirs?.milliseconds),
      ];
    }),
  );
  return table(
    'The same questions to a table with B-tree indexes: COUNT(*), OFFSET, LIKE, DISTINCT',
    ['question', 'stored', 'read', 'naive', 'ours/naive', 'ms', 'naive', 'ours/naive'],
    rows,
  );
}

function storeTable({ fills, sizes }: Results): string {
  const naive = sizes.flatMap(({ size, naiveStore }) =>
    naiveStore === null
      ? []
      : [
          [
            `naive tool_call`,
            whole(size),
            NO_FIGURE,
            fine(naiveStore.rowsWritten),
            NO_FIGURE,
            whole(naiveStore.bytes),
          ],
        ],
  );
  return table(
    "The store, filled through gatelog's writer; for each event. A flush here spans hours, so it touches more counters than live ones do",
    ['kind', 'filled to', 'events/s', 'rows written', 'rows read', 'bytes'],
    [
      ...fills.map((fill) => [
        fill.kind,
        whole(fill.size),
        whole(fill.eventsPerSecond),
        fine(fill.rowsWritten),
        fine(fill.rowsRead),
        whole(fill.bytes),
      ]),
      ...naive,
    ],
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
    ],
  );
}
