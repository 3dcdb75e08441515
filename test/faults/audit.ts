/** The audit after a schedule: what the store holds against what memory allows, and every index against the rows. */
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core';
import { KINDS, type Kind } from '../../src/event/event.ts';
import { identityOf, type Arrival } from '../../src/event/merge.ts';
import { fromRow } from '../../src/store/event-rows.ts';
import { tokensOfRow } from '../../src/store/posting-list.ts';
import { TABLES, type EventRow } from '../../src/store/tables.ts';
import { ingestObject } from '../ingest/faulty-database.ts';
import { COUNTER_SUMS, counterKey, recountCounters } from '../recount.ts';
import { MARK } from './calls.ts';
import type { Ran } from './memory.ts';

/** What is wrong, one sentence each. */
export type Findings = {
  readonly lost: string[];
  readonly doubled: string[];
  readonly merged: string[];
  readonly orphans: string[];
  readonly counters: string[];
  readonly lists: string[];
};

/** How long the log may take to drain once D1 is whole, in milliseconds. */
const DRAIN_MILLISECONDS_MAX = 10_000;

/** How often the log is looked at, in milliseconds. */
const DRAIN_POLL_MILLISECONDS = 20;

/** More events of one kind than a schedule posts, and the most that both lists give at once. */
const LIST_LIMIT = 500;

/** Drives the log to its end: by the alarm, or by any call that wakes the object up. */
export async function drain({ here }: Pick<Ran, 'here'>): Promise<void> {
  const deadline = Date.now() + DRAIN_MILLISECONDS_MAX;
  for (;;) {
    const ready = await here.ask('/readyz', { key: null });
    await ready.text();
    await runDurableObjectAlarm(ingestObject());
    const { waiting, parked } = await inLog();
    if (parked > 0) throw new Error(`${parked} events are parked, though D1 refused none`);
    if (waiting === 0) return;
    if (Date.now() > deadline) throw new Error(`${waiting} entries stay in the log`);
    await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MILLISECONDS));
  }
}

function inLog(): Promise<{ waiting: number; parked: number }> {
  return runInDurableObject(ingestObject(), (_instance, { storage }) => {
    const count = (table: string): number =>
      Number(storage.sql.exec(`SELECT count(*) AS n FROM ${table}`).one()['n']);
    return { waiting: count('wal'), parked: count('parked') };
  });
}

/** Whether events are in the store this moment, each once. Throws when they are not. */
export async function areThere(arrivals: Iterable<Arrival>): Promise<void> {
  for (const { event } of arrivals) {
    const found = await env.DB.prepare(
      `SELECT count(*) AS n FROM ${TABLES[event.kind].rows} WHERE id = ? AND project_id = ?`,
    )
      .bind(event.id, event.project_id)
      .first<{ n: number }>();
    if (found?.n !== 1) throw new Error(`${event.kind} ${event.id} was said to be readable: ${found?.n} are`);
  }
}

/** Compares everything. The store holds what this schedule left and nothing else, since each begins with an empty one. */
export async function audit(ran: Ran): Promise<Findings> {
  const findings = { lost: [], doubled: [], merged: [], orphans: [], counters: [], lists: [] } as Findings;
  const store = await wholeStore();
  const own = store.rows.filter(({ row }) => row.project_id === ran.here.project);
  const arrivals = own.map(({ kind, row }) => arrivalOf(kind, row));
  auditShared(ran, arrivals, findings);
  auditMarked(ran, arrivals, findings);
  auditCounters(store, findings);
  auditIndexes(store, findings);
  await auditLists(ran, arrivals, findings);
  return findings;
}

function arrivalOf(kind: Kind, row: EventRow): Arrival {
  return {
    event: fromRow(kind, row),
    owner: row.owner,
    statusRank: row.status_rank,
    settled: row.settled,
  };
}

