/** The bench Worker: gatelog as it is, and beside it the routes by which the bench fills the store and finds its floors. */
import { createApp, type Bindings } from '../../src/app.ts';
import type { EventOf, Kind } from '../../src/event/event.ts';
import { settledFields, STATUS_RANK } from '../../src/event/merge.ts';
import { FLUSH_BYTES_MAX, FLUSH_EVENTS_MAX } from '../../src/ingest/persist.ts';
import { createMeter, type Meter } from '../../src/query/meter.ts';
import { openDatabase } from '../../src/store/database.ts';
import { mergedColumns, ROW_HEAD, toRow, type RowValues } from '../../src/store/event-rows.ts';
import { openEventWriter } from '../../src/store/event-writer.ts';
import { SEARCH_DEFAULT } from '../../src/store/text-index.ts';
import { eventAt } from './data.ts';

export { Ingest, RateLimiter } from '../../src/index.ts';

/** A slice of the data. `change` makes it the first or the second word about the same calls. */
export type Slice = {
  readonly kind: Kind;
  readonly from: number;
  readonly count: number;
  readonly end: number;
  readonly change?: 'begin' | 'finish';
};

/** What a fill or a flush cost, and how large the database is after it, in bytes. */
export type Filled = { readonly meter: Meter; readonly flushes: number; readonly bytes: number };

/** One statement of a peer, and what it gave and cost. */
export type Statement = { readonly sql: string; readonly params?: readonly unknown[] };
export type Answered = {
  readonly rows: readonly Record<string, unknown>[];
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly bytes: number;
};

/** The seconds that something took, on the clock of the Worker. */
export type Timed = { readonly seconds: number };

const routes: Readonly<Record<string, (env: Bindings, body: never) => Promise<unknown>>> = {
  '/bench/nothing': async () => null,
  '/bench/select': (env) => timed(env, async () => env.DB.prepare('SELECT 1').run()),
  '/bench/insert': insertOne,
  '/bench/fill': fill,
  '/bench/bare': bareInserts,
  '/bench/sql': (env, statements: readonly Statement[]) =>
    Promise.all(statements.map((statement) => answer(env, statement))),
};

const app = createApp();

