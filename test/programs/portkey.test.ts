/** Portkey's own gateway, with the README's configs, posts what goes through it; no key of a provider is kept. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configurationOf } from './configuration.ts';
import { COMPLETION, startGateway, startProvider, type Started } from './portkey-gateway.ts';
import { startPosting, type Posting } from './posting.ts';

/** No form gives these away, only the names that they stand under. */
const KEY_OF_CONFIG = 'provider-key-of-the-config';
const KEY_OF_HEADER = 'provider-key-of-the-header';

const MESSAGES = [{ role: 'user', content: 'hello' }];

/** How many requests of each kind are timed, and how much slower the median of the logged ones may be. */
const TIMED = 40;
const SLOWER_MILLISECONDS_MAX = 1000;

type Config = Record<string, unknown>;
type Guardrails = readonly Record<string, unknown>[];

let gatelog: Posting;
let provider: Started;
let gateway: Started;

beforeAll(async () => {
  gatelog = await startPosting();
  provider = await startProvider();
  gateway = await startGateway();
});
afterAll(async () => {
  gateway.end();
  provider.end();
  await gatelog.end();
});

/** A config of the README for the provider of this test; `place` says which. */
function configOf(place: number): Config & { output_guardrails: Guardrails } {
  const block = configurationOf('Portkey', { ...gatelog, place });
  const config = JSON.parse(block) as Config & { output_guardrails: Guardrails };
  expect(config).toMatchObject({ provider: 'openai', api_key: 'sk-…' });
  return { ...config, api_key: KEY_OF_CONFIG, custom_host: `${provider.address}/v1` };
}

function chat(model: string, config: Config, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.address}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${KEY_OF_HEADER}`,
      'x-portkey-config': JSON.stringify(config),
      ...headers,
    },
    body: JSON.stringify({ model, messages: MESSAGES }),
  });
}

/** The row of the only request to a model, and the text of the answer that tells all of it. */
async function requestOf(model: string): Promise<{ row: unknown; detail: string }> {
  const list = () =>
    gatelog.answerOf<{ total: number; data: { id: string }[] }>(`/v1/requests?model=${model}`);
  await expect.poll(async () => (await list()).total).toBe(1);
  const row = (await list()).data[0];
  return { row, detail: await gatelog.textOf(`/v1/requests/${row?.id}`) };
}

test('default.log posts a request, and no key in it is kept', async () => {
  const response = await chat('gpt-4o-mini', configOf(0), {
    'x-portkey-metadata': JSON.stringify({ _user: 'ada', project: 'proj_abc123', plan: 'free' }),
    'x-portkey-trace-id': 'trace-1',
  });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ choices: COMPLETION.choices });
  const { row, detail } = await requestOf('gpt-4o-mini');
  expect(row).toMatchObject({
    provider: 'openai',
    status: 200,
    input_tokens: 9,
    output_tokens: 2,
    project_id: 'proj_abc123',
    error: null,
  });
  const { metadata, ...fields } = JSON.parse(detail) as { metadata: Record<string, unknown> };
  expect(fields).toMatchObject({ user_id: 'ada', trace_id: 'trace-1' });
  expect(metadata).toMatchObject({
    plan: 'free',
    requestType: 'chatComplete',
    request: {
      json: { messages: MESSAGES },
      headers: { authorization: expect.stringMatching(/^\[redacted:.*:[0-9a-f]{8}\]$/) },
    },
    response: { json: { id: COMPLETION.id } },
  });
  for (const secret of [KEY_OF_CONFIG, KEY_OF_HEADER, 'gatelog-dev-admin-key']) {
    expect(detail).not.toContain(secret);
    expect(await gatelog.textOf('/v1/requests')).not.toContain(secret);
  }
});

test('default.webhook posts a request without its headers and lets it through', async () => {
  const config = configOf(1);
  const guardrails = config.output_guardrails.map((guardrail) => ({ ...guardrail, deny: true }));
  const strict = { ...config, input_guardrails: guardrails, output_guardrails: guardrails };
  const response = await chat('gpt-4o', strict);
  // A check that says no, or that cannot be asked, makes it 446 or 246.
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    hook_results: {
      before_request_hooks: [{ verdict: true, checks: [{ verdict: true }] }],
      after_request_hooks: [{ verdict: true, checks: [{ verdict: true }] }],
    },
  });
  const { row, detail } = await requestOf('gpt-4o');
  expect(row).toMatchObject({ provider: 'openai', status: 200, input_tokens: 9, output_tokens: 2 });
  const { metadata } = JSON.parse(detail) as { metadata: { request: object } };
  expect(metadata).toMatchObject({ eventType: 'afterRequestHook' });
  expect(metadata.request).not.toHaveProperty('headers');
});

test('a gatelog that refuses the key turns no request away', async () => {
  const block = configurationOf('Portkey', { ...gatelog, key: 'not-a-key' });
  const config = { ...configOf(0), output_guardrails: JSON.parse(block).output_guardrails as Guardrails };
  const response = await chat('gpt-4.1', config);
  expect(await response.json()).toMatchObject({ choices: COMPLETION.choices });
  expect(await gatelog.answerOf('/v1/requests?model=gpt-4.1')).toMatchObject({ total: 0 });
});

test('the gateway runs no plugin on an answer that is not 200', async () => {
  expect((await chat('busy-1', configOf(0))).status).toBe(429);
  await chat('after-busy', configOf(0));
  await requestOf('after-busy');
  expect(await gatelog.answerOf('/v1/requests?model=busy-1')).toMatchObject({ total: 0 });
});

test('what logging costs a request', async () => {
  const logged = configOf(0);
  const { output_guardrails: guardrails, ...plain } = logged;
  const nowhere = JSON.parse(
    JSON.stringify(guardrails).replaceAll(gatelog.address, provider.address),
  ) as Guardrails;
  const configs = { plain, nowhere: { ...plain, output_guardrails: nowhere }, logged };
  const took = { plain: [] as number[], nowhere: [] as number[], logged: [] as number[] };
  for (let round = 0; round < TIMED; round++) {
    for (const kind of ['plain', 'nowhere', 'logged'] as const) {
      const start = performance.now();
      const response = await chat(`timed-${kind}`, configs[kind]);
      await response.arrayBuffer();
      took[kind].push(performance.now() - start);
      expect(response.status).toBe(200);
    }
  }
  const medians = {
    plain: medianOf(took.plain),
    nowhere: medianOf(took.nowhere),
    logged: medianOf(took.logged),
  };
  console.log(
    `Portkey, medians of ${TIMED}: ${medians.plain.toFixed(1)} ms without a plugin, ${medians.nowhere.toFixed(1)} ms ` +
      `with a sink that answers at once, ${medians.logged.toFixed(1)} ms with gatelog`,
  );
  expect(medians.logged - medians.plain).toBeLessThan(SLOWER_MILLISECONDS_MAX);
  await expect
    .poll(() => gatelog.answerOf('/v1/requests?model=timed-logged'))
    .toMatchObject({ total: TIMED });
  expect(await gatelog.answerOf('/v1/requests?model=timed-plain')).toMatchObject({ total: 0 });
});

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