/** Each shared identity is in one of the states that memory allows, and once at the most. */
function auditShared({ memory, expected }: Ran, arrivals: readonly Arrival[], findings: Findings): void {
  const found = Map.groupBy(arrivals, identityOf);
  for (const identity of memory.identities()) {
    const [stored, ...doubles] = found.get(identity) ?? [];
    const states = memory.statesOf(identity);
    if (doubles.length > 0) findings.doubled.push(identity);
    if (states.some((state) => comparable(state) === comparable(stored ?? null))) continue;
    if (stored === undefined) findings.lost.push(identity);
    else findings.merged.push(`${comparable(stored)} is none of ${states.map(comparable).join(' or ')}`);
  }
  const known = new Set(memory.identities());
  for (const arrival of arrivals)
    if (!known.has(identityOf(arrival)) && !expected.has(markOf(arrival)))
      findings.doubled.push(`${identityOf(arrival)} was never posted`);
}

/** What of a state can be foretold: all but the time of receipt. */
function comparable(state: Arrival | null): string {
  if (state === null) return 'null';
  const { statusRank, settled, event } = state;
  const { created_at: _received, ...fields } = event;
  const sorted = Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([statusRank, settled, sorted]);
}

/** Each marked event is there as often as it was acknowledged, and no more often than it was posted. */
function auditMarked({ expected }: Ran, arrivals: readonly Arrival[], findings: Findings): void {
  const marks = Map.groupBy(arrivals, markOf);
  for (const [mark, { least, most }] of expected) {
    const times = marks.get(mark)?.length ?? 0;
    if (times < least) findings.lost.push(`${mark}: ${times} of ${least}`);
    if (times > most) findings.doubled.push(`${mark}: ${times}, posted ${most} times`);
  }
}

function markOf({ event }: Arrival): string {
  return MARK.exec(JSON.stringify(event))?.[0] ?? '';
}

type Counter = { kind: string; dimension: string; value: string; span: number; start: number } & Record<
  (typeof COUNTER_SUMS)[number],
  number
>;

/** The store in one transaction, so that nothing changes between its parts. */
type Store = {
  readonly rows: readonly { kind: Kind; row: EventRow; tokens: string }[];
  readonly counters: readonly Counter[];
  /** The rowids in the posting list and in the text index of each kind, by the name of their table. */
  readonly rowids: ReadonlyMap<string, readonly number[]>;
  /** How many rows each term of a posting list leads to. */
  readonly terms: ReadonlyMap<Kind, ReadonlyMap<string, number>>;
};

async function wholeStore(): Promise<Store> {
  const texts = [
    'SELECT * FROM counters',
    ...KINDS.flatMap((kind) => {
      const { rows, postings, texts: indexed, terms } = TABLES[kind];
      const tokens = new SQLiteAsyncDialect().sqlToQuery(tokensOfRow(kind)).sql;
      return [
        `SELECT *, ${tokens} AS tokens FROM ${rows} t`,
        `SELECT rowid FROM ${postings} WHERE ${postings} MATCH 'zz'`,
        `SELECT id AS rowid FROM ${indexed}_docsize`,
        `SELECT term, doc FROM ${terms}`,
      ];
    }),
  ];
  const answers = await env.DB.batch(texts.map((text) => env.DB.prepare(text)));
  const resultsOf = <Row>(place: number): Row[] => (answers[place]?.results ?? []) as Row[];
  const placeOf = (kind: Kind): number => 1 + 4 * KINDS.indexOf(kind);
  return {
    counters: resultsOf<Counter>(0),
    rows: KINDS.flatMap((kind) =>
      resultsOf<EventRow & { tokens: string }>(placeOf(kind)).map(({ tokens, ...row }) => ({
        kind,
        row,
        tokens,
      })),
    ),
    rowids: new Map(
      KINDS.flatMap((kind) =>
        [TABLES[kind].postings, TABLES[kind].texts].map((table, place) => [
          table,
          resultsOf<{ rowid: number }>(placeOf(kind) + 1 + place).map(({ rowid }) => rowid),
        ]),
      ),
    ),
    terms: new Map(
      KINDS.map((kind) => [
        kind,
        new Map(
          resultsOf<{ term: string; doc: number }>(placeOf(kind) + 3).map(({ term, doc }) => [term, doc]),
        ),
      ]),
    ),
  };
}

