/** Helicone's own manual logger, configured as the README says, posts tools and requests to models. */
import type { HeliconeManualLogger } from '@helicone/helpers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configurationOf } from './configuration.ts';
import { moduleOf, startPosting, type Posting } from './posting.ts';

let gatelog: Posting;
let logger: HeliconeManualLogger;

beforeAll(async () => {
  gatelog = await startPosting();
  const block = configurationOf('Helicone', gatelog);
  ({ logger } = await moduleOf<{ logger: HeliconeManualLogger }>(block));
});
afterAll(() => gatelog.end());

test('a tool is a tool call', async () => {
  const input = { query: 'weather', limit: 3 };
  const found = await logger.logRequest(
    { _type: 'tool', toolName: 'search_web', input },
    async (recorder) => {
      recorder.appendResults({ status: 'success', message: 'sunny' });
      return 'sunny';
    },
    { 'Helicone-User-Id': 'ada', 'Helicone-Session-Id': 'session-1' },
  );
  expect(found).toBe('sunny');
  await expect
    .poll(() => gatelog.answerOf('/api/mcp-logs?tool_names=search_web'))
    .toMatchObject({
      logs: [
        {
          tool_name: 'search_web',
          status: 'success',
          arguments: input,
          result: { status: 'success', message: 'sunny' },
          latency: expect.any(Number),
        },
      ],
      pagination: { total_count: 1 },
    });
});

test('a tool that failed is an error', async () => {
  const now = Date.now();
  await logger.sendLog(
    { _type: 'tool', toolName: 'send_mail', input: { to: 'ada' } },
    { status: 'error', message: 'invalid recipient' },
    { startTime: now - 202, endTime: now, status: 500 },
  );
  await expect
    .poll(() => gatelog.answerOf('/api/mcp-logs?tool_names=send_mail'))
    .toMatchObject({
      logs: [{ status: 'error', latency: 202, error_details: { error: { message: 'invalid recipient' } } }],
    });
});

test('a request to a model is a request', async () => {
  const messages = [{ role: 'user', content: 'hello' }];
  const now = Date.now();
  await logger.sendLog(
    { model: 'gpt-4o', messages },
    {
      choices: [{ message: { role: 'assistant', content: 'hello Ada' } }],
      usage: { prompt_tokens: 9, completion_tokens: 2 },
    },
    {
      startTime: now - 843,
      endTime: now,
      provider: 'OPENAI',
      additionalHeaders: { 'Helicone-User-Id': 'ada', 'Helicone-Property-Plan': 'free' },
    },
  );
  const list = () => gatelog.answerOf<{ data: { id: string }[] }>('/v1/requests?model=gpt-4o');
  await expect.poll(list).toMatchObject({
    total: 1,
    data: [
      { provider: 'openai', status: 200, latency_ms: 843, input_tokens: 9, output_tokens: 2, error: null },
    ],
  });
  const [request] = (await list()).data;
  expect(await gatelog.answerOf(`/v1/requests/${request?.id}`)).toMatchObject({
    user_id: 'ada',
    metadata: { request: { messages } },
  });
});

test('a stream that failed is a request with its error', async () => {
  const builder = logger.logBuilder({ model: 'gpt-4o-mini', stream: true });
  builder.setError(new Error('connection reset'));
  await builder.sendLog();
  await expect
    .poll(() => gatelog.answerOf('/v1/requests?model=gpt-4o-mini'))
    .toMatchObject({ data: [{ status: 500, error: expect.stringContaining('connection reset') }] });
});
