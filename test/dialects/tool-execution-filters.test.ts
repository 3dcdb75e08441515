/** tool-execution: every field with every operator, and texts that try to be more than texts (contracts/tool-execution.md). */
import { describe, expect, test } from 'vitest';
import { world, type Body, type World } from '../world.ts';

const PATH = '/api/v3.1/logs/tool_execution';

/** Each field of a filter, and the field of a posted event that it means. */
const TEXT_FIELDS = [
  ['tool_slug', 'tool_name'],
  ['toolkit_slug', 'server_label'],
  ['connected_account_id', 'connected_account_id'],
  ['auth_config_id', 'auth_config_id'],
  ['user_id', 'user_id'],
  ['session_id', 'session_id'],
  ['sandbox_id', 'sandbox_id'],
  ['request_id', 'request_id'],
  ['log_id', 'id'],
] as const;

/** What each call of a test is known by, whatever field is under test. */
function marked(mark: string, fields: Body = {}): Body {
  return { tool_name: 'TOOL', metadata: { mark }, ...fields };
}

async function found(here: World, filters: Body[], more: Body = {}): Promise<string[]> {
  const response = await here.ask(PATH, { body: { filters, limit: 100, ...more } });
  expect(response.status).toBe(200);
  const { logs } = await response.json<Body>();
  return logs.map((log: Body) => log.metadata.mark).toSorted();
}

describe.each(TEXT_FIELDS)('%s', (field, posted) => {
  const isOptional = posted !== 'tool_name' && posted !== 'id';

  test('is compared exactly or in part; what lacks it is unequal', async () => {
    const here = await world();
    await here.post([
      marked('alpha', { [posted]: 'Alpha_1' }),
      marked('beta', { [posted]: 'beta%2' }),
      ...(isOptional ? [marked('none')] : []),
    ]);
    const none = isOptional ? ['none'] : [];
    const ask = (operator: string, value: string, more?: Body): Promise<string[]> =>
      found(here, [{ field, operator, value }], more);
    expect(await ask('==', 'Alpha_1')).toEqual(['alpha']);
    expect(await ask('==', 'alpha_1', { case_sensitive: false })).toEqual([]);
    expect(await ask('==', 'Alpha')).toEqual([]);
    expect(await ask('!=', 'Alpha_1')).toEqual(['beta', ...none]);
    expect(await ask('!=', 'other')).toEqual(['alpha', 'beta', ...none]);
    expect(await ask('contains', 'pha')).toEqual(['alpha']);
    expect(await ask('contains', 'PHA')).toEqual([]);
    expect(await ask('contains', 'PHA', { case_sensitive: true })).toEqual([]);
    expect(await ask('contains', 'PHA', { case_sensitive: false })).toEqual(['alpha']);
    expect(await ask('contains', 'a')).toEqual(['alpha', 'beta']);
    expect(await ask('not_contains', 'pha')).toEqual(['beta', ...none]);
    expect(await ask('not_contains', 'ALPHA')).toEqual(['alpha', 'beta', ...none]);
    expect(await ask('not_contains', 'ALPHA', { case_sensitive: false })).toEqual(['beta', ...none]);
    expect(await ask('contains', '_')).toEqual(['alpha']);
    expect(await ask('contains', '%')).toEqual(['beta']);
    expect(await ask('not_contains', '_')).toEqual(['beta', ...none]);
    expect(await ask('==', 'Alpha%')).toEqual([]);
  });

  test('takes every text for nothing but itself', async () => {
    const here = await world();
    const texts = [
      '%',
      '_',
      "x' OR 1=1 --",
      '" OR "',
      'zz NOT *',
      '*',
      '😀é',
      'back\\slash',
      'line\nfeed',
      'NEAR(a b)',
      'nul\0',
      'lone\ud800',
    ];
    await here.post(texts.map((text, index) => marked(String(index), { [posted]: text })));
    for (const [index, value] of texts.entries()) {
      const others = texts.flatMap((_, other) => (other === index ? [] : [String(other)])).toSorted();
      expect(await found(here, [{ field, operator: '==', value }])).toEqual([String(index)]);
      expect(await found(here, [{ field, operator: '!=', value }])).toEqual(others);
      const holders = texts.flatMap((text, other) => (text.includes(value) ? [String(other)] : []));
      expect(await found(here, [{ field, operator: 'contains', value }])).toEqual(holders.toSorted());
    }
  });

  test('may have its longest value', async () => {
    const here = await world();
    const value = 'é'.repeat(posted === 'id' ? 128 : posted === 'tool_name' ? 256 : 1024);
    await here.post([marked('long', { [posted]: value })]);
    expect(await found(here, [{ field, operator: '==', value }])).toEqual(['long']);
    expect(await found(here, [{ field, operator: 'contains', value }])).toEqual(['long']);
  });
});

