/** Binary content of MCP results, and what stays of a body without its content. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { replaceBinaryContent } from '../../src/event/content.ts';
import { draftOf } from '../../src/event/draft.ts';
import type { Json } from '../../src/event/event.ts';
import { withoutContent } from '../../src/event/without-content.ts';

// SHA-256 of "hello", from FIPS 180-4 implementations at large.
const HELLO = { bytes: 5, sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824' };

describe('binary content', () => {
  test('images, audio and blobs become their size and hash; everything else stays', async () => {
    const text = { type: 'text', text: 'aGVsbG8=' };
    const link = { type: 'resource_link', uri: 'file:///a', name: 'a' };
    const note = { type: 'resource', resource: { uri: 'file:///b', text: 'aGVsbG8=' } };
    const result = {
      content: [
        text,
        { type: 'image', data: 'aGVsbG8=', mimeType: 'image/png' },
        { type: 'audio', data: 'aGVsbG8', mimeType: 'audio/wav', annotations: { priority: 1 } },
        link,
        note,
        { type: 'resource', resource: { uri: 'file:///c', mimeType: 'application/pdf', blob: 'aGVs\nbG8=' } },
      ],
      structuredContent: { data: 'aGVsbG8=' },
      isError: false,
    };
    expect(await replaceBinaryContent(result)).toEqual({
      ...result,
      content: [
        text,
        { type: 'image', mimeType: 'image/png', ...HELLO },
        { type: 'audio', mimeType: 'audio/wav', annotations: { priority: 1 }, ...HELLO },
        link,
        note,
        { type: 'resource', uri: 'file:///c', mimeType: 'application/pdf', ...HELLO },
      ],
    });
  });

  test.each<[string, Json]>([
    ['malformed', { content: [{ type: 'image', data: 'not base64!', mimeType: 'image/png' }] }],
    ['one letter over', { content: [{ type: 'image', data: 'aGVsb', mimeType: 'image/png' }] }],
    [
      'no text',
      { content: [{ type: 'image', data: 5 }, { type: 'resource', resource: 'x' }, null, 'x', []] },
    ],
    ['replaced before', { content: [{ type: 'image', mimeType: 'image/png', ...HELLO }] }],
    ['no content', { content: 'aGVsbG8=' }],
    ['a text', 'aGVsbG8='],
    ['null', null],
  ])('left as it is: %s', (_case, result) => {
    expect(replaceBinaryContent(result)).toBe(result);
  });

  test('any value is safe, and any bytes are counted', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        const content = await replaceBinaryContent({ content: [value as Json] });
        expect(content).toEqual({ content: [value] });
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1 }), async (bytes) => {
        const data = btoa(String.fromCharCode(...bytes));
        expect(await replaceBinaryContent({ content: [{ type: 'image', data }] })).toMatchObject({
          content: [{ type: 'image', bytes: bytes.length }],
        });
      }),
    );
  });
});

describe('without content', () => {
  const eventOf = (body: unknown): unknown => {
    const result = draftOf(withoutContent(body));
    return 'draft' in result ? result.draft.event : result;
  };

  test('a tool call keeps its fields and what its result proves', () => {
    const result = { isError: true, content: [{ type: 'text', text: 'MCP error -32602: PRIVATE' }] };
    const body = {
      tool_name: 'search',
      arguments: { q: 'PRIVATE' },
      result,
      message: 'PRIVATE',
      latency_ms: 5,
    };
    expect(withoutContent(body)).toEqual({
      tool_name: 'search',
      latency_ms: 5,
      status: 'error',
      outcome: 'protocol_error',
      error: { type: 'tool_error', code: '-32602' },
    });
    expect(eventOf({ tool_name: 'a', error: 'PRIVATE' })).toMatchObject({ status: 'error', error: {} });
    expect(eventOf({ tool_name: 'a', error: { message: 'PRIVATE', code: 5 } })).toMatchObject({
      status: 'error',
      error: { code: '5' },
    });
    expect(eventOf({ tool_name: 'a', result: 'PRIVATE' })).toMatchObject({ status: 'success', result: null });
  });

  test.each([
    [{ result: { resultType: 'input_required', inputRequests: ['PRIVATE'] } }, 'success', 'input_required'],
    [{ status: 'processing', result: { resultType: 'input_required' } }, 'processing', null],
    [{ error: 'PRIVATE', result: { resultType: 'input_required' } }, 'error', 'tool_error'],
    [{ result: { isError: true }, outcome: 'denied' }, 'error', 'denied'],
    [{ result: { isError: true }, outcome: 'ok' }, 'error', 'tool_error'],
    [{ error: 'MCP error -32001: PRIVATE' }, 'error', 'timeout'],
    [{ error: { message: 'MCP error -32601: PRIVATE' } }, 'error', 'protocol_error'],
  ])('of %j the outcome stays', (fields, status, outcome) => {
    expect(eventOf({ tool_name: 'a', ...fields })).toMatchObject({ status, outcome });
    expect(JSON.stringify(eventOf({ tool_name: 'a', ...fields }))).not.toContain('PRIVATE');
  });

  test('a request keeps its status', () => {
    const body = { model: 'm', provider: 'p', status: 500, error: 'PRIVATE', input_tokens: 3 };
    expect(eventOf(body)).toMatchObject({ status: 500, error: null, input_tokens: 3 });
  });

  test('a line keeps its time and level', () => {
    const home = { workspace_id: '11111111-1111-4111-8111-111111111111', server_id: 'echo' };
    expect(eventOf({ ...home, line: '2026-01-01T12:00:00Z ERROR PRIVATE' })).toMatchObject({
      kind: 'server_log',
      timestamp: Date.UTC(2026, 0, 1, 12),
      level: 'error',
      message: '',
    });
    expect(eventOf({ type: 'server_log', ...home, message: 'PRIVATE' })).toMatchObject({
      message: '',
      level: 'info',
    });
  });

  test('metadata keeps what is no content', () => {
    const metadata = {
      region: 'eu',
      input_tokens: 4,
      messages: ['PRIVATE'],
      'gen_ai.input.messages': 'PRIVATE',
      error_str: 'PRIVATE',
      error_information: { error_class: 'APIError', error_message: 'PRIVATE', traceback: 'PRIVATE' },
      'exception.stacktrace': 'PRIVATE',
      deep: [{ request: { json: 'PRIVATE' }, request_id: 'r' }],
    };
    expect(withoutContent({ tool_name: 'a', metadata, response: 'PRIVATE', host: 'h' })).toEqual({
      tool_name: 'a',
      metadata: {
        region: 'eu',
        input_tokens: 4,
        error_information: { error_class: 'APIError' },
        deep: [{ request_id: 'r' }],
      },
      host: 'h',
    });
  });

  test.each([null, 5, 'text', []])('no object stays: %s', (body) => {
    expect(withoutContent(body)).toBe(body);
  });
});
