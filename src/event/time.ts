/** Reading and writing of times: RFC 3339 text and epoch milliseconds. */

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?([Zz]|[+-]\d{2}:?\d{2})?$/;

/** Which whole millisecond stands for a time that lies between two. */
export type Rounding = 'down' | 'up';

/** A time as it was read: its milliseconds, and whether the text named a zone. */
export type ParsedTime = { readonly milliseconds: number; readonly zoned: boolean };

/**
 * Reads `2024-01-01T12:00:00[.123456789](Z|+02:00)`; a text without a zone is UTC and says so in `zoned`.
 * @param rounding where a fraction finer than a millisecond goes
 * @returns null when it is not such a time, or no such day exists
 */
export function parseTime(text: string, rounding: Rounding = 'down'): ParsedTime | null {
  const match = RFC_3339.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  date.setUTCHours(hour, minute, second);
  const offset = offsetMilliseconds(match[8]);
  if (offset === null) return null;
  const fraction = (match[7] ?? '').padEnd(9, '0');
  const finer = rounding === 'up' && Number(fraction.slice(3)) > 0 ? 1 : 0;
  const milliseconds = date.getTime() - offset + Number(fraction.slice(0, 3)) + finer;
  return { milliseconds, zoned: match[8] !== undefined };
}

function offsetMilliseconds(zone: string | undefined): number | null {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** RFC 3339 in UTC with a fraction only where there is one: `2024-01-01T10:03:00Z`, `…:00.120Z`. */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z');
}
