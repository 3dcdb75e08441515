/** Times as gateways write them: epoch seconds or milliseconds as a number, or ISO text with or without a zone. */
import { EARLIEST_TIME, LATEST_TIME } from '../event/time-key.ts';
import { parseTime } from '../event/time.ts';

/** Numbers below this are seconds: as milliseconds they would lie before March 1973. */
const SECONDS_MAX = 1e11;

/**
 * Reads a time. A text without a zone is UTC.
 * @param value a number, digits or ISO text
 * @returns epoch milliseconds, not always whole; undefined for what is no time, or none that an event can have
 */
export function epochMilliseconds(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  const time =
    typeof number === 'number'
      ? ofNumber(number)
      : typeof value === 'string'
        ? parseTime(value)?.milliseconds
        : undefined;
  return time !== undefined && time >= EARLIEST_TIME && time < LATEST_TIME ? time : undefined;
}

/** The milliseconds between two times, to the microsecond; undefined when one is missing or they run backwards. */
export function millisecondsBetween(start: number | undefined, end: number | undefined): number | undefined {
  return start === undefined || end === undefined || end < start
    ? undefined
    : Math.round((end - start) * 1000) / 1000;
}

/** A second written as a float is a hair off its millisecond: cut to microseconds it is whole again. */
function ofNumber(number: number): number {
  return number < SECONDS_MAX ? Math.round(number * 1e6) / 1e3 : number;
}
