/** Bodies of requests: what each way in is sent, whole and broken, and how it is packed. */
import * as fc from 'fast-check';
import { ModelRequestBody, ServerLogBody, ToolCallBody } from '../../src/event/draft-schema.ts';
import { DOORS } from '../api/door-cases.ts';
import { encodeLogs, encodeTraces, pairsOf } from '../producers/otlp-encoder.ts';
import type { World } from '../world.ts';
import { mutated, mutatedBytes } from './mutations.ts';
import { objectOf, valueOf } from './schema-arbitrary.ts';
import { PROJECTS, WORKSPACES } from './seeds.ts';
import { hostileJson, hostileText, INFINITE, NESTED, OWN_MARKER, word } from './values.ts';
import type * as z from 'zod';

/** A body before it is packed. `events` is how many were posted, where that can be told without reading it. */
export type Body = { readonly content: string | Uint8Array; readonly events: number | null };

/** A text longer than one event may be. */
const LONGER_THAN_AN_EVENT = 1_100_000;

/** One more than a call may have, and more bytes than a call may have. */
const TOO_MANY_EVENTS = 5001;
const TOO_MANY_BYTES = 10_485_761;

/** JSON as text, with what JSON.stringify cannot write put in afterwards. */
export function jsonText(value: unknown): string {
  return (JSON.stringify(value) ?? '')
    .replaceAll(`"${INFINITE}"`, '1e309')
    .replaceAll(NESTED, (_, levels: string) => '['.repeat(Number(levels)) + ']'.repeat(Number(levels)));
}

const text = (content: string): Body => ({ content, events: null });

/** What no way in can read. */
export const junk: fc.Arbitrary<Body> = fc.oneof(
  hostileText.map(text),
  hostileJson.map((value) => text(jsonText(value))),
  fc.uint8Array({ maxLength: 200 }).map((content) => ({ content, events: null })),
  fc.constantFrom('{', '[1,', '{"a":1}{"a":2}', '\uFEFF{}', '[]\n[]', 'null', '0', '{}', '[]').map(text),
);

/** JSON of a schema, good or hostile. */
export function jsonOf(schema: z.ZodType, isHostile: boolean): fc.Arbitrary<Body> {
  const good = valueOf(schema, isHostile);
  return (isHostile ? fc.oneof(good, mutated(good)) : good).map((value) => text(jsonText(value)));
}

/** JSON that is one of these examples, or where it is hostile a broken one. */
export function jsonLike(examples: readonly unknown[], isHostile: boolean): fc.Arbitrary<Body> {
  const good = fc.constantFrom(...examples);
  return (isHostile ? mutated(good) : good).map((value) => text(jsonText(value)));
}

const KINDS = { tool_call: ToolCallBody, request: ModelRequestBody, server_log: ServerLogBody };

function event(isHostile: boolean): fc.Arbitrary<unknown> {
  const bodies = Object.entries(KINDS).map(([type, schema]) =>
    objectOf(schema, isHostile).map((body) => ({ type, ...body })),
  );
  const good = fc.oneof(...bodies);
  return isHostile
    ? fc.oneof(
        { weight: 4, arbitrary: good },
        { weight: 2, arbitrary: mutated(good) },
        { weight: 1, arbitrary: hostileJson },
        {
          weight: 1,
          arbitrary: word.map((tool_name) => ({ id: 'twice', tool_name, status: 'processing' })),
        },
      )
    : good;
}

