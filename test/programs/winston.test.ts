/** winston posts through its own Http transport, configured as the README says. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configurationOf } from './configuration.ts';
import { startPosting, type Posting } from './posting.ts';
import { runProgram } from './program.ts';
import { areBetween, linesOf } from './server-lines.ts';

/** How long lines may take to be readable, in milliseconds. */
const READABLE = { timeout: 15_000 };

/** What winston does with an answer that is no 200 is an event, which nobody hears unless asked to. */
const LISTEN = `logger.transports[0].on('warn', (error) => console.error(error.message));`;

let gatelog: Posting;

beforeAll(async () => {
  gatelog = await startPosting();
});

afterAll(() => gatelog?.end());

test('each record is posted at once, with its level and its time', async () => {
  const earliest = Date.now();
  const program = await runProgram(`${configurationOf('winston', gatelog)}
    ${LISTEN}
    logger.level = 'silly';
    for (const level of ['silly', 'verbose', 'http', 'info', 'warn', 'error']) {
      logger.log({ level, message: 'as ' + level, requestId: 'r1' });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  `);
  const latest = Date.now();
  expect(program).toEqual({ code: 0, stdout: '', stderr: '' });

  await expect
    .poll(() => linesOf(gatelog.address, 'echo'), READABLE)
    .toMatchObject([
      { level: 'error', message: 'as error' },
      { level: 'warning', message: 'as warn' },
      { level: 'info', message: 'as info' },
      { level: 'info', message: 'as http' },
      { level: 'debug', message: 'as verbose' },
      { level: 'debug', message: 'as silly' },
    ]);
  expect(areBetween(await linesOf(gatelog.address, 'echo'), earliest, latest)).toBe(true);
});

test('a batch is posted in one call', async () => {
  const block = configurationOf('winston', gatelog).replace('server_id=echo', 'server_id=batch');
  const batching = block.replace('auth:', 'batch: true, batchInterval: 200, auth:');
  expect(batching).not.toBe(block);
  const program = await runProgram(`
    import http from 'node:http';
    let calls = 0;
    const { request } = http;
    http.request = (...parameters) => { calls++; return request(...parameters); };
    process.on('exit', () => console.log(calls));
    ${batching}
    ${LISTEN}
    for (let number = 0; number < 12; number++) logger.warn('line ' + number);
  `);
  // Ten fill the first call, and the interval ends the second.
  expect(program).toEqual({ code: 0, stdout: '2\n', stderr: '' });

  const messages = async () =>
    (await linesOf(gatelog.address, 'batch')).map(({ level, message }) => `${level}: ${message}`);
  await expect.poll(async () => (await messages()).length, READABLE).toBe(12);
  const wanted = Array.from({ length: 12 }, (_, number) => `warning: line ${number}`);
  expect(new Set(await messages())).toEqual(new Set(wanted));
});

test('a key that is refused is told to who listens', async () => {
  const program = await runProgram(`${configurationOf('winston', { ...gatelog, key: 'no-such-key' })}
    ${LISTEN}
    logger.error('never kept');
  `);
  expect(program).toMatchObject({ code: 0, stderr: 'Invalid HTTP Status Code: 401\n' });
});
