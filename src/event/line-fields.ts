/** Lines that are made of named fields, as JSON and logfmt are: which field is the time, the level and the message. */
import type { JsonObject, Level } from './event.ts';
import { levelOfWord } from './level.ts';
import { timeOfValue } from './line-time.ts';
import { parsedLine, severityText, type ParsedLine } from './parsed-line.ts';

/** The names of each, the first that says something wins (contracts/server-logs.md, "The line parser"). */
const LEVEL_NAMES = ['level', 'severity', 'lvl', 'levelname', 'log.level'];
const MESSAGE_NAMES = ['msg', 'message'];
const TIME_NAMES = ['time', 'timestamp', 'ts', '@timestamp'];

/** Words for a level in a field, beside those of any line: winston's and zap's (producers.md, "Level mapping"). */
const FIELD_WORDS: ReadonlyMap<string, Level> = new Map([
  ['silly', 'debug'],
  ['http', 'info'],
  ['dpanic', 'critical'],
]);

/** Where pino's levels begin, highest first. */
const PINO_LEVELS: readonly (readonly [number, Level])[] = [
  [60, 'critical'],
  [50, 'error'],
  [40, 'warning'],
  [30, 'info'],
  [10, 'debug'],
];

/** Pino's own levels and those that users put between them end below it. */
const PINO_LEVEL_END = 100;

/** The longest line whose further fields become metadata; a longer one stays whole as its own message. */
const FIELDS_CHARACTERS_MAX = 128 * 1024;

/**
 * Reads the fields of a line. What is neither time, level nor message goes into the metadata; without a message the
 * text itself is the message, and then there is no metadata, since nothing is lost.
 * @param text the line that has these fields
 * @returns null when no field is a time, a level or a message
 */
export function readFields(fields: JsonObject, text: string): ParsedLine | null {
  const time = firstOf(fields, TIME_NAMES, timeOfValue);
  const level = firstOf(fields, LEVEL_NAMES, levelOfValue);
  const message = firstOf(fields, MESSAGE_NAMES, messageOfValue);
  if (time === null && level === null && message === null) return null;
  if (message === null || text.length > FIELDS_CHARACTERS_MAX)
    return parsedLine(time?.read ?? null, level?.read ?? null, text);
  const used = new Set([time?.name, level?.name, message.name]);
  const further = Object.entries(fields).filter(([name]) => !used.has(name));
  const word = level === null ? null : fields[level.name];
  return parsedLine(time?.read ?? null, level?.read ?? null, message.read, [
    ...further,
    ...(typeof word === 'string' ? severityText(word) : []),
  ]);
}

function firstOf<T>(
  fields: JsonObject,
  names: readonly string[],
  read: (value: unknown) => T | null,
): { name: string; read: T } | null {
  for (const name of names) {
    const value = Object.hasOwn(fields, name) ? read(fields[name]) : null;
    if (value !== null) return { name, read: value };
  }
  return null;
}

function levelOfValue(value: unknown): Level | null {
  if (typeof value === 'string') return levelOfWord(value) ?? FIELD_WORDS.get(value.toLowerCase()) ?? null;
  if (typeof value !== 'number' || value >= PINO_LEVEL_END) return null;
  return PINO_LEVELS.find(([least]) => value >= least)?.[1] ?? null;
}

function messageOfValue(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? value : null;
}
