/** Elasticsearch's own client writes with `_bulk` and with its bulk helper, configured as the README says. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configurationOf } from './configuration.ts';
import { startPosting, type Posting } from './posting.ts';
import { runProgram } from './program.ts';
import { linesOf } from './server-lines.ts';

/** How long lines may take to be readable, in milliseconds. */
const READABLE = { timeout: 15_000 };

let gatelog: Posting;

beforeAll(async () => {
  gatelog = await startPosting();
});

afterAll(() => gatelog?.end());

/** Runs the README's block and then more; gives what `told` is after it. */
async function toldBy(more: string): Promise<unknown> {
  const program = await runProgram(`${configurationOf('Elasticsearch clients', gatelog)}
    const home = { workspace_id: '550e8400-e29b-41d4-a716-446655440000' };
    ${more}
    console.log(JSON.stringify(told));
  `);
  expect(program).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(program.stdout);
}

test('the client knows the product, and its document is kept', async () => {
  const told = await toldBy('const told = { answer, info: await client.info() };');
  expect(told).toMatchObject({
    answer: { errors: false, items: [{ create: { _index: 'logs', status: 201 } }] },
    info: { version: { number: expect.stringMatching(/^8\./) }, tagline: 'You Know, for Search' },
  });
  await expect
    .poll(() => linesOf(gatelog.address, 'echo'), READABLE)
    .toEqual([{ timestamp: '2026-01-01T12:00:00Z', level: 'error', message: 'tool failed' }]);
});

test('what is refused is an error of its item alone', async () => {
  const told = await toldBy(`const told = await client.bulk({ operations: [
    { index: { _index: 'logs', _id: 'kept' } },
    { ...home, server_id: 'mixed', '@timestamp': '2026-01-01T12:00:01.250Z', level: 'warn', message: 'slow' },
    { index: { _index: 'logs', _id: 'homeless' } },
    { message: 'of no server' },
    { create: { _index: 'logs', _id: 'later' } },
    { ...home, server_id: 'mixed', message: '2026-01-01T12:00:02Z ERROR boom' },
    { delete: { _index: 'logs', _id: 'kept' } },
  ] });`);
  expect(told).toMatchObject({
    errors: true,
    items: [
      { index: { _index: 'logs', _id: 'kept', status: 201 } },
      {
        index: {
          _id: 'homeless',
          status: 400,
          error: { type: 'document_parsing_exception', reason: expect.stringMatching(/^workspace_id: /) },
        },
      },
      { create: { _id: 'later', status: 201 } },
      { delete: { _id: 'kept', status: 400, error: { reason: expect.stringMatching(/^delete: /) } } },
    ],
  });
  await expect
    .poll(() => linesOf(gatelog.address, 'mixed'), READABLE)
    .toEqual([
      { timestamp: '2026-01-01T12:00:02Z', level: 'error', message: 'boom' },
      { timestamp: '2026-01-01T12:00:01.250Z', level: 'warning', message: 'slow' },
    ]);
});

test('the bulk helper counts what was kept and names what was not', async () => {
  const told = await toldBy(`
    const documents = [
      { ...home, server_id: 'helper', '@timestamp': '2026-01-01T12:00:00Z', message: 'one' },
      { message: 'of no server' },
      { ...home, server_id: 'helper', '@timestamp': '2026-01-01T12:00:01Z', message: 'two' },
    ];
    const dropped = [];
    const stats = await client.helpers.bulk({
      datasource: documents,
      onDocument: () => ({ index: { _index: 'logs' } }),
      onDrop: ({ status, document }) => dropped.push({ status, document }),
    });
    const told = { stats, dropped };
  `);
  expect(told).toMatchObject({
    stats: { total: 3, successful: 2, failed: 1, retry: 0, aborted: false },
    dropped: [{ status: 400, document: { message: 'of no server' } }],
  });
  const messages = async () => (await linesOf(gatelog.address, 'helper')).map(({ message }) => message);
  await expect.poll(messages, READABLE).toEqual(['two', 'one']);
});
