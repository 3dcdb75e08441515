/** Any event and any filter, for the property tests: small alphabets, so that values meet, and hostile ones among them. */
import * as fc from 'fast-check';
import type { EventOf, Json, Kind, Outcome, ToolCallStatus } from '../src/event/event.ts';
import { LEVELS, OUTCOMES, TOOL_CALL_STATUSES } from '../src/event/event.ts';
import { STATUS_RANK, settledFields, type Arrival } from '../src/event/merge.ts';
import { STATUS_OF_OUTCOME } from '../src/event/outcome.ts';
import { storableText } from '../src/event/text.ts';
import { DIMENSIONS, type Condition, type Filter } from '../src/query/filter.ts';

/** The first millisecond in which test events happen. */
export const BASE_TIME = Date.parse('2026-03-01T00:00:00Z');

/** Times are few, so that many events share one. */
const TIMES = 6;

const WORDS = [
  'a',
  'A',
  'ab',
  'a%b',
  'a_b',
  "x' OR 1=1 --",
  '"quoted"',
  'zz NOT',
  'é😀',
  '*',
  '',
  'line\nfeed',
  '\\',
  'NULL',
];

const word = fc.constantFrom(...WORDS);
const anyText = fc
  .oneof(word, fc.string({ unit: 'grapheme', maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 6 }))
  .map(storableText);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 2 });
const number = fc.constantFrom(0, 1, 2.5, 1e-9, 123_456.789, 1e15);
const json = fc.oneof(
  fc.constant(null),
  anyText,
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
  fc.record({ query: fc.string({ unit: 'binary', maxLength: 8 }), deep: fc.array(word, { maxLength: 2 }) }),
) as fc.Arbitrary<Json>;

const time = fc.nat(TIMES - 1).map((offset) => BASE_TIME + offset);
const workspace = fc.constantFrom(
  '11111111-1111-4111-8111-111111111111',
  '22222222-2222-4222-8222-222222222222',
);

function base(project: string) {
  return {
    id: fc.string({
      unit: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', '0', '1', '2', '3'),
      minLength: 12,
      maxLength: 12,
    }),
    timestamp: time,
    created_at: time,
    project_id: fc.constant(project),
    workspace_id: maybe(workspace),
    virtual_key_id: maybe(word.filter((text) => text !== '')),
    trace_id: maybe(word),
    metadata: maybe(fc.record({ note: anyText })),
  };
}

/** One of the outcomes that go with a status, so that each status has its own at every place; null with `processing`. */
export function outcomeAt(status: ToolCallStatus, place: number): Outcome | null {
  const outcomes = OUTCOMES.filter((outcome) => STATUS_OF_OUTCOME[outcome] === status);
  return outcomes[place % outcomes.length] ?? null;
}

const callWithoutEnd = (project: string) =>
  fc.record({
    ...base(project),
    kind: fc.constant('tool_call' as const),
    tool_name: word,
    server_label: maybe(word),
    arguments: json,
    result: json,
    error: maybe(fc.record({ message: anyText, type: word })),
    latency_ms: maybe(number),
    cost: maybe(number),
    virtual_key_name: maybe(word),
    llm_request_id: maybe(word),
    request_id: maybe(word),
    session_id: maybe(word),
    sandbox_id: maybe(word),
    user_id: maybe(word),
    connected_account_id: maybe(word),
    auth_config_id: maybe(word),
    parent: maybe(fc.record({ log_id: word })),
    source: maybe(fc.record({ host: word })),
    message: maybe(anyText),
    level: maybe(fc.constantFrom(...LEVELS)),
  });

const kinds: { [K in Kind]: (project: string) => fc.Arbitrary<EventOf[K]> } = {
  tool_call: (project) =>
    fc
      .tuple(callWithoutEnd(project), fc.constantFrom(...TOOL_CALL_STATUSES), fc.nat(OUTCOMES.length))
      .map(([call, status, place]) => ({ ...call, status, outcome: outcomeAt(status, place) })),
  request: (project) =>
    fc.record({
      ...base(project),
      kind: fc.constant('request' as const),
      model: word,
      provider: word,
      status: fc.constantFrom(200, 201, 404, 429, 500),
      latency_ms: maybe(number),
      input_tokens: maybe(fc.nat()),
      output_tokens: maybe(fc.nat()),
      error: maybe(anyText),
      user_id: maybe(word),
      session_id: maybe(word),
      cost: maybe(number),
    }),
  server_log: (project) =>
    fc.record({
      ...base(project),
      kind: fc.constant('server_log' as const),
      workspace_id: workspace,
      server_id: word,
      message: anyText,
      level: fc.constantFrom(...LEVELS),
      pod_name: maybe(word),
      container_name: maybe(word),
    }),
};

/** Any event of a kind in a project. */
export function anyEvent<K extends Kind>(kind: K, project: string): fc.Arbitrary<EventOf[K]> {
  return kinds[kind](project);
}

/** An event as it arrives when nothing is merged into it. */
export function arrivalOf<K extends Kind>(event: EventOf[K]): Arrival<K> {
  const isProcessing = event.kind === 'tool_call' && event.status === 'processing';
  return {
    event,
    owner: '',
    statusRank: isProcessing ? STATUS_RANK.processing : STATUS_RANK.stated,
    settled: isProcessing ? 0 : settledFields(event),
  };
}

/** Any filter of a kind. */
export function anyFilter<K extends Kind>(kind: K): fc.Arbitrary<Filter<K>> {
  const dimensions: readonly string[] = DIMENSIONS[kind];
  const field = fc.constantFrom(...dimensions.filter((dimension) => dimension !== 'project_id'));
  const value = fc.oneof(
    word,
    fc.constantFrom('200', '404', 'success', 'error', 'processing', 'info', 'ok', 'timeout', 'tool_error'),
    workspace,
  );
  const not = fc.constantFrom({}, { not: true as const });
  const texts: fc.Arbitrary<unknown>[] = [
    fc
      .tuple(field, fc.array(value, { maxLength: 3 }), not)
      .map(([name, values, negation]) => ({ test: 'in', field: name, values, ...negation })),
    fc.tuple(field, value, fc.boolean(), not).map(([name, text, ignoreCase, negation]) => ({
      test: 'contains',
      field: name,
      text,
      ignoreCase,
      ...negation,
    })),
    fc.oneof(word, anyText).map((text) => ({ test: 'search', text })),
  ];
  const measures: fc.Arbitrary<unknown>[] =
    kind === 'server_log'
      ? []
      : [
          fc
            .tuple(fc.constantFrom('latency_ms', 'cost'), maybe(number), maybe(number))
            .map(([name, min, max]) => ({ test: 'between', field: name, min, max })),
        ];
  const bound = maybe(fc.integer({ min: -1, max: TIMES + 1 }).map((offset) => BASE_TIME + offset));
  return fc.record({
    time: fc.record({ from: bound, until: bound }),
    conditions: fc.array(fc.oneof(...texts, ...measures) as fc.Arbitrary<Condition<K>>, { maxLength: 3 }),
  });
}
