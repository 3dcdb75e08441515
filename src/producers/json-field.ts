/** Reading the fields of JSON whose shape is not to be trusted. */
import { isJsonObject } from '../event/draft-schema.ts';
import type { JsonObject } from '../event/event.ts';
import { parsed } from './json-body.ts';

/** The value at a path of own keys; undefined where there is none, so that `constructor` is never found. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const name of path) {
    if (!isJsonObject(current) || !Object.hasOwn(current, name)) return undefined;
    current = current[name];
  }
  return current;
}

/** The text at a path: a string that is not empty, or a number in digits; else undefined. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  if (typeof found === 'number') return String(found);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** The number at a path, 0 or more, as a number or in digits; else undefined. */
export function amountAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  const amount = typeof found === 'string' && found.trim() !== '' ? Number(found) : found;
  return typeof amount === 'number' && Number.isFinite(amount) && amount >= 0 ? amount : undefined;
}

/** The integer at a path, 0 or more, as a number or in digits; else undefined. */
export function countAt(value: unknown, ...path: readonly string[]): number | undefined {
  const amount = amountAt(value, ...path);
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/** The object at a path; an empty one where there is none. */
export function objectAt(value: unknown, ...path: readonly string[]): JsonObject {
  const found = at(value, ...path);
  return isJsonObject(found) ? found : {};
}

/** An object without some of its keys. */
export function without(object: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** What a JSON text holds when it holds an object or an array; anything else as it is. */
export function unpacked(value: unknown): unknown {
  const inner = typeof value === 'string' && /^\s*[[{]/.test(value) ? parsed(value) : null;
  return inner === null ? value : inner.value;
}
