/** LiteLLM's own proxy for the test of it: installed from PyPI once, and started on this machine. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type Running } from '../local/gatelog.ts';
import { runCommand } from './program.ts';

const REQUIREMENTS = join(import.meta.dirname, 'litellm-requirements.txt');

/** Beside the packages of npm, where it stays until they are installed anew. */
const ENVIRONMENT = join(import.meta.dirname, '../../node_modules/.cache/litellm');

/** Written last, so that an installation that was cut off is not taken for one. */
const INSTALLED = join(ENVIRONMENT, 'installed.txt');

/** Five minutes: one suffices, and a registry that hangs must not hold up the tests for long. */
const INSTALL_MILLISECONDS_MAX = 300_000;

/** How long the proxy may take to come up, in milliseconds; on an idle machine it is five seconds. */
const START_MILLISECONDS_MAX = 90_000;
const POLL_MILLISECONDS = 250;

/** The interpreter that LiteLLM is installed for. */
export const PYTHON = join(ENVIRONMENT, 'bin/python');

/** Installs the proxy where it is not yet. Null when it is there, else why it is not. */
export async function installProxy(): Promise<string | null> {
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === wanted) return null;
  rmSync(ENVIRONMENT, { recursive: true, force: true });
  mkdirSync(ENVIRONMENT, { recursive: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary', ':all:', '--retries', '1'];
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ['python3', ['-m', 'venv', ENVIRONMENT]],
    [PYTHON, [...pip, '--requirement', REQUIREMENTS]],
  ];
  for (const [command, parameters] of steps) {
    const { code, stdout, stderr } = await runCommand(command, parameters, INSTALL_MILLISECONDS_MAX);
    if (code === 0) continue;
    const last = `${stdout}\n${stderr}`
      .trim()
      .split('\n')
      .findLast((line) => line.trim() !== '');
    return `${command.split('/').at(-1)} ${parameters.slice(0, 3).join(' ')}: ${last ?? 'ended by its time limit'}`;
  }
  writeFileSync(INSTALLED, wanted);
  return null;
}

/**
 * Starts the proxy in a folder that has its `config.yaml`.
 * @throws with what it printed, when it does not come up
 */
export async function startProxy(folder: string): Promise<Omit<Running, 'printed'>> {
  const port = await freePort();
  const parameters = ['--config', 'config.yaml', '--host', '127.0.0.1', '--port', String(port)];
  const proxy = spawn(join(ENVIRONMENT, 'bin/litellm'), parameters, {
    cwd: folder,
    detached: true,
    env: {
      ...process.env,
      // What it posts is posted every second, and nothing is fetched from anywhere.
      DEFAULT_FLUSH_INTERVAL_SECONDS: '1',
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      HTTPS_PROXY: 'http://127.0.0.1:9',
      NO_PROXY: '127.0.0.1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  proxy.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  proxy.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const exited = new Promise<void>((resolve) => proxy.once('close', () => resolve()));
  const kill = async () => {
    // The group holds the MCP servers that it started, too.
    if (proxy.pid !== undefined && proxy.exitCode === null) process.kill(-proxy.pid, 'SIGKILL');
    await exited;
  };
  const address = `http://127.0.0.1:${port}`;
  const giveUpAt = Date.now() + START_MILLISECONDS_MAX;
  while (!(await isUp(address))) {
    if (proxy.exitCode !== null || Date.now() > giveUpAt) {
      await kill();
      throw new Error(`LiteLLM did not start: ${printed}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
  }
  return { address, kill };
}

async function isUp(address: string): Promise<boolean> {
  return fetch(`${address}/health/liveliness`).then(
    ({ ok }) => ok,
    () => false,
  );
}
