/** Portkey's open-source gateway as a process of its own on loopback, and a provider for it that answers at once. */
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';

/** How long the gateway may take to come up, in milliseconds; it plays an animation of a second first. */
const START_MILLISECONDS_MAX = 30_000;
const POLL_MILLISECONDS = 100;

/** The gateway listens on every interface and has no setting for that. */
const ON_LOOPBACK = `import { Server } from 'node:net';
const { listen } = Server.prototype;
Server.prototype.listen = function (port, host, ...rest) {
  return listen.call(this, port, host ?? '127.0.0.1', ...rest);
};`;

/** What the provider answers to every chat. */
export const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_767_225_600,
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hello Ada' } }],
  usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
};

/** Something that was started on an address. */
export type Started = { readonly address: string; readonly end: () => void };

/** A provider that speaks OpenAI's API; it refuses a model whose name begins with `busy`. */
export async function startProvider(): Promise<Started> {
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const isBusy = (JSON.parse(text) as { model?: string }).model?.startsWith('busy') === true;
      response.writeHead(isBusy ? 429 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(isBusy ? { error: { message: 'slow down', type: 'rate' } } : COMPLETION));
    });
  });
  await listening(server);
  return {
    address: addressOf(server),
    end() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Starts the gateway and waits until it answers. */
export async function startGateway(): Promise<Started> {
  const address = await freeAddress();
  const require = createRequire(import.meta.url);
  const gateway = spawn(
    process.execPath,
    [
      `--import=data:text/javascript,${encodeURIComponent(ON_LOOPBACK)}`,
      require.resolve('@portkey-ai/gateway/build/start-server.js'),
      `--port=${new URL(address).port}`,
      '--headless',
    ],
    { stdio: 'ignore' },
  );
  const deadline = Date.now() + START_MILLISECONDS_MAX;
  while (!(await isUp(address))) {
    if (gateway.exitCode !== null || Date.now() > deadline) {
      gateway.kill('SIGKILL');
      throw new Error('The gateway of Portkey did not start');
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
  return { address, end: () => gateway.kill('SIGKILL') };
}

async function isUp(address: string): Promise<boolean> {
  try {
    return (await fetch(address)).ok;
  } catch {
    return false;
  }
}

async function freeAddress(): Promise<string> {
  const server = createServer();
  await listening(server);
  const address = addressOf(server);
  await new Promise((resolve) => server.close(resolve));
  return address;
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
