/** OTLP's values: attributes of every type as plain JSON, ids, and times in nanoseconds. */
import { isJsonObject, NESTING_LEVELS_MAX } from '../event/draft-schema.ts';
import type { Json, JsonObject } from '../event/event.ts';

/** Thrown when one span or log record cannot be used; the message is a sentence that names the field. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
}

const NANOSECONDS_IN_MILLISECOND = 1_000_000n;
const DECIMAL = /^\d{1,20}$/;
const ZEROS = /^0*$/;
const HEX = /^[0-9a-f]+$/i;

/**
 * An `AnyValue` as plain JSON; bytes stay base64. Integers beyond 2^53 and doubles that JSON has no number for are text.
 * @throws UnreadableRecord when it is nested deeper than an event may be
 */
export function jsonOfAnyValue(value: unknown, levels = NESTING_LEVELS_MAX): Json {
  if (!isJsonObject(value)) return null;
  if (levels === 0) throw new UnreadableRecord(`attributes: nested deeper than ${NESTING_LEVELS_MAX} levels`);
  if (typeof value['stringValue'] === 'string') return value['stringValue'];
  if (typeof value['boolValue'] === 'boolean') return value['boolValue'];
  const number = value['intValue'] ?? value['doubleValue'] ?? null;
  if (number !== null) return jsonOfNumber(number);
  if (isJsonObject(value['arrayValue']))
    return listOf(value['arrayValue']['values']).map((item) => jsonOfAnyValue(item, levels - 1));
  if (isJsonObject(value['kvlistValue'])) return jsonOfKeyValues(value['kvlistValue']['values'], levels - 1);
  return typeof value['bytesValue'] === 'string' ? value['bytesValue'] : null;
}

function jsonOfNumber(value: Json): Json {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value !== 'string') return null;
  const number = value.trim() === '' ? Number.NaN : Number(value);
  const isExact = Number.isInteger(number) ? Number.isSafeInteger(number) : Number.isFinite(number);
  return isExact ? number : value;
}

/** A list of `KeyValue` as an object; of one key that comes twice, the last counts. */
export function jsonOfKeyValues(list: unknown, levels = NESTING_LEVELS_MAX): JsonObject {
  return Object.fromEntries(
    listOf(list)
      .filter(isJsonObject)
      .filter((pair) => typeof pair['key'] === 'string')
      .map((pair) => [pair['key'], jsonOfAnyValue(pair['value'], levels)]),
  ) as JsonObject;
}

/** What stands where OTLP has a list; an empty one for anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/**
 * A time in nanoseconds since 1970; null when it is absent or 0, which is OTLP's word for unknown.
 * @throws UnreadableRecord when it is something else
 */
export function nanosecondsOf(record: JsonObject, field: string): bigint | null {
  const value = record[field] ?? '';
  if (value === '' || value === 0) return null;
  if (typeof value === 'string' && DECIMAL.test(value)) return ZEROS.test(value) ? null : BigInt(value);
  // A number has lost its last digits in the parsing already; its milliseconds are right.
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return BigInt(Math.floor(value));
  throw new UnreadableRecord(`${field}: must be nanoseconds since 1970 in decimal digits`);
}

/** Epoch milliseconds of a time in nanoseconds. */
export function millisecondsOf(nanoseconds: bigint): number {
  return Number(nanoseconds / NANOSECONDS_IN_MILLISECOND);
}

/** A trace or span id in lower case; null when absent or all zeros. Ids that are not hex are left as they are. */
export function idOf(record: JsonObject, field: string): string | null {
  const value = record[field];
  if (typeof value !== 'string' || ZEROS.test(value)) return null;
  return HEX.test(value) ? value.toLowerCase() : value;
}

/** A text that is neither absent nor empty. */
export function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** What is left of an object without its nulls, absent values and empty lists; null when nothing is. */
export function withoutGaps(fields: Readonly<Record<string, Json | undefined>>): JsonObject | null {
  const entries = Object.entries(fields).filter(
    ([, value]) => (value ?? null) !== null && !(Array.isArray(value) && value.length === 0),
  );
  return entries.length === 0 ? null : (Object.fromEntries(entries) as JsonObject);
}

/** The attributes of one record: what becomes a field of ours is taken out, the rest is metadata. */
export class Attributes {
  readonly #values: ReadonlyMap<string, Json>;
  readonly #taken = new Set<string>();

  /** @param values plain JSON by name */
  constructor(values: JsonObject) {
    this.#values = new Map(Object.entries(values));
  }

  /** Whether one of the names has a value. */
  has(...names: readonly string[]): boolean {
    return names.some((name) => (this.#values.get(name) ?? null) !== null);
  }

  /** The text of a name, which stays where it is. */
  peek(name: string): string | null {
    return textOf(this.#values.get(name));
  }

  /** Takes the first of the names that has a text which is not empty; numbers and truth values are text as well. */
  text(...names: readonly string[]): string | null {
    return this.#take(names, (value) =>
      typeof value === 'number' || typeof value === 'boolean' ? String(value) : textOf(value),
    );
  }

  /** Takes the first of the names that has a number of 0 or more, also one written as text. */
  amount(...names: readonly string[]): number | null {
    return this.#take(names, numberOf);
  }

  /** Takes the first of the names that has an integer of 0 or more, also one written as text. */
  count(...names: readonly string[]): number | null {
    return this.#take(names, (value) => {
      const number = numberOf(value);
      return Number.isSafeInteger(number) ? number : null;
    });
  }

  /** Takes the first of the names that has a value; an object or array written as JSON text is parsed. */
  json(...names: readonly string[]): Json {
    return this.#take(names, (value) => (typeof value === 'string' ? jsonOfText(value) : value));
  }

  /** What was not taken. */
  rest(): JsonObject {
    return Object.fromEntries([...this.#values].filter(([name]) => !this.#taken.has(name)));
  }

  #take<T>(names: readonly string[], read: (value: Json) => T | null): T | null {
    for (const name of names) {
      const value = this.#values.get(name) ?? null;
      const found = value === null ? null : read(value);
      if (found === null) continue;
      this.#taken.add(name);
      return found;
    }
    return null;
  }
}

function numberOf(value: Json): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && Number.isFinite(number) ? number : null;
}

/** Attributes of a span hold objects as JSON text, since for long they could hold nothing deeper than a list. */
function jsonOfText(text: string): Json {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
