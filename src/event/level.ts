/** The words that loggers use for a level, and the five levels that they mean. */
import type { Level } from './event.ts';

const LEVEL_OF_WORD: ReadonlyMap<string, Level> = new Map([
  ['trace', 'debug'],
  ['debug', 'debug'],
  ['verbose', 'debug'],
  ['info', 'info'],
  ['notice', 'info'],
  ['warn', 'warning'],
  ['warning', 'warning'],
  ['err', 'error'],
  ['error', 'error'],
  ['fatal', 'critical'],
  ['crit', 'critical'],
  ['critical', 'critical'],
  ['alert', 'critical'],
  ['emerg', 'critical'],
  ['emergency', 'critical'],
  ['panic', 'critical'],
]);

/**
 * The level that a word means, in any case (contracts/server-logs.md, "Level words").
 * @returns null for a word that is no level
 */
export function levelOfWord(word: string): Level | null {
  return LEVEL_OF_WORD.get(word.toLowerCase()) ?? null;
}
