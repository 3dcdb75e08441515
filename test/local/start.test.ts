/** `npm start` as a newcomer meets it, and the power cut: what was answered with 202 is there after a SIGKILL. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { start, type Running } from './gatelog.ts';

/** How long the log may take to reach D1 after a restart, in milliseconds. */
const READABLE_MILLISECONDS_MAX = 15_000;

const folder = mkdtempSync(join(tmpdir(), 'gatelog-'));
let running: Running | null = null;

afterEach(async () => {
  await running?.kill();
  running = null;
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

test('every event that was acknowledged before a SIGKILL is readable after a restart', async () => {
  running = await start(folder, { ADMIN_KEY: 'key-from-the-environment' });
  const headers = { authorization: 'Bearer key-from-the-environment' };
  expect(running.printed).toContain(running.address);
  expect(running.printed).toContain('key-from-the-environment');
  const { address } = running;
  const acknowledged: string[] = [];
  const posts = Array.from({ length: 40 }, async (_, place) => {
    const body = JSON.stringify(
      Array.from({ length: 25 }, (_each, number) => ({ id: `${place}-${number}`, tool_name: 'tool' })),
    );
    const response = await fetch(`${address}/v1/events`, { method: 'POST', headers, body });
    if (response.status === 202) acknowledged.push(String(place));
  });
  // The cut comes while most calls are still under way.
  await Promise.race(posts);
  await running.kill();
  await Promise.allSettled(posts);
  expect(acknowledged.length).toBeGreaterThan(0);

  running = await start(folder, { ADMIN_KEY: 'key-from-the-environment' });
  const restarted = running.address;
  const readable = async (): Promise<readonly string[]> => {
    const response = await fetch(`${restarted}/api/mcp-logs?limit=1000`, { headers });
    const { logs }: { logs: { id: string }[] } = JSON.parse(await response.text());
    return logs.map((log) => log.id);
  };
  const wanted = acknowledged.flatMap((place) =>
    Array.from({ length: 25 }, (_, number) => `${place}-${number}`),
  );
  await expect
    .poll(async () => new Set(wanted).difference(new Set(await readable())).size, {
      timeout: READABLE_MILLISECONDS_MAX,
    })
    .toBe(0);
  const all = await readable();
  expect(new Set(all).size).toBe(all.length);
});

test('every command of the README works as it stands', async () => {
  running = await start(folder, { ADMIN_KEY: 'gatelog-dev-admin-key' });
  const blocks = [...readFileSync('README.md', 'utf8').matchAll(/```sh\n(.*?)```/gs)].map(
    ([, block]) => block ?? '',
  );
  expect(blocks.length).toBeGreaterThan(3);
  for (const block of blocks) {
    const script = `set -e; curl() { command curl --silent --fail-with-body "$@"; echo; }\n${block}`;
    const here = script.replaceAll('http://127.0.0.1:8787', running.address);
    const run = spawnSync('bash', ['-c', here], { encoding: 'utf8' });
    expect(run.status, `${block}\n${run.stdout}${run.stderr}`).toBe(0);
    for (const answer of run.stdout.trim().split('\n')) {
      const body: unknown = JSON.parse(answer);
      expect(body).not.toMatchObject({ logs: [] });
      expect(body).not.toMatchObject({ data: [] });
    }
  }
});
