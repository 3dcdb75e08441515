/** What reads cost: the rows that D1 charges for, which are exact on any machine, and the plans behind them. */
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ToolCall } from '../../src/event/event.ts';
import { LEVELS } from '../../src/event/event.ts';
import { ALL_TIME, type Condition, type TimeRange } from '../../src/query/filter.ts';
import { createMeter, type Meter } from '../../src/query/meter.ts';
import type { Query, Question, Sort } from '../../src/query/query.ts';
import { openDatabase } from '../../src/store/database.ts';
import { openEventReader } from '../../src/store/event-reader.ts';
import { toRow } from '../../src/store/event-rows.ts';
import { openEventWriter } from '../../src/store/event-writer.ts';
import { arrivalOf } from '../arbitraries.ts';

const HALF = 10_000;
const PAGE = 50;
const START = Date.parse('2026-01-01T00:00:00Z');
const DAY = 86_400_000;

/** Events lie evenly over thirty days at both sizes, so that a day holds as large a part of them. */
const DAYS = 30;

const meter = createMeter();
const database = openDatabase(env.DB, meter);
const reader = openEventReader(database);

const words = ['weather', 'invoice', 'calendar', 'flight', 'report', 'needle'];

function callAt(place: number, total: number): ToolCall {
  const random = (salt: number): number => ((place * 7919 + salt * 104_729) % 9973) / 9973;
  const word = place % 1000 === 7 ? 'needle' : (words[Math.floor(random(1) * 5)] ?? '');
  const status = place % 33 === 0 ? 'error' : 'success';
  return {
    kind: 'tool_call',
    id: `call-${total}-${place}`,
    timestamp: START + Math.floor((place / total) * DAYS * DAY),
    created_at: START,
    project_id: `project-${place % 5}`,
    workspace_id: null,
    virtual_key_id: `key-${Math.floor(random(2) * 20)}`,
    virtual_key_name: null,
    trace_id: null,
    metadata: null,
    status: place % 500 === 0 ? 'processing' : status,
    outcome: place % 500 === 0 ? null : status === 'error' ? 'timeout' : 'ok',
    tool_name: `tool-${Math.floor(random(3) ** 2 * 40)}`,
    server_label: `server-${place % 8}`,
    arguments: { query: `${word} in ${place}`, page: place % 3 },
    result: { text: `${word} `.repeat(10) },
    error: status === 'error' ? { message: 'upstream failed' } : null,
    latency_ms: place % 10 === 0 ? null : Math.exp(random(4) * 8),
    cost: place % 2 === 0 ? random(5) / 100 : null,
    llm_request_id: `request-${place >> 2}`,
    request_id: null,
    session_id: `session-${place % 300}`,
    sandbox_id: null,
    user_id: `user-${place % 50}`,
    connected_account_id: null,
    auth_config_id: null,
    parent: null,
    source: null,
    message: null,
    level: place % 100 === 0 ? (LEVELS[place % 5] ?? null) : null,
  };
}

async function fill(total: number): Promise<void> {
  const writer = openEventWriter(database);
  for (let start = 0; start < total; start += 1000)
    await writer.write({
      tool_call: Array.from({ length: 1000 }, (_, place) => toRow(arrivalOf(callAt(start + place, total)))),
    });
}

async function cost(run: () => Promise<unknown>): Promise<number> {
  const before = meter.rowsRead;
  await run();
  return meter.rowsRead - before;
}

type Conditions = readonly Condition<'tool_call'>[];

function query(
  conditions: Conditions,
  time: TimeRange = ALL_TIME,
  more: Partial<Query<'tool_call'>> = {},
): Query<'tool_call'> {
  const sort: Sort = { by: 'timestamp', direction: 'desc' };
  return {
    kind: 'tool_call',
    bounds: {},
    filter: { time, conditions },
    sort,
    limit: PAGE,
    offset: 0,
    after: null,
    ...more,
  };
}

const is = (
  field: 'tool_name' | 'server_label' | 'status' | 'outcome' | 'virtual_key_id' | 'project_id' | 'user_id',
  ...values: string[]
) => ({ test: 'in', field, values }) as const;

