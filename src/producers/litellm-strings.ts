/** LiteLLM's older payload (`generic_api_use_v1`), in which each value went through Python's `str`. */
import type { Json, JsonObject } from '../event/event.ts';
import { pythonLiteral } from './python-literal.ts';

/** Fields of the older payload that are text in themselves, not the text of something else. */
const PLAIN_TEXT_FIELDS = new Set(['id', 'call_type', 'model', 'user', 'startTime', 'endTime']);

/** Whether a payload is of that kind: every one of its values is text. */
export function isOfStrings(record: JsonObject): boolean {
  return Object.values(record).every((value) => typeof value === 'string');
}

/** Reads the values back as far as they are plain data; the rest stays text. */
export function readBack(record: JsonObject): JsonObject {
  const entries = Object.entries(record).map(([name, value]): [string, Json] => {
    if (value === 'None') return [name, null];
    const isPlain = typeof value !== 'string' || PLAIN_TEXT_FIELDS.has(name);
    if (isPlain) return [name, value];
    return [name, pythonLiteral(value) ?? (name === 'metadata' ? keyFieldsIn(value) : value)];
  });
  return Object.fromEntries(entries);
}

/** Metadata with objects that Python alone can write: the fields of the key are found in it, and all of it is kept. */
function keyFieldsIn(metadata: string): JsonObject {
  const fields = [...metadata.matchAll(/'(user_api_key\w*)': '([^'\\]*)'/g)];
  return { ...Object.fromEntries(fields.map((field) => [field[1] ?? '', field[2] ?? ''])), text: metadata };
}
