/** What a body of `POST /v1/events` holds: one event, an array, `{"events": […]}`, or one event a line. Pure. */
import { isJsonObject } from '../event/draft-schema.ts';
import type { Posted } from '../event/intake.ts';
import { parsed } from '../producers/json-body.ts';

/** The most events of one call (contracts/events.md). */
export const EVENTS_MAX = 5000;

/** The most bytes of one call after unpacking (contracts/events.md). */
export const BODY_BYTES_MAX = 10 * 1024 * 1024;

/** The most bytes of one event as compact JSON (contracts/events.md). */
export const EVENT_BYTES_MAX = 1024 * 1024;

/**
 * Takes a body apart.
 * @param isLines whether the caller said that it is NDJSON; else that is tried where the whole is not JSON
 * @param foreign what another producer's format makes of a JSON body; null when it is none of those
 * @returns null when it is neither
 */
export function postedEvents(
  text: string,
  isLines: boolean,
  foreign: (body: unknown) => readonly Posted[] | null,
): readonly Posted[] | null {
  const whole = isLines ? null : parsed(text);
  const translated = whole === null ? null : foreign(whole.value);
  if (translated !== null) return translated;
  if (whole !== null) return eventsIn(whole.value).map((body) => ({ body }));
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  if (!isLines && (lines.length < 2 || !isJsonObject(parsed(lines[0] ?? '')?.value))) return null;
  return lines.map((line) => {
    const event = parsed(line);
    return event === null ? { problem: 'line: not JSON' } : { body: event.value };
  });
}

/** The first event that is over the limit, as its place in the call; null when none is. */
export function oversizedEvent(posted: readonly Posted[], bodyBytes: number): number | null {
  // A body within the limit of one event cannot hold one beyond it.
  if (bodyBytes <= EVENT_BYTES_MAX) return null;
  const index = posted.findIndex((item) => 'body' in item && bytesOf(item.body) > EVENT_BYTES_MAX);
  return index === -1 ? null : index;
}

function eventsIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isJsonObject(value) && Array.isArray(value['events']) ? value['events'] : [value];
}

function bytesOf(value: unknown): number {
  try {
    return new TextEncoder().encode(JSON.stringify(value)).length;
  } catch {
    // Nested too deep to be written: admission says so by name.
    return 0;
  }
}
