/** JSONL: events as lines that `POST /v1/events` takes, so that what was written out can be posted again. Pure. */
import type { Event } from '../event/event.ts';
import { formatTime } from '../event/time.ts';

/** One event as a line with its line feed; fields without a value are left out, and so is the time of receipt. */
export function jsonlOf(event: Event): string {
  const { kind, id, timestamp, created_at: _receivedAt, ...fields } = event;
  const present = Object.entries(fields).filter(([, value]) => value !== null);
  return `${JSON.stringify({ type: kind, id, timestamp: formatTime(timestamp), ...Object.fromEntries(present) })}\n`;
}

/** Encodes events one by one, as fast as they are read. */
export function encodeJsonl(events: Iterable<Event> | AsyncIterable<Event>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const source = Symbol.asyncIterator in events ? events[Symbol.asyncIterator]() : events[Symbol.iterator]();
  return new ReadableStream({
    async pull(controller) {
      const next = await source.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(jsonlOf(next.value)));
    },
    async cancel() {
      await source.return?.();
    },
  });
}
