/** LiteLLM's own proxy posts requests and MCP tool calls, configured as the README says. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { start, type Running } from '../local/gatelog.ts';
import { configurationOf } from './configuration.ts';
import { installProxy, PYTHON, startProxy } from './litellm-proxy.ts';

/** How long events may take from the proxy to a list, in milliseconds. */
const READABLE = { timeout: 30_000 };

const MASTER_KEY = 'sk-master-4fTz81QmWc05LhYd';
const UNKNOWN_KEY = 'sk-nobody-Hq83VbYt16KdXm09';
const PROVIDER_KEY = 'sk-provider-Zk27PwRn94BxVe61';

/** Two models that answer without being asked, at OpenAI's prices, and an MCP server. */
const WORLD = `
model_list:
  - model_name: openai/gpt-4o
    litellm_params: { model: openai/gpt-4o, api_key: ${PROVIDER_KEY}, mock_response: Hello there }
  - model_name: openai/gpt-4o-mini
    litellm_params: { model: openai/gpt-4o-mini, api_key: ${PROVIDER_KEY}, mock_response: litellm.RateLimitError }
general_settings:
  master_key: ${MASTER_KEY}
mcp_servers:
  weather:
    transport: stdio
    command: ${PYTHON}
    args: [weather.py]
`;

const MCP_SERVER = `
from mcp.server.fastmcp import FastMCP

server = FastMCP("weather")


@server.tool()
def get_weather(city: str) -> dict:
    if city == "Atlantis":
        raise ValueError("no such city")
    return {"temp_c": 21}


server.run()
`;

const missing = await installProxy();
// The reporter counts what is skipped, and nobody would know why.
if (missing !== null)
  process.stderr.write(`\nLiteLLM is not tested, since it cannot be installed: ${missing}\n`);

type Proxy = Awaited<ReturnType<typeof startProxy>>;