/** Events in every framing of `POST /v1/events`. */
export function events(isHostile: boolean): fc.Arbitrary<Body> {
  const list = fc.array(event(isHostile), { maxLength: 4 });
  const framed = fc.oneof(
    { weight: 4, arbitrary: list.map((all) => ({ content: jsonText(all), events: all.length })) },
    { weight: 1, arbitrary: list.map((all) => ({ content: jsonText({ events: all }), events: all.length })) },
    { weight: 1, arbitrary: event(isHostile).map((one) => text(jsonText(one))) },
    { weight: 1, arbitrary: list.map((all) => text(all.map(jsonText).join('\n'))) },
  );
  if (!isHostile) return framed;
  const broken = fc
    .tuple(list, hostileText)
    .map(([all, line]) => text([...all.map(jsonText), line, '{"tool_name":'].join('\n')));
  const long = fc.constantFrom(LONGER_THAN_AN_EVENT, 200_000).map((length) => ({
    content: jsonText([{ tool_name: 'long', arguments: '"'.repeat(length) }, { tool_name: 'short' }]),
    events: 2,
  }));
  return fc.oneof(
    { weight: 40, arbitrary: framed },
    { weight: 6, arbitrary: broken },
    { weight: 8, arbitrary: junk },
    { weight: 1, arbitrary: long },
    {
      weight: 1,
      arbitrary: fc.constantFrom(`[${'1,'.repeat(TOO_MANY_EVENTS)}1]`, ' '.repeat(TOO_MANY_BYTES)).map(text),
    },
  );
}

/** Lines of log as text. */
export function lines(isHostile: boolean): fc.Arbitrary<Body> {
  const line = fc.constantFrom(
    '2024-01-01T12:00:00Z ERROR boom',
    '[DEBUG] a detail',
    'Traceback (most recent call last):',
    '  File "a.py", line 1',
    'level=warn msg="slow" key=value',
    '{"level":"error","msg":"boom","time":1767225600123}',
    '2024-01-01T12:00:00.000000001Z stdout P half',
    'E0101 12:00:00.000001 1 main.go:10] klog',
    '-----BEGIN RSA PRIVATE KEY-----',
    `said ${OWN_MARKER}`,
    '',
  );
  const any = isHostile ? fc.oneof(line, hostileText) : line;
  return fc.array(any, { minLength: isHostile ? 0 : 1, maxLength: 6 }).map((all) => text(all.join('\n')));
}

const HERE = { project: PROJECTS[0], workspace: WORKSPACES[0] } as World;

/** What a producer sends to its door, from its own documents. */
export function delivery(producer: string, isHostile: boolean): fc.Arbitrary<Body> {
  const examples = DOORS.filter((door) => door.producer === producer).map((door) =>
    door.body(HERE, OWN_MARKER, { extra: 'field' }),
  );
  if (examples.length === 0) throw new Error(`${producer} has no example in door-cases.ts`);
  const good = fc.constantFrom(...examples).map(text);
  if (!isHostile) return good;
  const bytes = fc.constantFrom(...examples).map((example) => new TextEncoder().encode(example));
  const structured = fc.constantFrom(...examples).chain((example) => mutatedText(example));
  return fc.oneof(
    { weight: 6, arbitrary: structured.map(text) },
    { weight: 3, arbitrary: mutatedBytes(bytes).map((content) => ({ content, events: null })) },
    { weight: 1, arbitrary: junk },
    ...(PROTOBUF[producer] === undefined
      ? []
      : [{ weight: 4, arbitrary: mutatedBytes(fc.constant(PROTOBUF[producer])).map(binary) }]),
  );
}

const binary = (content: Uint8Array): Body => ({ content, events: null });

/** A text that is JSON, or has JSON in its lines, with changes inside of it; any other as it is. */
function mutatedText(example: string): fc.Arbitrary<string> {
  const parts = example.split('\n').map((line) => {
    try {
      return mutated(fc.constant(JSON.parse(line) as unknown)).map(jsonText);
    } catch {
      return fc.constant(line);
    }
  });
  return fc.tuple(...parts).map((all) => all.join('\n'));
}

const SPAN = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  name: 'execute_tool get_weather',
  kind: 1,
  startTimeUnixNano: '1767225600100000000',
  endTimeUnixNano: '1767225600500000000',
  attributes: pairsOf({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'get_weather', n: 5 }),
};
const RECORD = {
  timeUnixNano: '1767225600100000000',
  severityNumber: 17,
  body: { stringValue: 'boom' },
  attributes: pairsOf({ ratio: 0.5 }),
};
const RESOURCE = pairsOf({ 'service.name': 'echo', workspace_id: WORKSPACES[0] });

const PROTOBUF: Readonly<Record<string, Uint8Array>> = {
  'otlp-traces': encodeTraces(RESOURCE, [SPAN, SPAN]),
  'otlp-logs': encodeLogs(RESOURCE, [RECORD]),
};
