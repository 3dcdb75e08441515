/** Lines that are one JSON object, as pino, winston, zap and structlog write them. */
import { isJsonObject, NESTING_LEVELS_MAX } from './draft-schema.ts';
import { readFields } from './line-fields.ts';
import { isDeeperThan } from './nesting.ts';
import type { ParsedLine } from './parsed-line.ts';

/**
 * Reads a line of JSON.
 * @returns null for what is no JSON object, is nested deeper than an event may be, or has no field of a log line
 */
export function readJson(text: string): ParsedLine | null {
  if (!text.startsWith('{') || !text.trimEnd().endsWith('}')) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isJsonObject(value) || isDeeperThan(value, NESTING_LEVELS_MAX)) return null;
  return readFields(value, text);
}