describe.skipIf(missing !== null)(`LiteLLM${missing === null ? '' : ` (skipped: ${missing})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatelog-litellm-'));
  const data = join(folder, 'data');
  let gatelog: Running;
  let isOver = false;
  let proxy: Proxy | null = null;

  beforeAll(async () => {
    gatelog = await start(data, { ADMIN_KEY: 'gatelog-dev-admin-key' });
  });

  afterEach(async () => {
    await proxy?.kill();
    proxy = null;
  });

  afterAll(async () => {
    if (!isOver) await gatelog?.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  /** Starts the proxy with what the README says, and with files beside its configuration. */
  async function proxyWith(logging: string, files: Readonly<Record<string, string>> = {}): Promise<Proxy> {
    const place = mkdtempSync(join(folder, 'proxy-'));
    const all = { 'config.yaml': `${logging}${WORLD}`, 'weather.py': MCP_SERVER, ...files };
    mkdirSync(place, { recursive: true });
    for (const [name, text] of Object.entries(all)) writeFileSync(join(place, name), text);
    proxy = await startProxy(place);
    return proxy;
  }

  async function complete({ address }: Proxy, model: string, key = MASTER_KEY) {
    const response = await fetch(`${address}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], user: 'ada' }),
    });
    return { status: response.status, answer: JSON.parse(await response.text()) as unknown };
  }

  async function callTools({ address }: Proxy, ...cities: readonly string[]): Promise<void> {
    const client = new Client({ name: 'test', version: '1.0.0' });
    const headers = { 'x-litellm-api-key': `Bearer ${MASTER_KEY}` };
    const url = new URL(`${address}/mcp/`);
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }));
    const { tools } = await client.listTools();
    for (const city of cities) await client.callTool({ name: tools[0]?.name ?? '', arguments: { city } });
    await client.close();
  }

  async function read(path: string): Promise<never> {
    const headers = { authorization: 'Bearer gatelog-dev-admin-key' };
    return JSON.parse(await (await fetch(`${gatelog.address}${path}`, { headers })).text()) as never;
  }

  async function requests(): Promise<readonly { readonly id: string; readonly model: string }[]> {
    const { data: rows }: { data: { id: string; model: string }[] } = await read('/v1/requests');
    // Listing tools is a request, too, and each client does it as often as it likes.
    return rows.filter(({ model }) => !model.startsWith('MCP: '));
  }

  async function toolCalls(): Promise<readonly { readonly arguments: unknown }[]> {
    const { logs }: { logs: { arguments: unknown }[] } = await read('/api/mcp-logs');
    return logs;
  }

  test('generic_api posts model requests and tool calls, successes and failures', async () => {
    const running = await proxyWith(configurationOf('LiteLLM', gatelog));
    const success = await complete(running, 'openai/gpt-4o');
    const failure = await complete(running, 'openai/gpt-4o-mini');
    const refused = await complete(running, 'openai/gpt-4o', UNKNOWN_KEY);
    expect([success.status, failure.status]).toEqual([200, 429]);
    expect(refused.status).toBeGreaterThanOrEqual(400);
    await callTools(running, 'Paris', 'Atlantis');

    await expect.poll(toolCalls, READABLE).toMatchObject([
      {
        tool_name: 'get_weather',
        server_label: 'weather',
        arguments: { city: 'Atlantis' },
        status: 'error',
        error_details: { error: { message: expect.stringContaining('no such city') } },
      },
      {
        tool_name: 'get_weather',
        server_label: 'weather',
        arguments: { city: 'Paris' },
        result: { content: [{ type: 'text', text: expect.stringContaining('21') }] },
        status: 'success',
        latency: expect.any(Number),
      },
    ]);
    const { id, usage } = success.answer as {
      id: string;
      usage: { prompt_tokens: number; completion_tokens: number };
    };
    await expect.poll(requests, READABLE).toMatchObject([
      { model: 'openai/gpt-4o', status: refused.status, error: expect.any(String) },
      { model: 'openai/gpt-4o-mini', provider: 'openai', status: 429, error: 'RateLimitError' },
      {
        id,
        model: 'openai/gpt-4o',
        provider: 'openai',
        status: 200,
        input_tokens: usage.prompt_tokens,
        output_tokens: usage.completion_tokens,
        error: null,
      },
    ]);
    const detail: { cost: number; user_id: string } = await read(`/v1/requests/${id}`);
    expect(detail.user_id).toBe('ada');
    // gpt-4o: 2.50 dollars a million tokens in, 10 out.
    expect(detail.cost).toBeCloseTo((usage.prompt_tokens * 2.5 + usage.completion_tokens * 10) / 1e6, 9);
  });

  test('the callback of the README posts tool calls alone', async () => {
    const before = (await requests()).length;
    const running = await proxyWith('litellm_settings:\n  callbacks: [gatelog_calls.calls]\n', {
      'gatelog_calls.py': configurationOf('LiteLLM', { ...gatelog, place: 1 }),
    });
    await complete(running, 'openai/gpt-4o');
    await callTools(running, 'Oslo', 'Atlantis');
    const newest = async () => (await toolCalls()).slice(0, 2);
    await expect.poll(newest, READABLE).toMatchObject([
      { arguments: { city: 'Atlantis' }, status: 'error' },
      { arguments: { city: 'Oslo' }, status: 'success', server_label: 'weather' },
    ]);
    expect(await requests()).toHaveLength(before);
  });

  test('no key of the provider, of the proxy or of a caller is anywhere in the store', async () => {
    expect((await requests()).length).toBeGreaterThan(0);
    await gatelog.kill();
    isOver = true;
    const files = readdirSync(data, { recursive: true, encoding: 'utf8' })
      .map((name) => join(data, name))
      .filter((path) => statSync(path).isFile());
    const stored = files.map((path) => readFileSync(path, 'latin1')).join('\n');
    expect(stored).toContain('RateLimitError');
    for (const key of [PROVIDER_KEY, MASTER_KEY, UNKNOWN_KEY]) expect(stored).not.toContain(key);
  });
});
