/** Ingest over real HTTP, what a write costs in D1, and the floors of the same machine in the same minute. */
import { eventAt, wireOf } from './data.ts';
import type { Gatelog } from './gatelog.ts';
import { median, quantile } from './measure.ts';
import type { Setting } from './queries.ts';
import type { Answered, BareInserts, Filled, Slice, Timed } from './worker.ts';

/** Events of one call, as the bench tries them. */
const CALL_SIZES = [1, 10, 100] as const;

const CLIENTS = 8;

/** How long the clients post, in milliseconds, and after how many calls they stop all the same. */
const POSTING_MILLISECONDS = 5000;
const CALLS_MAX = 4000;

/** Different bodies of one call size; a call takes one and makes its ids new. */
const BODIES = 100;

/** What stands for the number of the call in the ids of a body. */
const CALL_MARK = '@call@';

/** How often, and how long, the last events are looked for, in milliseconds. */
const POLL_MILLISECONDS = 10;
const READABLE_MILLISECONDS_MAX = 120_000;

/** Events of the flush whose rows are counted. */
const FLUSH_EVENTS = 1000;

/** How often each small floor is measured. */
const FLOOR_RUNS = 300;

/** Events of the bare insert. */
const BARE_EVENTS = 20_000;

/** Where places begin that no fill uses. */
const FRESH_PLACE = 10_000_000;

/** What one call size gave. Rates are events a second. */
export type Ingested = {
  readonly callSize: number;
  readonly acknowledged: number;
  readonly readable: number;
  /** Milliseconds until a call was acknowledged. */
  readonly p50: number;
  readonly p99: number;
  /** Calls that were told to come back later. */
  readonly refused: number;
  /** By which the database grew for each event. */
  readonly bytes: number;
};

/** Rows that D1 charges as written for each event of a flush of new tool calls, of their repetition, and so on. */
export type WriteCosts = {
  readonly fresh: number;
  readonly repeated: number;
  readonly begun: number;
  readonly finished: number;
};

/** What nothing can be faster than. Times are milliseconds, the rate is events a second. */
export type Floors = {
  readonly nothing: number;
  readonly select: number;
  readonly insert: number;
  readonly bareInsert: number;
  readonly bareTrigrams: number;
};

/** Posts with each call size in turn. */
export async function measureIngest(setting: Setting): Promise<readonly Ingested[]> {
  const results: Ingested[] = [];
  for (const callSize of CALL_SIZES) results.push(await post(setting, callSize));
  return results;
}

/** Counts the rows written by single flushes of the writer. */
export async function measureWrites({ gatelog, end }: Setting): Promise<WriteCosts> {
  const slice: Slice = { kind: 'tool_call', from: FRESH_PLACE, count: FLUSH_EVENTS, end };
  const write = async (what: Slice): Promise<number> => {
    const { meter } = (await gatelog.bench('/bench/fill', what)) as Filled;
    return meter.rowsWritten / what.count;
  };
  const other = { ...slice, from: FRESH_PLACE + FLUSH_EVENTS };
  return {
    fresh: await write(slice),
    repeated: await write(slice),
    begun: await write({ ...other, change: 'begin' }),
    finished: await write({ ...other, change: 'finish' }),
  };
}

/** Measures the floors. */
export async function measureFloors({ gatelog, end }: Setting): Promise<Floors> {
  const nothing: number[] = [];
  let [select, insert] = [0, 0];
  for (let run = 0; run < FLOOR_RUNS; run++) {
    nothing.push((await gatelog.ask({ path: '/bench/nothing' })).milliseconds);
    select += ((await gatelog.bench('/bench/select')) as Timed).seconds;
    insert += ((await gatelog.bench('/bench/insert')) as Timed).seconds;
  }
  const slice: Slice = { kind: 'tool_call', from: FRESH_PLACE, count: BARE_EVENTS, end };
  const { rows, trigrams } = (await gatelog.bench('/bench/bare', slice)) as BareInserts;
  return {
    nothing: median(nothing),
    // The clock of a Worker counts whole milliseconds, of which only the mean says more.
    select: (select / FLOOR_RUNS) * 1000,
    insert: (insert / FLOOR_RUNS) * 1000,
    bareInsert: BARE_EVENTS / rows,
    bareTrigrams: BARE_EVENTS / trigrams,
  };
}

async function post({ gatelog, end }: Setting, callSize: number): Promise<Ingested> {
  const bodies = Array.from({ length: BODIES }, (_, body) => bodyAt(callSize, body, end));
  const bytesBefore = await databaseBytes(gatelog);
  const latencies: number[] = [];
  const last: string[] = [];
  let [calls, refused, acknowledged] = [0, 0, 0];
  const startedAt = performance.now();
  const client = async (): Promise<void> => {
    while (calls < CALLS_MAX && performance.now() - startedAt < POSTING_MILLISECONDS) {
      const call = calls++;
      const body = (bodies[call % BODIES] ?? '').replaceAll(CALL_MARK, String(call));
      const { status, text, milliseconds, retryAfterSeconds } = await gatelog.ask({
        path: '/v1/events',
        body,
      });
      if (status === 503) {
        refused += 1;
        await new Promise((resolve) => setTimeout(resolve, retryAfterSeconds * 1000));
        continue;
      }
      if (status !== 202) throw new Error(`POST /v1/events: ${status} ${text.slice(0, 200)}`);
      latencies.push(milliseconds);
      acknowledged += callSize;
      last.push(idOf(callSize, String(call), callSize - 1));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const postedAt = performance.now();
  // The log is flushed in the order of acknowledgement, so the last of each client are the last of all.
  for (const id of last.slice(-CLIENTS)) await untilReadable(gatelog, id);
  const readableAt = performance.now();
  return {
    callSize,
    acknowledged: acknowledged / ((postedAt - startedAt) / 1000),
    readable: acknowledged / ((readableAt - startedAt) / 1000),
    p50: median(latencies),
    p99: quantile(latencies, 0.99),
    refused,
    bytes: ((await databaseBytes(gatelog)) - bytesBefore) / acknowledged,
  };
}

function bodyAt(callSize: number, body: number, end: number): string {
  const events = Array.from({ length: callSize }, (_, place) =>
    wireOf(
      eventAt('tool_call', 2 * FRESH_PLACE + body * callSize + place, end),
      idOf(callSize, CALL_MARK, place),
    ),
  );
  return JSON.stringify(events);
}

function idOf(callSize: number, call: string, place: number): string {
  return `posted-${callSize}-${call}-${place}`;
}

/** Looks into the table by its unique index, so that waiting takes no time from the flush that it waits for. */
async function untilReadable(gatelog: Gatelog, id: string): Promise<void> {
  const deadline = performance.now() + READABLE_MILLISECONDS_MAX;
  const statement = { sql: 'SELECT 1 AS found FROM tool_calls WHERE id = ?1', params: [id] };
  for (;;) {
    const [answered] = (await gatelog.bench('/bench/sql', [statement])) as readonly Answered[];
    if (answered?.rows.length === 1) return;
    if (performance.now() > deadline) throw new Error(`${id} was acknowledged and never became readable`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
}

async function databaseBytes(gatelog: Gatelog): Promise<number> {
  const [answered] = (await gatelog.bench('/bench/sql', [{ sql: 'SELECT 1' }])) as readonly Answered[];
  return answered?.bytes ?? NaN;
}
