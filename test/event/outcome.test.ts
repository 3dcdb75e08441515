/** How a tool call ended: the layers stay apart, whoever tells of them and however (producers.md §4). */
import { describe, expect, test } from 'vitest';
import { draftOf } from '../../src/event/draft.ts';
import { OUTCOMES, type ToolCall } from '../../src/event/event.ts';
import { STATUS_RANK } from '../../src/event/merge.ts';

function draft(fields: object) {
  const result = draftOf({ tool_name: 'search', ...fields });
  if ('problem' in result) throw new Error(result.problem);
  return result.draft;
}

const endOf = (fields: object): readonly unknown[] => {
  const { status, outcome } = draft(fields).event as ToolCall;
  return [status, outcome];
};

const failure = (...texts: readonly string[]) => ({
  isError: true,
  content: texts.map((text) => ({ type: 'text', text })),
});

describe('a result', () => {
  test.each([
    [{ content: [{ type: 'text', text: 'sunny' }] }, 'success', 'ok'],
    [{ resultType: 'complete', content: [], isError: false }, 'success', 'ok'],
    [{ resultType: 'input_required', requestState: 's' }, 'success', 'input_required'],
    ['a plain text', 'success', 'ok'],
    [null, 'success', 'ok'],
    [failure('kaput'), 'error', 'tool_error'],
    [failure(), 'error', 'tool_error'],
    [failure('MCP error -32602: Tool search not found'), 'error', 'protocol_error'],
    [failure('kaput', 'MCP error -32602: later'), 'error', 'tool_error'],
    [failure('an MCP error -32602: inside'), 'error', 'tool_error'],
    [{ ...failure('kaput'), resultType: 'input_required' }, 'error', 'tool_error'],
  ])('%j ends as %s, %s', (result, status, outcome) => {
    expect(endOf({ result })).toEqual([status, outcome]);
  });

  test('that failed wins over a status and an outcome that say it did not', () => {
    const result = failure('kaput');
    for (const said of [
      { status: 'success' },
      { status: 'processing' },
      { outcome: 'ok' },
      { status: 'success', outcome: 'ok' },
      { outcome: 'input_required' },
    ])
      expect(endOf({ result, ...said })).toEqual(['error', 'tool_error']);
    expect(draft({ result, outcome: 'ok' }).statusRank).toBe(STATUS_RANK.proven);
  });

  test('that failed leaves the layer to a poster who knows it', () => {
    expect(endOf({ result: failure('not allowed'), outcome: 'denied' })).toEqual(['error', 'denied']);
  });

  test('that asks for input is none of a call that failed or is in flight', () => {
    const result = { resultType: 'input_required' };
    expect(endOf({ result, error: { type: 'timeout' } })).toEqual(['error', 'timeout']);
    expect(endOf({ result, status: 'error' })).toEqual(['error', 'tool_error']);
    expect(endOf({ result, status: 'processing' })).toEqual(['processing', null]);
  });
});