// oxlint-disable-next-line import/no-default-export -- the runtime takes a Worker's handlers from there
export default {
  async fetch(request: Request, env: Bindings, context: ExecutionContext): Promise<Response> {
    const route = routes[new URL(request.url).pathname];
    if (route === undefined) return app.fetch(request, env, context);
    if (request.headers.get('authorization') !== `Bearer ${env.ADMIN_KEY}`)
      return new Response(null, { status: 401 });
    try {
      return Response.json(
        await route(env, (request.method === 'POST' ? await request.json() : null) as never),
      );
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
};

/** Writes a slice through gatelog's own writer, in flushes as large as those of the ingest object. */
async function fill({ DB }: Bindings, slice: Slice): Promise<Filled> {
  const meter = createMeter();
  const writer = openEventWriter(openDatabase(DB, meter));
  const flushes = flushesOf(rowsOf(slice));
  for (const rows of flushes) await writer.write({ [slice.kind]: rows });
  return { meter, flushes: flushes.length, bytes: (await DB.prepare('SELECT 1').run()).meta.size_after };
}

/** Writes one small row in a transaction of its own. */
async function insertOne(env: Bindings): Promise<Timed> {
  await env.DB.prepare('CREATE TABLE IF NOT EXISTS bench_insert (at INTEGER)').run();
  return timed(env, async () => env.DB.prepare('INSERT INTO bench_insert VALUES (1)').run());
}

/** The seconds of the bare insert, and of that with the trigrams of the same texts beside it. */
export type BareInserts = { readonly rows: number; readonly trigrams: number };

/**
 * Writes the same rows into a table without any index, by one statement a flush: the floor of every writer. Then once
 * more with the texts that a search looks through in a trigram index: the floor of every writer that keeps one.
 */
async function bareInserts(env: Bindings, slice: Slice): Promise<BareInserts> {
  const { seconds: rows } = await bareInsert(env, slice, []);
  const text = `substr(coalesce(value ->> ${columnPlace('error')}, '') || coalesce(value ->> ${columnPlace('arguments')}, '')
    || coalesce(value ->> ${columnPlace('result')}, ''), 1, ${SEARCH_DEFAULT.charactersMax})`;
  await env.DB.prepare(
    `CREATE VIRTUAL TABLE bench_texts USING fts5(text, content='', contentless_delete=1, detail=none, tokenize='trigram')`,
  ).run();
  const index = `INSERT INTO bench_texts (text) SELECT ${text} FROM json_each(?1)`;
  const { seconds: trigrams } = await bareInsert(env, slice, [index]);
  await env.DB.prepare('DROP TABLE bench_texts').run();
  return { rows, trigrams };
}

/** The place of a tool call's column in its row. */
function columnPlace(column: string): number {
  return [...ROW_HEAD, ...mergedColumns('tool_call')].indexOf(column);
}

async function bareInsert(env: Bindings, slice: Slice, beside: readonly string[]): Promise<Timed> {
  const flushes = flushesOf(rowsOf(slice)).map((rows) => JSON.stringify(rows));
  const columns = Array.from({ length: rowsOf({ ...slice, count: 1 })[0]?.length ?? 0 }, (_, place) => place);
  await env.DB.prepare('DROP TABLE IF EXISTS bench_bare').run();
  await env.DB.prepare(`CREATE TABLE bench_bare (${columns.map((place) => `c${place}`).join(', ')})`).run();
  const values = columns.map((place) => `value ->> ${place}`).join(', ');
  const statements = [`INSERT INTO bench_bare SELECT ${values} FROM json_each(?1)`, ...beside];
  const inserts = statements.map((statement) => env.DB.prepare(statement));
  const result = await timed(env, async () => {
    for (const rows of flushes) await env.DB.batch(inserts.map((insert) => insert.bind(rows)));
  });
  await env.DB.prepare('DROP TABLE bench_bare').run();
  return result;
}

async function answer({ DB }: Bindings, { sql, params = [] }: Statement): Promise<Answered> {
  const { results, meta } = await DB.prepare(sql)
    .bind(...params)
    .run();
  return { rows: results, rowsRead: meta.rows_read, rowsWritten: meta.rows_written, bytes: meta.size_after };
}

/** The clock of a Worker stands still between calls to the outside, so one is made before it is read. */
async function timed({ DB }: Bindings, run: () => Promise<unknown>): Promise<Timed> {
  await DB.prepare('SELECT 1').run();
  const startedAt = Date.now();
  await run();
  return { seconds: (Date.now() - startedAt) / 1000 };
}

function rowsOf({ kind, from, count, end, change }: Slice): RowValues[] {
  return Array.from({ length: count }, (_, place) => {
    const event = eventAt(kind, from + place, end);
    return rowOf(change === 'begin' ? begun(event) : event);
  });
}

/** A tool call as it is told when it begins: without an outcome. */
function begun(event: EventOf[Kind]): EventOf[Kind] {
  if (event.kind !== 'tool_call') return event;
  return { ...event, status: 'processing', result: null, error: null, latency_ms: null, cost: null };
}

function rowOf(event: EventOf[Kind]): RowValues {
  const isProcessing = event.kind === 'tool_call' && event.status === 'processing';
  return toRow({
    event,
    owner: '',
    statusRank: isProcessing ? STATUS_RANK.processing : STATUS_RANK.stated,
    settled: isProcessing ? 0 : settledFields(event),
  });
}

function flushesOf(rows: readonly RowValues[]): readonly (readonly RowValues[])[] {
  const flushes: RowValues[][] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = JSON.stringify(row).length;
    const open = flushes.at(-1);
    if (open === undefined || open.length === FLUSH_EVENTS_MAX || bytes + size > FLUSH_BYTES_MAX) {
      flushes.push([row]);
      bytes = size;
    } else {
      open.push(row);
      bytes += size;
    }
  }
  return flushes;
}
