/** Bodies that are not as they should be: what can be kept is kept, the rest is counted, and nothing goes silently. */
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { world, type World } from '../world.ts';
import { DOORS, type DoorCase } from './door-cases.ts';
import { refusalOf } from './door-envelopes.ts';

const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);

/** UTF-16 with the byte order mark that its reader finds it by. */
function utf16(text: string, isLittleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * text.length + 2));
  for (const [place, unit] of [0xfeff, ...Array.from(text, (letter) => letter.charCodeAt(0))].entries())
    view.setUint16(2 * place, unit, isLittleEndian);
  return new Uint8Array(view.buffer);
}

/** What became of a delivery: its status, how many events the store has, how many the answer counts as refused. */
type Outcome = { readonly status: number; readonly stored: number; readonly refused: number };

async function outcomeOf(door: DoorCase, here: World, body: string | Uint8Array): Promise<Outcome> {
  const headers = { 'content-type': door.type };
  const response = await here.ask(door.path(here), { method: 'POST', headers, body });
  const { status } = response;
  const stored = (await tablesOf(here.project)).reduce((sum, { results }) => sum + results.length, 0);
  const refused = refusedIn(door.producer, await response.clone().text());
  // A refusal of the whole call counts nothing, and stands in its own envelope.
  if (status >= 400 && refused === 0) await refusalOf(door.producer)(response);
  return { status, stored, refused };
}

function refusedIn(producer: string, answer: string): number {
  if (producer === 'loki') return answer.split('\n').filter((line) => line.startsWith('entry ')).length;
  const body = JSON.parse(answer === '' ? '{}' : answer);
  if (producer === 'elasticsearch')
    return (body.items ?? []).filter((item: object) => Object.values(item)[0].status === 400).length;
  const { rejectedSpans, rejectedLogRecords } = body.partialSuccess ?? {};
  return Number(rejectedSpans ?? rejectedLogRecords ?? body.rejected?.length ?? 0);
}

async function rowsOf({ project }: World): Promise<string> {
  return JSON.stringify((await tablesOf(project)).map(({ results }) => results));
}

function tablesOf(project: string): Promise<D1Result[]> {
  const tables = ['tool_calls', 'requests', 'server_logs'];
  return env.DB.batch(
    tables.map((table) => env.DB.prepare(`SELECT * FROM ${table} WHERE project_id = ?`).bind(project)),
  );
}

const REFUSED: Outcome = { status: 400, stored: 0, refused: 0 };
const rejected = (refused: number): Outcome => ({ status: 400, stored: 0, refused });
const kept = (stored: number, refused: number): Outcome => ({ status: 200, stored, refused });

/** Bodies that are none of the door's, and what becomes of them where nothing else is said below. */
const ALIEN = {
  truncated: null,
  text: 'hello there',
  number: '7',
  null: 'null',
  list: '[[1,2],{"a":[]},"x",null]',
  deep: '['.repeat(20_000) + ']'.repeat(20_000),
  bytes: new Uint8Array([0x80, 0x81, 0, 1, 2, 0xff]),
} as const;
type Alien = keyof typeof ALIEN;

const same = (outcome: Outcome): Record<Alien, Outcome> =>
  Object.fromEntries(Object.keys(ALIEN).map((name) => [name, outcome])) as Record<Alien, Outcome>;

const records = {
  ...same(REFUSED),
  number: rejected(1),
  null: rejected(1),
  list: rejected(4),
  deep: rejected(1),
};
/** Objects and texts are lines there. */
const shipped = { ...records, list: kept(2, 2) };

const OUTCOMES: Readonly<Record<string, Record<Alien, Outcome>>> = {
  litellm: records,
  portkey: records,
  kong: records,
  helicone: records,
  'otlp-traces': same(REFUSED),
  'otlp-logs': same(REFUSED),
  'fluent-bit': shipped,
  vector: shipped,
  winston: shipped,
  pino: shipped,
  // What is no JSON is a line of syslog or any other.
  syslog: { ...same(kept(1, 0)), list: kept(2, 2), deep: rejected(1) },
  // What does not begin as JSON does is taken for the protobuf that Loki itself would read.
  loki: { ...same(REFUSED), text: { ...REFUSED, status: 415 }, bytes: { ...REFUSED, status: 415 } },
  // A document that is cut short is an error of its item.
  elasticsearch: { ...same(REFUSED), truncated: kept(0, 1) },
};

