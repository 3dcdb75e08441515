/** A running gatelog for the tests outside of workerd: `npm start` on a free port, with its data in a folder. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

/** A started gatelog. */
export type Running = {
  readonly address: string;
  /** Everything that it printed until it was ready. */
  readonly printed: string;
  /** Ends it as a power cut would: SIGKILL to all of its processes. */
  readonly kill: () => Promise<void>;
};

/** Starts gatelog and waits for the line that tells how to try it. */
export async function start(folder: string, variables: Record<string, string> = {}): Promise<Running> {
  const port = await freePort();
  const worker = spawn('npm', ['start', '--silent', '--', '--persist-to', folder], {
    detached: true,
    env: { ...process.env, PORT: String(port), ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const printed = await new Promise<string>((resolve, reject) => {
    let text = '';
    worker.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('try:') && text.includes('/api/mcp-logs')) resolve(text);
    });
    worker.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    worker.once('exit', () => reject(new Error(`gatelog did not start: ${text}`)));
  });
  return {
    address: `http://127.0.0.1:${port}`,
    printed,
    async kill() {
      // The group holds npm, node, wrangler and workerd alike.
      if (worker.pid !== undefined) process.kill(-worker.pid, 'SIGKILL');
      await exited;
    },
  };
}

/** A port of this machine that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
