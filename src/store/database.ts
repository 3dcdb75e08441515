/** The way to D1: every statement goes through Drizzle, is metered, and fails as a `StoreFailure`. */
import { DrizzleQueryError, sql, type SQL } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core';
import { StoreFailure } from '../query/event-reader.ts';
import type { Meter } from '../query/meter.ts';
import { SEARCH_DEFAULT, type SearchSettings } from './text-index.ts';

/** Runs statements against one database and counts what they cost. */
export interface Database {
  /** How texts are searched in this deployment. */
  readonly search: SearchSettings;
  /** Runs one statement and gives its rows, named as its columns are. */
  rows<Row>(statement: SQL): Promise<readonly Row[]>;
  /** Runs statements as one transaction, all of them or none, and gives the rows that they return, in their order. */
  transaction<Row>(statements: readonly SQL[]): Promise<readonly Row[]>;
}

/** What D1 says, in its error texts, of a failure that passes by itself (platform.md, 1.3). */
const PASSING_FAILURE =
  /overloaded|Network connection lost|storage caused object to be reset|reset because its code was updated|Cannot resolve D1 DB due to transient issue|client disconnected|exceeded timeout|memory limit|CPU time limit/i;

/** What SQLite says when the data itself is at fault, so that trying again cannot help. */
const REFUSAL =
  /constraint failed|datatype mismatch|too big|malformed JSON|SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)/i;

/** Opens a database over a D1 binding or session; `meter` grows with each statement. */
export function openDatabase(
  d1: D1Database | D1DatabaseSession,
  meter: Meter,
  search = SEARCH_DEFAULT,
): Database {
  // Drizzle prepares statements and nothing else, and a session can do that too.
  const db = drizzle(d1 as D1Database);
  return {
    search,
    rows: (statement) => metered(meter, async () => [await db.run(statement)]) as Promise<never[]>,
    transaction: async <Row>(statements: readonly SQL[]): Promise<readonly Row[]> => {
      // Drizzle's own batch cannot bind the parameters of raw statements, so it only writes them here.
      const prepared = statements.map((statement) => {
        const query = new SQLiteAsyncDialect().sqlToQuery(statement);
        return d1.prepare(query.sql).bind(...query.params);
      });
      if (prepared.length === 0) return [];
      return (await metered(meter, () => d1.batch(prepared))) as Row[];
    },
  };
}

async function metered(meter: Meter, run: () => Promise<readonly D1Result[]>): Promise<unknown[]> {
  try {
    const results = await run();
    meter.calls += results.length;
    for (const { meta } of results) {
      meter.rowsRead += meta.rows_read;
      meter.rowsWritten += meta.rows_written;
      meter.milliseconds += meta.duration;
    }
    return results.flatMap(({ results: rows }) => rows ?? []);
  } catch (error) {
    meter.calls += 1;
    const detail = databaseMessage(error);
    const reason = reasonOf(detail);
    meter.failures[reason] = (meter.failures[reason] ?? 0) + 1;
    throw new StoreFailure(reason, detail);
  }
}

/** What the trigger of `writer_order` says: the batch is not at fault, it is only late. */
const OVERTAKEN = /overtaken by a later batch/;

function reasonOf(message: string): StoreFailure['reason'] {
  if (OVERTAKEN.test(message)) return 'failed';
  if (PASSING_FAILURE.test(message)) return 'busy';
  return REFUSAL.test(message) ? 'refused' : 'failed';
}

/** What the database itself said: Drizzle's own message holds every parameter, and so every caller's secret. */
function databaseMessage(error: unknown): string {
  if (error instanceof DrizzleQueryError) return databaseMessage(error.cause);
  return error instanceof Error ? error.message : String(error);
}

/** A time key as a bound integer: D1 binds numbers as reals, and FTS5 seeks by integers alone. */
export function integer(value: number): SQL {
  return sql`CAST(${value} AS INTEGER)`;
}

/** A list of texts as one bound parameter, however long it is: D1 binds 100 parameters at most. */
export function textList(values: readonly string[]): SQL {
  return sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`;
}
