/** What a raw line says once it is taken apart, whatever form it had. */
import type { Json, JsonObject, Level } from './event.ts';
import { levelOfWord } from './level.ts';

/** A line taken apart. Null stands for what the line does not say. */
export type ParsedLine = {
  /** Epoch milliseconds, within what an event can have. */
  readonly timestamp: number | null;
  readonly level: Level | null;
  readonly message: string;
  /** What else the line says and no field of an event holds; absent when there is nothing. */
  readonly metadata?: JsonObject;
};

/** Words that say no more than the level they mean. */
const PLAIN_WORDS = new Set(['debug', 'info', 'warn', 'warning', 'err', 'error', 'crit', 'critical']);

/**
 * Puts a parsed line together.
 * @param further what goes into its metadata
 */
export function parsedLine(
  timestamp: number | null,
  level: Level | null,
  message: string,
  further: readonly (readonly [string, Json])[] = [],
): ParsedLine {
  const line = { timestamp, level, message };
  return further.length === 0 ? line : { ...line, metadata: Object.fromEntries(further) };
}

/**
 * The original word of a level as metadata, so that `notice` and `alert` survive (producers.md, "Level mapping").
 * @returns nothing for a word that is the level itself or short for it
 */
export function severityText(word: string): readonly (readonly [string, Json])[] {
  return PLAIN_WORDS.has(word.toLowerCase()) ? [] : [['severity_text', word]];
}

/** A level word at the start of a line: the level, what is kept of the word, and the text after it. */
export type LeadingLevel = {
  readonly level: Level;
  readonly further: readonly (readonly [string, Json])[];
  readonly rest: string;
};

/**
 * What a pattern that begins with a level says of a text.
 * @param pattern anchored at the start; its first group that matched is the level word
 * @returns null when it does not match, or the word is no level
 */
export function takeLevel(text: string, pattern: RegExp): LeadingLevel | null {
  const match = pattern.exec(text);
  const word = match?.slice(1).find((group) => group !== undefined);
  const level = word === undefined ? null : levelOfWord(word);
  if (match === null || word === undefined || level === null) return null;
  return { level, further: severityText(word), rest: text.slice(match[0].length) };
}
