/** What a run found, as one plain text and as the figures of the baseline. */
import type { Figures } from './baseline.ts';
import type { FillCost } from './fill.ts';
import type { DoorResult } from './doors.ts';
import { doorTable, figuresOfIngest, reportIngest, type IngestResult } from './ingest-report.ts';
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
  /** Median milliseconds of `SELECT 1` and a page of rows by key. */
  readonly pageFloor: number;
};

/** A whole run. */
export type Results = {
  readonly sizes: readonly SizeResult[];
  readonly fills: readonly FillCost[];
  readonly ingest: IngestResult | null;
  readonly doors: readonly DoorResult[];
};

/** The whole run as text. */
export function report(results: Results): string {
  const { sizes, ingest, doors } = results;
  const parts = [
    queryTable(sizes),
    ...(sizes.some(({ naive }) => naive.size > 0) ? [naiveTable(sizes)] : []),
    storeTable(results),
    ...(ingest === null ? [] : [reportIngest(ingest)]),
    ...(doors.length === 0 ? [] : [doorTable(doors)]),
  ];
  return parts.join('\n');
}

/** The figures of a run that the baseline keeps. */
export function figuresOf({ sizes, fills, ingest, doors }: Results): Figures {
  const exact: Record<string, number> = {};
  const ratios: Record<string, number> = {};
  const first = sizes[0];
  for (const { size, queries, naive, naiveStore, pageFloor } of sizes) {
    for (const [name, found] of queries) {
      if (found === null) continue;
      exact[`rows read, ${name}, ${size}`] = found.rowsRead;
      const small = first?.queries.get(name)?.milliseconds;
      if (small !== undefined && size !== first?.size)
        ratios[`milliseconds, ${name}, ${size} / ${first?.size}`] = found.milliseconds / small;
      ratios[`milliseconds, ${name}, ours / page floor, ${size}`] = found.milliseconds / pageFloor;
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
    const figures = figuresOfIngest(ingest);
    Object.assign(exact, figures.exact);
    Object.assign(ratios, figures.ratios);
  }
  for (const { name, readableRatio } of doors)
    ratios[`readable a second, ${name}, its door / POST /v1/events`] = readableRatio;
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
    'Queries over HTTP: rows that D1 read, and median milliseconds, by tool calls stored; growth is the last size by the first, the floor SELECT 1 and 50 rows by key',
    [
      'question',
      'rows given',
      ...sizes.map(({ size }) => `read @${whole(size)}`),
      ...ratio,
      ...sizes.map(({ size }) => `ms @${whole(size)}`),
      ...ratio,
      `ms/floor @${whole(last?.size)}`,
    ],
    names.map((name) => [
      name,
      last?.queries.get(name) === null ? 'no route' : whole(last?.queries.get(name)?.given),
      ...figures(name, 'rowsRead', whole),
      ...figures(name, 'milliseconds', fine),
      times(last?.queries.get(name)?.milliseconds, last?.pageFloor),
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
