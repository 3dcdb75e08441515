/** Raw lines for one server: what a call of several lines becomes (contracts/server-logs.md, "The line parser"). */
import { expect, test } from 'vitest';
import { world } from '../world.ts';

const LINES = [
  '2024-01-01T12:00:00Z ERROR boom',
  'Traceback (most recent call last):',
  '  File "a.py", line 1',
  'ValueError: x',
  '',
  '{"level":50,"time":1704110401000,"msg":"a","pid":7}',
  '2024-01-01T12:00:02.000000001Z stderr P b',
  '2024-01-01T12:00:02.000000002Z stderr F c\r',
].join('\n');

test('continuations fold and parts are joined', async () => {
  const { ask, json, workspace } = await world();
  const path = `/v1/workspaces/${workspace}/servers/echo/logs`;
  const posted = await ask(`${path}?wait=true`, { body: LINES });
  expect(await posted.json()).toEqual({ accepted: 3, rejected: [], readable: true });
  expect((await json(path)).logs).toMatchObject([
    { timestamp: '2024-01-01T12:00:02Z', level: 'info', message: 'bc' },
    { timestamp: '2024-01-01T12:00:01Z', level: 'error', message: 'a' },
    {
      timestamp: '2024-01-01T12:00:00Z',
      level: 'error',
      message: 'boom\nTraceback (most recent call last):\n  File "a.py", line 1\nValueError: x',
    },
  ]);
});

test('`?fold=false` keeps each line apart, those without a time at the time of receipt', async () => {
  const { ask, json, workspace } = await world();
  const path = `/v1/workspaces/${workspace}/servers/echo/logs`;
  const before = Date.now();
  const posted = await ask(`${path}?wait=true&fold=false`, { body: LINES });
  expect(await posted.json()).toEqual({ accepted: 6, rejected: [], readable: true });
  const { logs } = await json(path);
  expect(logs.map(({ message }: { message: string }) => message)).toEqual([
    'ValueError: x',
    '  File "a.py", line 1',
    'Traceback (most recent call last):',
    'bc',
    'a',
    'boom',
  ]);
  expect(Date.parse(logs[2].timestamp)).toBeGreaterThanOrEqual(before);
});

test('blank lines alone are no event', async () => {
  const { ask, workspace } = await world();
  const response = await ask(`/v1/workspaces/${workspace}/servers/echo/logs`, { body: '\n \r\n' });
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ accepted: 0, rejected: [] });
});

test('times that no event can have stay in the message; a day ahead is refused alone', async () => {
  const { ask, json, workspace } = await world();
  const path = `/v1/workspaces/${workspace}/servers/echo/logs`;
  const body = ['0001-01-01T00:00:00Z ERROR old', '2050-01-01T00:00:00Z INFO new'].join('\n');
  const posted = await ask(`${path}?wait=true`, { body });
  expect(await posted.json()).toMatchObject({ accepted: 1, rejected: [{ index: 1 }] });
  expect((await json(path)).logs).toMatchObject([
    { level: 'info', message: '0001-01-01T00:00:00Z ERROR old' },
  ]);
});