describe('status', () => {
  test.each([
    ['==', 'success', ['ok']],
    ['==', 'failed', ['no']],
    ['==', 'error', []],
    ['==', 'processing', []],
    ['==', 'Success', []],
    ['!=', 'success', ['no']],
    ['!=', 'failed', ['ok']],
    ['!=', 'processing', ['no', 'ok']],
    ['contains', 'fail', ['no']],
    ['contains', 's', ['ok']],
    ['contains', '', ['no', 'ok']],
    ['contains', 'err', []],
    ['contains', 'FAIL', []],
    ['not_contains', 'fail', ['ok']],
    ['not_contains', 'err', ['no', 'ok']],
    ['not_contains', 'e', []],
  ])('%s %j finds %j', async (operator, value, marks) => {
    const here = await world();
    await here.post([
      marked('ok'),
      marked('no', { status: 'error' }),
      marked('open', { status: 'processing' }),
    ]);
    expect(await found(here, [{ field: 'status', operator, value }])).toEqual(marks);
  });

  test('is compared without case where that is asked for', async () => {
    const here = await world();
    await here.post([marked('ok'), marked('no', { error: 'x' })]);
    const filters = [{ field: 'status', operator: 'contains', value: 'FAIL' }];
    expect(await found(here, filters, { case_sensitive: false })).toEqual(['no']);
  });
});

describe('filters together', () => {
  test('must all hold, twenty of them and on one field alike', async () => {
    const here = await world();
    await here.post([
      marked('both', { server_label: 'gmail', user_id: 'u1', error: 'x' }),
      marked('label', { server_label: 'gmail', user_id: 'u2', error: 'x' }),
      marked('user', { server_label: 'slack', user_id: 'u1', error: 'x' }),
      marked('fine', { server_label: 'gmail', user_id: 'u1' }),
    ]);
    const filters = [
      { field: 'toolkit_slug', operator: '==', value: 'gmail' },
      { field: 'user_id', operator: 'contains', value: '1' },
      { field: 'status', operator: '==', value: 'failed' },
    ];
    expect(await found(here, filters)).toEqual(['both']);
    const others = Array.from({ length: 17 }, (_, index) => ({
      field: 'session_id',
      operator: index % 2 === 0 ? '!=' : 'not_contains',
      value: `s${index}`,
    }));
    expect(await found(here, [...filters, ...others])).toEqual(['both']);
    const contrary = ['gmail', 'slack'].map((value) => ({ field: 'toolkit_slug', operator: '==', value }));
    expect(await found(here, contrary)).toEqual([]);
  });

  test('on an id stand beside a time range and other filters', async () => {
    const here = await world();
    await here.post([marked('one', { id: 'one', timestamp: 1_776_421_500_000, user_id: 'u' })]);
    const named = { field: 'log_id', operator: '==', value: 'one' };
    const within = { from: 1_776_421_500_000, to: 1_776_421_500_001 };
    expect(await found(here, [named], { time_range: within })).toEqual(['one']);
    expect(await found(here, [named], { time_range: { from: 0, to: within.from } })).toEqual([]);
    expect(await found(here, [named, { field: 'user_id', operator: '!=', value: 'u' }])).toEqual([]);
  });
});