function auditCounters({ rows, counters }: Store, { counters: findings }: Findings): void {
  const expected = recountCounters(rows.map(({ kind, row }) => arrivalOf(kind, row).event));
  const stored = new Map(
    counters
      .map(
        (counter) =>
          [
            counterKey(counter.kind, counter.dimension, counter.value, counter.span, counter.start),
            COUNTER_SUMS.map((name) => counter[name]),
          ] as const,
      )
      // What was taken off again may leave a zero.
      .filter(([, sums]) => sums.some((sum) => sum !== 0)),
  );
  for (const key of new Set([...expected.keys(), ...stored.keys()])) {
    const [is, should] = [stored.get(key), expected.get(key)];
    if (JSON.stringify(is) !== JSON.stringify(should))
      findings.push(`${key}: ${JSON.stringify(is)} instead of ${JSON.stringify(should)}`);
  }
}

/** Both indexes of a kind have the rows and nothing else, and a row is found by its own tokens and by no other. */
function auditIndexes({ rows, rowids, terms }: Store, { orphans }: Findings): void {
  for (const kind of KINDS) {
    const own = rows.filter((each) => each.kind === kind);
    const seqs = own.map(({ row }) => row.seq).toSorted((a, b) => a - b);
    for (const table of [TABLES[kind].postings, TABLES[kind].texts]) {
      const found = (rowids.get(table) ?? []).toSorted((a, b) => a - b);
      if (JSON.stringify(found) !== JSON.stringify(seqs))
        orphans.push(`${table}: ${found.join()} for the rows ${seqs.join()}`);
    }
    const tokens = own.flatMap((each) => each.tokens.toLowerCase().split(' '));
    const expected = new Map(
      [...Map.groupBy(tokens, (token) => token)].map(([token, all]) => [token, all.length]),
    );
    const found = terms.get(kind) ?? new Map<string, number>();
    for (const term of new Set([...expected.keys(), ...found.keys()]))
      if (expected.get(term) !== found.get(term))
        orphans.push(`${kind} ${term}: ${found.get(term)} instead of ${expected.get(term)} rows`);
  }
}

/** The lists show the same events as the tables, each once, and their totals say so. */
async function auditLists({ here }: Ran, arrivals: readonly Arrival[], { lists }: Findings): Promise<void> {
  const idsOf = (kind: Kind): string[] =>
    arrivals.flatMap(({ event }) => (event.kind === kind ? event.id : [])).toSorted();
  const calls = await here.json(`/api/mcp-logs?limit=${LIST_LIMIT}`);
  const requests = await here.json(`/v1/requests?limit=${LIST_LIMIT}&project_id=${here.project}`);
  const shown = [
    ['tool_call', calls.logs, calls.pagination.total_count],
    ['request', requests.data, requests.total],
  ] as const;
  for (const [kind, events, total] of shown) {
    const ids = (events as { id: string }[]).map(({ id }) => id).toSorted();
    if (JSON.stringify(ids) !== JSON.stringify(idsOf(kind)) || total !== ids.length)
      lists.push(`${kind}: ${ids.join()}, in all ${total}, for ${idsOf(kind).join()}`);
  }
}

/** Empties the store for the next schedule. */
export async function empty(): Promise<void> {
  const tables = KINDS.flatMap((kind) => {
    const { rows, postings, texts } = TABLES[kind];
    return [
      `DELETE FROM ${rows}`,
      ...[postings, texts].map((index) => `INSERT INTO ${index}(${index}) VALUES ('delete-all')`),
    ];
  });
  await env.DB.batch(['DELETE FROM counters', ...tables].map((text) => env.DB.prepare(text)));
}