/** One or two filters of every sort, and what they are called. */
const FILTERS: Record<string, Conditions> = {
  none: [],
  tool: [is('tool_name', 'tool-3')],
  'two tools': [is('tool_name', 'tool-3', 'tool-9')],
  'tool and server': [is('tool_name', 'tool-3'), is('server_label', 'server-2')],
  status: [is('status', 'error')],
  outcome: [is('outcome', 'timeout', 'denied')],
  'status and key': [is('status', 'error'), is('virtual_key_id', 'key-4')],
  project: [is('project_id', 'project-1')],
  'project and user': [is('project_id', 'project-1'), is('user_id', 'user-6')],
  'not a tool': [{ ...is('tool_name', 'tool-0'), not: true }],
  'part of a tool': [{ test: 'contains', field: 'tool_name', text: '-1', ignoreCase: false }],
  'part of a user': [{ test: 'contains', field: 'user_id', text: 'R-4', ignoreCase: true }],
  'slow ones': [{ test: 'between', field: 'latency_ms', min: 500, max: null }],
  nothing: [is('tool_name', 'unknown')],
};

const RANGES: Record<string, TimeRange> = {
  'all of time': ALL_TIME,
  'a day': { from: START + 9 * DAY, until: START + 10 * DAY },
  'a week and no whole hour': { from: START + 9 * DAY + 1_234_567, until: START + 16 * DAY + 7_654_321 },
  'a century': { from: START - 18_250 * DAY, until: START + 18_250 * DAY },
};

const COUNTED = ['none', 'tool', 'two tools', 'status', 'project', 'nothing'];

describe('rows read', () => {
  const atHalf = new Map<string, number>();

  const pageCosts = async (): Promise<Map<string, number>> => {
    const costs = new Map<string, number>();
    for (const [filter, conditions] of Object.entries(FILTERS))
      for (const [range, time] of Object.entries(RANGES))
        costs.set(`${filter}, ${range}`, await cost(() => reader.page(query(conditions, time))));
    return costs;
  };

  beforeAll(async () => {
    await fill(HALF);
    for (const [name, rows] of await pageCosts()) atHalf.set(name, rows);
    await fill(2 * HALF);
  });

  test('a page of 50 with one or two filters in any range reads 200 rows at most, and no more when there are more', async () => {
    for (const [name, rows] of await pageCosts()) {
      expect(rows, name).toBeLessThanOrEqual(200);
      // Where half of the events did not fill a page, there was less to read.
      const before = atHalf.get(name) ?? 0;
      if (before > 2 * PAGE) expect(rows, name).toBeLessThanOrEqual(before * 1.1);
    }
  });

  test.for(COUNTED)('the exact total of %s reads 1,000 rows at most', async (name) => {
    for (const time of [RANGES['all of time'], RANGES['a day'], RANGES['a century']])
      expect(await cost(() => reader.totals(query(FILTERS[name] ?? [], time)))).toBeLessThanOrEqual(1000);
  });

  test.for(COUNTED)('a page of %s at nine tenths reads 10,000 rows at most', async (name) => {
    const total = await reader.count(query(FILTERS[name] ?? []));
    const offset = Math.floor(total * 0.9);
    const rows = await cost(() => reader.page(query(FILTERS[name] ?? [], ALL_TIME, { offset })));
    expect(rows).toBeLessThanOrEqual(2000);
  });

  test.for<[string, Conditions]>([
    ['a rare word', [{ test: 'search', text: 'needle' }]],
    ['a common word', [{ test: 'search', text: 'Weather' }]],
    ['a rare word of a common tool', [is('tool_name', 'tool-0'), { test: 'search', text: 'needle' }]],
    ['a common word of a rare tool', [is('tool_name', 'tool-39'), { test: 'search', text: 'invoice' }]],
    ['no word at all', [{ test: 'search', text: 'xyzzy' }]],
  ])('a search for %s reads 20 rows for each row it gives, and 1,000', async ([, conditions]) => {
    let given = 0;
    const rows = await cost(async () => (given = (await reader.page(query(conditions))).events.length));
    expect(rows).toBeLessThanOrEqual(20 * given + 1000);
  });

  test.for<[string, Sort, Conditions]>([
    ['slowest', { by: 'latency_ms', direction: 'desc' }, []],
    ['fastest', { by: 'latency_ms', direction: 'asc' }, []],
    ['dearest of a tool', { by: 'cost', direction: 'desc' }, [is('tool_name', 'tool-3')]],
  ])('the %s first reads a page, the buckets before it and one bucket', async ([, sort, conditions]) => {
    expect(await cost(() => reader.page(query(conditions, ALL_TIME, { sort })))).toBeLessThanOrEqual(1500);
  });

  test('a page of slow ones after a cursor reads no more than its buckets', async () => {
    const sort: Sort = { by: 'latency_ms', direction: 'desc' };
    const deep = await reader.page(query([], ALL_TIME, { sort, offset: 9000 }));
    const after = deep.next;
    expect(after?.value).toBeGreaterThan(0);
    expect(await cost(() => reader.page(query([], ALL_TIME, { sort, after })))).toBeLessThanOrEqual(1500);
  });

  test('a part of a value reads the values of its dimension and a page', async () => {
    const sessions = 300;
    const part: Conditions = [{ test: 'contains', field: 'session_id', text: 'ion-29', ignoreCase: false }];
    expect(await cost(() => reader.page(query(part)))).toBeLessThanOrEqual(sessions + 200);
    const matches = await reader.count(query(part));
    expect(await cost(() => reader.count(query(part)))).toBeLessThanOrEqual(sessions + matches + 10);
  });

  test('one by its id reads a handful', async () => {
    expect(await cost(() => reader.find('tool_call', `call-${HALF}-77`, {}))).toBeLessThanOrEqual(10);
  });

  test('sums by value and by time read counters, not rows', async () => {
    const question: Question<'tool_call'> = query([], RANGES['a day']);
    expect(await cost(() => reader.totalsByValue(question, 'tool_name', 500))).toBeLessThanOrEqual(1000);
    expect(await cost(() => reader.totalsByTime(question, 3_600_000))).toBeLessThanOrEqual(200);
    expect(await cost(() => reader.totalsByTime(query([]), 30 * DAY))).toBeLessThanOrEqual(200);
  });
});

