/** A real MCP server and client: the README's function posts their calls, and each outcome is read back as it was. */
import { createHash } from 'node:crypto';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import * as z from 'zod';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configurationOf } from './configuration.ts';
import { moduleOf, startPosting, type Posting } from './posting.ts';

const SCREENSHOT = Buffer.from('not really a PNG, but bytes all the same');

type Logged = (transport: Transport, serverLabel: string) => Transport;

let gatelog: Posting;
let logged: Logged;
/** The end of the client is logged under `seen-by-client`, the end of the server under `seen-by-server`. */
let client: Client;

beforeAll(async () => {
  gatelog = await startPosting();
  ({ logged } = await moduleOf<{ logged: Logged }>(configurationOf('An MCP server or client', gatelog)));
  const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
  const server = weatherServer();
  client = new Client({ name: 'test', version: '1.0.0' }, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, () => ({
    model: 'test',
    role: 'assistant',
    content: { type: 'text', text: 'of the model' },
  }));
  await server.connect(logged(serverEnd, 'seen-by-server'));
  await client.connect(logged(clientEnd, 'seen-by-client'));
});
afterAll(async () => {
  await client.close();
  await gatelog.end();
});

function weatherServer(): McpServer {
  const server = new McpServer({ name: 'weather', version: '1.0.0' });
  server.registerTool('get_weather', { inputSchema: { city: z.string() } }, ({ city }) => ({
    content: [{ type: 'text', text: `sunny in ${city}` }],
  }));
  server.registerTool('explode', {}, () => {
    throw new Error('kaput');
  });
  server.registerTool('screenshot', {}, () => ({
    content: [
      { type: 'text', text: 'the page' },
      { type: 'image', mimeType: 'image/png', data: SCREENSHOT.toString('base64') },
    ],
  }));
  // One of its own requests, which it counts from 0, has the id of the call that it is answering.
  server.registerTool('ask_model', {}, async ({ requestId }) => {
    const asked = Array.from({ length: Number(requestId) + 1 }, () =>
      server.server.createMessage({ messages: [], maxTokens: 9 }),
    );
    await Promise.all(asked);
    return { content: [{ type: 'text', text: `asked ${asked.length} times` }] };
  });
  return server;
}

/** The only call of a tool that one end saw. */
async function callOf(toolName: string, serverLabel: string): Promise<Record<string, unknown>> {
  const path = `/api/mcp-logs?tool_names=${toolName}&server_labels=${serverLabel}`;
  const list = () => gatelog.answerOf<{ logs: Record<string, unknown>[] }>(path);
  await expect.poll(async () => (await list()).logs.length).toBe(1);
  return (await list()).logs[0] ?? {};
}

const ENDS = ['seen-by-client', 'seen-by-server'] as const;

test.each(ENDS)('a tool that succeeds, %s', async (end) => {
  if (end === ENDS[0]) await client.callTool({ name: 'get_weather', arguments: { city: 'Paris' } });
  const call = await callOf('get_weather', end);
  expect(call).toMatchObject({
    status: 'success',
    arguments: { city: 'Paris' },
    result: { content: [{ type: 'text', text: 'sunny in Paris' }] },
    latency: expect.any(Number),
  });
  expect(call).not.toHaveProperty('error_details');
});

test.each(ENDS)('a tool that throws, %s', async (end) => {
  if (end === ENDS[0]) expect(await client.callTool({ name: 'explode' })).toMatchObject({ isError: true });
  const call = await callOf('explode', end);
  expect(call).toMatchObject({
    status: 'error',
    result: { isError: true },
    error_details: { is_bifrost_error: false, error: { type: 'tool_error', message: 'kaput' } },
  });
  expect(call['error_details']).not.toHaveProperty('error.code');
});

test.each(ENDS)('a call with bad arguments, %s', async (end) => {
  const asked = { name: 'get_weather', arguments: { city: 7 } };
  if (end === ENDS[0]) await client.callTool(asked);
  const path = `/api/mcp-logs?tool_names=get_weather&server_labels=${end}&status=error`;
  await expect
    .poll(() => gatelog.answerOf(path))
    .toMatchObject({
      logs: [
        {
          arguments: { city: 7 },
          error_details: {
            error: {
              type: 'tool_error',
              code: '-32602',
              message: expect.stringMatching(/^MCP error -32602: /),
            },
          },
        },
      ],
      pagination: { total_count: 1 },
    });
});

test.each(ENDS)('a tool that there is not, %s', async (end) => {
  if (end === ENDS[0]) await client.callTool({ name: 'no_such_tool', arguments: {} });
  expect(await callOf('no_such_tool', end)).toMatchObject({
    status: 'error',
    error_details: {
      error: { type: 'tool_error', code: '-32602', message: expect.stringContaining('no_such_tool') },
    },
  });
});

test.each(ENDS)('an image is kept as its size and its hash, %s', async (end) => {
  if (end === ENDS[0]) await client.callTool({ name: 'screenshot' });
  const { result } = await callOf('screenshot', end);
  expect(result).toEqual({
    content: [
      { type: 'text', text: 'the page' },
      {
        type: 'image',
        mimeType: 'image/png',
        bytes: SCREENSHOT.length,
        sha256: createHash('sha256').update(SCREENSHOT).digest('hex'),
      },
    ],
  });
});

test.each(ENDS)('a request of the server in between is not the outcome of the call, %s', async (end) => {
  if (end === ENDS[0]) await client.callTool({ name: 'ask_model' });
  expect(await callOf('ask_model', end)).toMatchObject({
    status: 'success',
    result: { content: [{ type: 'text', text: expect.stringMatching(/^asked [1-9]\d* times$/) }] },
  });
});

test('an error of the protocol itself is an error with its code', async () => {
  const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
  const bare = new Client({ name: 'bare', version: '1.0.0' });
  const server = new McpServer({ name: 'empty', version: '1.0.0' });
  await server.connect(serverEnd);
  await bare.connect(logged(clientEnd, 'without-tools'));
  await expect(bare.callTool({ name: 'anything' })).rejects.toThrow('-32601');
  expect(await callOf('anything', 'without-tools')).toMatchObject({
    status: 'error',
    error_details: { error: { code: '-32601' } },
  });
  await bare.close();
});
