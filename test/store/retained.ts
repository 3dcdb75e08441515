/** What retention leaves behind, read from the tables themselves, and the model that tells what it should be. */
import { env } from 'cloudflare:workers';
import type { EventOf, Kind } from '../../src/event/event.ts';
import { KINDS } from '../../src/event/event.ts';
import { timeOfKey } from '../../src/event/time-key.ts';
import type { RetentionPolicy } from '../../src/query/retention.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** The defaults of the tests: short, so that few events tell much. */
export const DEFAULTS = {
  tool_call: { payloadDays: 3, rowDays: 6 },
  request: { payloadDays: 3, rowDays: 6 },
  server_log: { payloadDays: 5, rowDays: 2 },
};

const TABLES: Record<Kind, string> = {
  tool_call: 'tool_calls',
  request: 'requests',
  server_log: 'server_logs',
};

/** The fields that go first, as the README tells them. */
const PAYLOAD: Record<Kind, readonly string[]> = {
  tool_call: ['arguments', 'result', 'metadata'],
  request: ['metadata'],
  server_log: ['metadata'],
};

/** What retention makes of an event at some time: nothing, the event without its payload, or the event. */
export function expectedOf(
  event: EventOf[Kind],
  policies: readonly RetentionPolicy[],
  now: number,
): Record<string, unknown> | null {
  const { kind } = event;
  const own = policies.find((each) => each.kind === kind && each.project_id === event.project_id);
  const all = policies.find((each) => each.kind === kind && each.project_id === null);
  // An event without a project has none that could have days of its own.
  const project = event.project_id === null ? undefined : own;
  const rowDays = project?.row_days ?? all?.row_days ?? DEFAULTS[kind].rowDays;
  const payloadDays = project?.payload_days ?? all?.payload_days ?? DEFAULTS[kind].payloadDays;
  if (event.timestamp < now - rowDays * DAY) return null;
  if (event.timestamp >= now - payloadDays * DAY) return { ...event };
  return { ...event, ...Object.fromEntries(PAYLOAD[kind].map((field) => [field, null])) };
}

/** The rows of a kind by their id. */
export async function rowsOf(kind: Kind): Promise<ReadonlyMap<string, Record<string, unknown>>> {
  const { results } = await env.DB.prepare(`SELECT * FROM ${TABLES[kind]}`).all();
  return new Map(results.map((row) => [String(row['id']), row]));
}

/** Everything in the archive: the posted bodies by line, and the names of the objects. */
export async function archived(): Promise<{
  readonly names: readonly string[];
  readonly bodies: readonly Record<string, unknown>[];
}> {
  const { objects } = await env.ARCHIVE.list();
  const names = objects.map(({ key }) => key);
  const texts = await Promise.all(
    names.map(async (name) => {
      const object = await env.ARCHIVE.get(name);
      return new Response(object?.body.pipeThrough(new DecompressionStream('gzip'))).text();
    }),
  );
  const lines = texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
  return { names, bodies: lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

/** Empties the archive. */
export async function emptyArchive(): Promise<void> {
  const { objects } = await env.ARCHIVE.list();
  if (objects.length > 0) await env.ARCHIVE.delete(objects.map(({ key }) => key));
}

/** What any index knows beside the rows, and any counter that is not a recount: it must be nothing. */
export async function leftovers(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const kind of KINDS) {
    const rows = [...(await rowsOf(kind)).values()];
    const keys = new Set(rows.map((row) => row['seq']));
    for (const index of [`${kind}_postings`, `${kind}_texts`]) {
      const { results } = await env.DB.prepare(`SELECT rowid AS seq FROM ${index}`).all<{ seq: number }>();
      for (const { seq } of results) if (!keys.has(seq)) found.push(`${index}: ${seq}`);
      if (index.endsWith('postings') && results.length !== keys.size)
        found.push(`${index}: ${results.length}`);
    }
    const expected = recount(rows);
    const { results } = await env.DB.prepare(
      `SELECT dimension || ' ' || value || ' ' || span || ' ' || start AS name, total FROM counters
        WHERE kind = ? AND dimension IN ('', 'project_id')`,
    )
      .bind(kind)
      .all<{ name: string; total: number }>();
    for (const { name, total } of results)
      if (expected.get(name) !== total) found.push(`${kind} counter ${name}: ${total}`);
    if (results.length !== expected.size) found.push(`${kind} counters: ${results.length}`);
    const empty = await env.DB.prepare('SELECT count(*) AS n FROM counters WHERE total = 0').first<{
      n: number;
    }>();
    if (empty?.n !== 0) found.push(`empty counters: ${empty?.n}`);
  }
  return found;
}

function recount(rows: readonly Record<string, unknown>[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const row of rows) {
    const minute = Math.floor(timeOfKey(Number(row['seq'])) / 60_000);
    const project = String(row['project_id']);
    const values = [' ', ...(project === '' ? [] : [`project_id ${project}`])];
    for (const value of values)
      for (const span of [1, 60, 1440]) {
        const name = `${value} ${span} ${Math.floor(minute / span) * span}`;
        sums.set(name, (sums.get(name) ?? 0) + 1);
      }
  }
  return sums;
}