describe('an error', () => {
  test.each([
    [{}, 'tool_error'],
    ['boom', 'tool_error'],
    ['MCP error -32601: Method not found', 'protocol_error'],
    ['MCP error -32001: Request timed out', 'timeout'],
    [{ type: 'tool_error' }, 'tool_error'],
    [{ type: 'tool_error', code: '-32602' }, 'protocol_error'],
    [{ type: 'protocol_error' }, 'protocol_error'],
    [{ type: 'transport_error' }, 'transport_error'],
    [{ type: 'ok' }, 'tool_error'],
    [{ type: 'ValueError' }, 'tool_error'],
    [{ type: 'RuntimeOutputError' }, 'tool_error'],
    [{ type: 'NoConnectedAccount' }, 'tool_error'],
    [{ type: 'timeout' }, 'timeout'],
    [{ type: 'TimeoutError' }, 'timeout'],
    [{ type: 'ConnectionTimeout' }, 'timeout'],
    [{ code: 'ETIMEDOUT' }, 'timeout'],
    [{ code: 'DEADLINE_EXCEEDED' }, 'timeout'],
    [{ type: 'cancelled' }, 'cancelled'],
    [{ type: 'canceled' }, 'cancelled'],
    [{ type: 'aborted' }, 'cancelled'],
    [{ type: 'AbortError' }, 'cancelled'],
    [{ type: 'denied' }, 'denied'],
    [{ type: 'Forbidden' }, 'denied'],
    [{ type: 'unauthorized' }, 'denied'],
    [{ code: 'PERMISSION_DENIED' }, 'denied'],
    [{ type: 'transport' }, 'transport_error'],
    [{ type: 'connection_refused' }, 'transport_error'],
    [{ type: 'Error', code: 'ECONNREFUSED' }, 'transport_error'],
    [{ code: 'UNAVAILABLE' }, 'transport_error'],
    [{ code: -32700 }, 'protocol_error'],
    [{ code: -32600 }, 'protocol_error'],
    [{ code: '-32603' }, 'protocol_error'],
    [{ code: -32002 }, 'protocol_error'],
    [{ code: -32042 }, 'protocol_error'],
    [{ code: -32000 }, 'transport_error'],
    [{ code: -32001 }, 'timeout'],
    [{ code: -32001, status_code: 404 }, 'transport_error'],
    [{ code: -32100 }, 'tool_error'],
    [{ code: 7 }, 'tool_error'],
    [{ type: '-32602' }, 'protocol_error'],
    [{ type: 'timeout', code: -32603 }, 'timeout'],
    [{ code: -32602, status_code: 403 }, 'protocol_error'],
    [{ status_code: 401 }, 'denied'],
    [{ status_code: 403 }, 'denied'],
    [{ status_code: 408 }, 'timeout'],
    [{ status_code: 504 }, 'timeout'],
    [{ status_code: 499 }, 'cancelled'],
    [{ status_code: 429 }, 'transport_error'],
    [{ status_code: 500 }, 'transport_error'],
    [{ status_code: 200, code: '503' }, 'transport_error'],
    [{ status_code: 200 }, 'tool_error'],
    [{ type: '504' }, 'timeout'],
  ])('%j is a %s', (error, outcome) => {
    expect(endOf({ error })).toEqual(['error', outcome]);
  });

  test('says nothing of a call that succeeded or is in flight', () => {
    expect(endOf({ status: 'success', error: { type: 'timeout' } })).toEqual(['success', 'ok']);
    expect(endOf({ status: 'processing', error: { type: 'timeout' } })).toEqual(['processing', null]);
  });
});

describe('an outcome that is posted', () => {
  test.each(OUTCOMES)('%s implies a status, which is held as if it were said', (outcome) => {
    const isSuccess = outcome === 'ok' || outcome === 'input_required';
    expect(endOf({ outcome })).toEqual([isSuccess ? 'success' : 'error', outcome]);
    expect(draft({ outcome }).statusRank).toBe(STATUS_RANK.stated);
  });

  test('wins over what the error would mean', () => {
    expect(endOf({ outcome: 'denied', error: { type: 'timeout' } })).toEqual(['error', 'denied']);
  });

  test('is absent where it is null', () => {
    expect(endOf({ outcome: null })).toEqual(['success', 'ok']);
    expect(draft({ outcome: null }).statusRank).toBe(STATUS_RANK.implied);
  });

  test.each([
    [{ status: 'error', outcome: 'ok' }, 'error', 'tool_error'],
    [{ status: 'success', outcome: 'timeout' }, 'success', 'ok'],
    [{ status: 'processing', outcome: 'ok' }, 'processing', null],
    [{ outcome: 'delivered' }, 'success', 'ok'],
    [{ outcome: { code: 7 } }, 'success', 'ok'],
    [{ outcome: 'ok', result: failure('no') }, 'error', 'tool_error'],
  ])('%j has an outcome of its own, which is kept as metadata', (fields, status, outcome) => {
    expect(endOf(fields)).toEqual([status, outcome]);
    expect(draft(fields).event.metadata).toEqual({ outcome: fields.outcome });
  });

  test('one that is taken is no metadata, and metadata says it first', () => {
    expect(draft({ outcome: 'denied' }).event.metadata).toBeNull();
    expect(draft({ outcome: 'sent', metadata: { outcome: 'mine' } }).event.metadata).toEqual({
      outcome: 'mine',
    });
  });
});
