/** Raw log lines: the documented forms, taken apart into time, level and message. */
import type { Level } from './event.ts';
import { levelOfWord } from './level.ts';
import { parseTime } from './time.ts';

/** What a raw line says: `timestamp` in epoch milliseconds, null where the line has none. */
export type ParsedLine = {
  readonly timestamp: number | null;
  readonly level: Level | null;
  readonly message: string;
};

const LEADING_TIME =
  /^(\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:[Zz]|[+-]\d{2}:?\d{2})?)(?:\s+|$)/;
const BRACKETED_LEVEL = /^\[([A-Za-z]{3,9})\]/;
const LEADING_LEVEL = /^(?:\[([A-Za-z]{3,9})\]:?\s*|([A-Za-z]{3,9})(?::\s*|\s+|$))/;

/** Timestamps that may stand before one line: Kubernetes' own, then the program's. */
const LEADING_TIMES_MAX = 2;

/**
 * Takes a line apart: the first timestamp is its time, and no timestamp stays in the message. A level word directly after the timestamp is taken off the message; a line that begins with
 * a bracketed level keeps its whole text (contracts/server-logs.md, "The line parser").
 * @param line one line, without its line feed
 */
export function parseLine(line: string): ParsedLine {
  let rest = line.replace(/\r$/, '');
  let timestamp: number | null = null;
  for (let times = 0; times < LEADING_TIMES_MAX; times++) {
    const time = takeTime(rest);
    if (time === null) break;
    timestamp ??= time.milliseconds;
    rest = time.rest;
  }
  if (timestamp === null) {
    const word = BRACKETED_LEVEL.exec(rest)?.[1];
    return { timestamp, level: word === undefined ? null : levelOfWord(word), message: rest };
  }
  const match = LEADING_LEVEL.exec(rest);
  const level = match === null ? null : levelOfWord(match[1] ?? match[2] ?? '');
  return { timestamp, level, message: match !== null && level !== null ? rest.slice(match[0].length) : rest };
}

function takeTime(text: string): { milliseconds: number; rest: string } | null {
  const match = LEADING_TIME.exec(text);
  const time = match?.[1] === undefined ? null : parseTime(match[1]);
  return match === null || time === null
    ? null
    : { milliseconds: time.milliseconds, rest: text.slice(match[0].length) };
}
