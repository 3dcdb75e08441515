/** pino posts through pino-loki and as plain lines, configured as the README says. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configurationOf } from './configuration.ts';
import { startPosting, type Posting } from './posting.ts';
import { runCommand, runProgram, withProgram } from './program.ts';
import { areBetween, linesOf } from './server-lines.ts';

/** How long lines may take to be readable, in milliseconds. */
const READABLE = { timeout: 15_000 };

let gatelog: Posting;

beforeAll(async () => {
  gatelog = await startPosting();
});

afterAll(() => gatelog?.end());

test('pino-loki posts from its thread', async () => {
  const earliest = Date.now();
  const program = await runProgram(`${configurationOf('pino', gatelog)}
    const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
    logger.info({ tool: 'search' }, 'tool called');
    await pause();
    logger.warn('tool slow');
    await pause();
    logger.error(new Error('boom'));
    await pause();
    logger.fatal('out of memory');
  `);
  const latest = Date.now();
  expect(program).toEqual({ code: 0, stdout: '', stderr: '' });

  await expect
    .poll(() => linesOf(gatelog.address, 'echo'), READABLE)
    .toMatchObject([
      { level: 'critical', message: 'out of memory' },
      { level: 'error', message: 'boom' },
      { level: 'warning', message: 'tool slow' },
      { level: 'info', message: 'tool called' },
    ]);
  expect(areBetween(await linesOf(gatelog.address, 'echo'), earliest, latest)).toBe(true);
});

test('what pino writes is posted as it is', async () => {
  const before = await linesOf(gatelog.address, 'echo');
  const command = configurationOf('pino', { ...gatelog, place: 1 });
  const earliest = Date.now();
  const text = `
    import pino from 'pino';
    const logger = pino({ level: 'debug' });
    logger.debug('a detail');
    await new Promise((resolve) => setTimeout(resolve, 5));
    logger.fatal({ tool: 'search' }, 'gone');
  `;
  const piped = await withProgram(text, (file) => {
    const line = command.replace(/^printf .*? \| curl /s, `'${process.execPath}' '${file}' | curl --silent `);
    expect(line).not.toBe(command);
    return runCommand('bash', ['-c', line]);
  });
  const latest = Date.now();
  expect(piped).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(piped.stdout)).toMatchObject({ accepted: 2, rejected: [] });

  const added = async () => (await linesOf(gatelog.address, 'echo')).slice(0, -before.length || undefined);
  await expect.poll(added, READABLE).toMatchObject([
    { level: 'critical', message: 'gone' },
    { level: 'debug', message: 'a detail' },
  ]);
  expect(areBetween(await added(), earliest, latest)).toBe(true);
});