describe.for(DOORS.map((door) => [door.name, door] as const))('%s', ([, door]) => {
  test.for(Object.keys(ALIEN) as Alien[])('%s', async (name) => {
    const here = await world();
    const body = ALIEN[name] ?? door.body(here, 'words').trimEnd().slice(0, -12);
    expect(await outcomeOf(door, here, body)).toEqual(OUTCOMES[door.name]?.[name]);
  });

  test('nothing at all is an empty batch', async () => {
    const here = await world();
    for (const body of ['', '\n'])
      expect(await outcomeOf(door, here, body)).toEqual({ status: door.status, stored: 0, refused: 0 });
  });

  test('a byte order mark, UTF-16, and letters of another charset', async () => {
    const whole = { status: door.status, stored: door.events, refused: 0 };
    const readBack = async (bytesOf: (text: string) => Uint8Array): Promise<string> => {
      const here = await world();
      expect(await outcomeOf(door, here, bytesOf(door.body(here, 'caf\u00E9 noir')))).toEqual(whole);
      return rowsOf(here);
    };
    expect(await readBack((text) => encoded(`\uFEFF${text}`))).toContain('caf\u00E9 noir');
    expect(await readBack((text) => utf16(text, true))).toContain('caf\u00E9 noir');
    expect(await readBack((text) => utf16(text, false))).toContain('caf\u00E9 noir');
    const latin = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    expect(await readBack(latin)).toContain('caf\uFFFD noir');
  });

  test('fields that nobody knows are kept', async () => {
    const here = await world();
    const body = door.body(here, 'words', { field_of_mine: 'as it was' });
    expect((await outcomeOf(door, here, body)).stored).toBe(door.events);
    const shown = await rowsOf(here);
    expect(shown).toContain('field_of_mine');
    expect(shown).toContain('as it was');
  });

  test('a record whose fields have other types is kept or counted, and the one beside it is kept', async () => {
    const here = await world();
    const { status, stored, refused } = await outcomeOf(door, here, withMistyped(door, here));
    expect(stored).toBeGreaterThanOrEqual(door.events);
    expect(stored + refused).toBeGreaterThan(door.events);
    expect(status).toBe(door.name === 'loki' ? 400 : 200);
  });
});

/** A delivery with a second record beside its own, in which every value has another type. */
function withMistyped(door: DoorCase, here: World): string {
  const body = door.body(here, 'words');
  switch (door.name) {
    case 'syslog':
      return `[{"MESSAGE":"boom"},{"MESSAGE":{"a":1},"ISODATE":[],"PROGRAM":7}]`;
    case 'elasticsearch':
      return (
        body +
        body
          .split('\n')
          .map((line, place) => (place === 1 ? mistypedText(line) : line))
          .join('\n')
          .replace('doc-1', 'doc-2')
      );
    case 'loki':
      return body.replace('"values":[', '"values":[[1767225600100000000,{"a":1}],');
    case 'otlp-traces':
    case 'otlp-logs': {
      const [top = '', rest = ''] = body.split(/(?<="(?:spans|logRecords)":\[)/);
      const record = rest.slice(0, rest.lastIndexOf(']}]}]}'));
      return `${top}${mistypedText(record)},${rest}`;
    }
    default:
      return `[${body.trim().replace(/^\[|\]$/g, '')},${mistypedText(body.trim().replace(/^\[|\]$/g, ''))}]`;
  }
}

/** What makes a record of OTLP ours stays. */
function mistypedText(record: string): string {
  const entries = Object.entries(JSON.parse(record) as object).map(([name, value]: [string, unknown]) =>
    name === 'attributes' || name === 'body' ? [name, value] : [name, otherThan(value)],
  );
  return JSON.stringify(Object.fromEntries(entries));
}

function otherThan(value: unknown): unknown {
  if (typeof value === 'string') return { of: 'another type' };
  return typeof value === 'number' || Array.isArray(value) ? { of: ['another', 'type'] } : 'of another type';
}
