/** The times in raw lines: at their start, or as the value of a field. */
import { EARLIEST_TIME, LATEST_TIME } from './time-key.ts';
import { parseTime } from './time.ts';

const LEADING_TIME =
  /^(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?)([Zz]| ?[+-]\d{2}:?\d{2})?(?:\s+|$)/;

/** Epoch seconds with a fraction, or epoch milliseconds. */
const EPOCH_DIGITS = /^\d{9,13}(?:\.\d{1,9})?$/;

/** Epoch microseconds or nanoseconds of this century: their first 13 digits are the milliseconds. */
const FINE_EPOCH_DIGITS = /^(\d{13})\d{3}(?:\d{3})?$/;

/** Below it, a number is epoch seconds: as milliseconds it would lie before March 1973. */
const EPOCH_SECONDS_MAX = 1e11;

/**
 * Takes a timestamp off the start of a text; without a zone it is UTC.
 * @returns epoch milliseconds and what follows the white space after it; null where none stands, or none that an event
 * can have, so that such a text stays whole
 */
export function takeTime(text: string): { milliseconds: number; rest: string } | null {
  const match = LEADING_TIME.exec(text);
  if (match === null) return null;
  const milliseconds = timeOfText(`${match[1] ?? ''}${(match[2] ?? '').trimStart()}`);
  return milliseconds === null ? null : { milliseconds, rest: text.slice(match[0].length) };
}

/**
 * The time that the value of a field tells: RFC 3339, or an epoch in seconds or milliseconds as a number or in digits.
 * @returns epoch milliseconds; null for what is no time, or none that an event can have
 */
export function timeOfValue(value: unknown): number | null {
  if (typeof value === 'number') return timeOfNumber(value);
  if (typeof value !== 'string') return null;
  if (EPOCH_DIGITS.test(value)) return timeOfNumber(Number(value));
  const fine = FINE_EPOCH_DIGITS.exec(value)?.[1];
  return fine === undefined ? timeOfText(value) : possible(Number(fine));
}

/** The time of an RFC 3339 text that an event can have, else null. */
export function timeOfText(text: string): number | null {
  return possible(parseTime(text)?.milliseconds ?? null);
}

function timeOfNumber(value: number): number | null {
  // Seconds as a float are a hair off their millisecond; rounded to microseconds they are whole again.
  const milliseconds = value < EPOCH_SECONDS_MAX ? Math.round(value * 1e6) / 1e3 : value;
  return possible(Math.floor(milliseconds));
}

function possible(milliseconds: number | null): number | null {
  if (milliseconds === null) return null;
  return milliseconds >= EARLIEST_TIME && milliseconds < LATEST_TIME ? milliseconds : null;
}