describe('plans', () => {
  const LOG_TABLE_SCAN = /^SCAN (t|tool_calls|requests|server_logs)\b/;

  async function plansOf(
    run: (reads: ReturnType<typeof openEventReader>) => Promise<unknown>,
  ): Promise<readonly string[]> {
    const asked: D1PreparedStatement[] = [];
    const watched = new Proxy(env.DB, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (name !== 'prepare') return typeof value === 'function' ? value.bind(target) : value;
        return (text: string) => {
          const statement = target.prepare(text);
          const explained = target.prepare(`EXPLAIN QUERY PLAN ${text}`);
          const bind = (...values: unknown[]): D1PreparedStatement => {
            asked.push(explained.bind(...values));
            return statement.bind(...values);
          };
          return new Proxy(statement, {
            get: (inner, key) => (key === 'bind' ? bind : Reflect.get(inner, key)),
          });
        };
      },
    });
    const spent: Meter = createMeter();
    await run(openEventReader(openDatabase(watched, spent)));
    expect(asked.length).toBeGreaterThan(0);
    const plans = await env.DB.batch<{ detail: string }>(asked);
    return plans.flatMap((plan) => plan.results.map((step) => step.detail));
  }

  test('no filter and no sort scans a log table, and the default order needs no sorting', async () => {
    for (const conditions of Object.values(FILTERS))
      for (const time of Object.values(RANGES)) {
        const steps = await plansOf((reads) => reads.page(query(conditions, time)));
        expect(steps.filter((step) => LOG_TABLE_SCAN.test(step))).toEqual([]);
        expect(steps.filter((step) => step.includes('TEMP B-TREE FOR ORDER BY'))).toEqual([]);
      }
  });

  test('neither do searches, sorts by a number, totals and sums', async () => {
    const search: Conditions = [{ test: 'search', text: 'weather' }];
    const steps = await plansOf(async (reads) => {
      await reads.page(query(search));
      await reads.page(query([], ALL_TIME, { sort: { by: 'latency_ms', direction: 'desc' } }));
      await reads.totals(query([]));
      await reads.totals(query(FILTERS['tool and server'] ?? []));
      await reads.totalsByValue(query([]), 'tool_name', 10);
      await reads.totalsByTime(query([]), 3_600_000);
      await reads.find('tool_call', 'call-1', {});
      await reads.exists(query([]));
    });
    expect(steps.filter((step) => LOG_TABLE_SCAN.test(step))).toEqual([]);
  });
});

test('hostile lists and texts stay bounded', async () => {
  const many = Array.from({ length: 10_000 }, (_, place) => `tool-${place}`);
  expect(await cost(() => reader.page(query([is('tool_name', ...many)])))).toBeLessThanOrEqual(2000);
  const unknown = many.map((name) => `${name}-unknown`);
  expect(await cost(() => reader.totals(query([is('tool_name', ...unknown)])))).toBeLessThanOrEqual(2000);
  const text =
    fc.sample(fc.string({ minLength: 1_000_000, maxLength: 1_000_000 }), { numRuns: 1, seed: 1 })[0] ?? '';
  expect(await cost(() => reader.page(query([{ test: 'search', text }])))).toBeLessThanOrEqual(2000);
  expect(await cost(() => reader.page(query([], ALL_TIME, { offset: 2 ** 53 - 1 })))).toBeLessThanOrEqual(
    2000,
  );
});
