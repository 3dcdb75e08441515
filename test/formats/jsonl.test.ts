/** JSONL: every line can be posted again, and events are encoded as they are asked for. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { draftOf } from '../../src/event/draft.ts';
import type { Event } from '../../src/event/event.ts';
import { encodeJsonl, jsonlOf } from '../../src/formats/jsonl.ts';
import { anyEvent } from '../arbitraries.ts';

test('a line is one JSON object that says its kind and leaves out what the event has not', () => {
  const [event] = fc.sample(anyEvent('server_log', 'p'), { numRuns: 1, seed: 3 });
  const line = jsonlOf({
    kind: 'server_log',
    id: 'l1',
    timestamp: Date.parse('2026-03-01T10:00:00.120Z'),
    created_at: 1,
    project_id: null,
    workspace_id: event?.workspace_id ?? '',
    virtual_key_id: null,
    trace_id: null,
    metadata: { a: [1, null] },
    server_id: 'echo',
    message: 'two\nlines',
    level: 'info',
    pod_name: null,
    container_name: null,
  });
  expect(line.indexOf('\n')).toBe(line.length - 1);
  expect(JSON.parse(line)).toEqual({
    type: 'server_log',
    id: 'l1',
    timestamp: '2026-03-01T10:00:00.120Z',
    workspace_id: event?.workspace_id,
    metadata: { a: [1, null] },
    server_id: 'echo',
    message: 'two\nlines',
    level: 'info',
  });
});

test('a request or line that is posted again is the same event, but for when it was received', () => {
  fc.assert(
    fc.property(fc.oneof(anyEvent('request', 'p'), anyEvent('server_log', 'p')), (event) => {
      // Names of servers are their last segment and never empty once they were posted.
      if (event.kind === 'server_log' && event.server_id === '') return;
      const { created_at: _receivedAt, ...same } = event;
      expect(draftOf(JSON.parse(jsonlOf(event)))).toMatchObject({ draft: { event: same } });
    }),
  );
});

test('events are read when they are asked for, and no more after a cancellation', async () => {
  const events = fc.sample(anyEvent('request', 'p'), { numRuns: 5, seed: 1 });
  let read = 0;
  let isClosed = false;
  async function* source(): AsyncGenerator<Event> {
    try {
      for (const event of events) {
        read++;
        yield event;
      }
    } finally {
      isClosed = true;
    }
  }
  const reader = encodeJsonl(source()).getReader();
  const first = await reader.read();
  expect(new TextDecoder().decode(first.value)).toBe(jsonlOf(events[0] as Event));
  await reader.cancel();
  expect(read).toBeLessThan(events.length);
  expect(isClosed).toBe(true);
  expect(await new Response(encodeJsonl(events)).text()).toBe(events.map(jsonlOf).join(''));
});
