/** Times of shipped records: epoch numbers and digits of any unit, and ISO text, cut to milliseconds without loss. */
import { epochMilliseconds } from './epoch-time.ts';

/** A time; `exact` is its own writing where that is finer than a millisecond, so that it tells records apart. */
export type RecordTime = { readonly milliseconds: number; readonly exact: string | null };

/** Digits after those of milliseconds, by the number of digits in all: an epoch of this age has 13 in milliseconds. */
const MICROSECOND_DIGITS = 16;
const NANOSECOND_DIGITS = 19;

const FRACTION = /^[^.,]*[.,]\d{3}(\d+)/;

/**
 * Reads a time: epoch seconds or milliseconds as a number or digits, micro- and nanoseconds in 16 and 19 digits, ISO
 * text (without a zone it is UTC). Digits are cut as text: nanoseconds do not fit a JavaScript number.
 * @returns null for what is no time, or none that an event can have
 */
export function recordTime(value: unknown): RecordTime | null {
  const digits = String(typeof value === 'number' || typeof value === 'string' ? value : '');
  const cut = cutDigits(digits);
  const milliseconds = epochMilliseconds(cut === null ? value : Number(cut.milliseconds));
  if (milliseconds === undefined) return null;
  const finer = cut === null ? (FRACTION.exec(digits)?.[1] ?? '') : cut.finer;
  return { milliseconds: Math.floor(milliseconds), exact: /[1-9]/.test(finer) ? digits : null };
}

function cutDigits(digits: string): { readonly milliseconds: string; readonly finer: string } | null {
  if (!/^\d+$/.test(digits)) return null;
  if (digits.length !== MICROSECOND_DIGITS && digits.length !== NANOSECOND_DIGITS) return null;
  return { milliseconds: digits.slice(0, 13), finer: digits.slice(13) };
}
