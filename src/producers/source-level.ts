/** The levels of loggers and of syslog, as words and as numbers, by the level that they mean. */
import type { Level } from '../event/event.ts';
import { levelOfWord } from '../event/level.ts';

/** Words of single loggers (winston's npm levels, zap) that no raw line begins with. */
const FURTHER_WORDS: ReadonlyMap<string, Level> = new Map([
  ['silly', 'debug'],
  ['http', 'info'],
  ['informational', 'info'],
  ['dpanic', 'critical'],
]);

/** RFC 5424's severities, which GELF and journald use too: 0 is the gravest. */
const SEVERITIES: readonly Level[] = [
  'critical',
  'critical',
  'critical',
  'error',
  'warning',
  'info',
  'info',
  'debug',
];

/** Beyond this a number is no level of pino's, which go to 60. */
const PINO_LEVEL_MAX = 100;

/** pino's numbers, each the lowest of its level. */
const PINO_LEVELS: readonly (readonly [number, Level])[] = [
  [60, 'critical'],
  [50, 'error'],
  [40, 'warning'],
  [30, 'info'],
  [8, 'debug'],
];

/**
 * The level that a source's word or number means: 0 to 7 is a severity of syslog, anything above up to 100 one of pino's.
 * @param written a word in any case, or a whole number in digits
 * @returns null for what is no level
 */
export function sourceLevel(written: string): Level | null {
  const word = written.trim().toLowerCase();
  if (!/^\d{1,3}$/.test(word)) return levelOfWord(word) ?? FURTHER_WORDS.get(word) ?? null;
  const number = Number(word);
  if (number > PINO_LEVEL_MAX) return null;
  return SEVERITIES[number] ?? PINO_LEVELS.find(([lowest]) => number >= lowest)?.[1] ?? null;
}
