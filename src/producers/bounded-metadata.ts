/** The metadata of an event that carries whole requests and responses: bounded, so that no body outgrows its event. */
import type { Json, JsonObject } from '../event/event.ts';

/** The most bytes of metadata as JSON: a fifth of what one event may have, since bodies have no bound of their own. */
export const METADATA_BYTES_MAX = 200_000;

/** The names that the note on what was left out lists at most, and the length at which each is cut. */
const NOTED_FIELDS_MAX = 20;
const NOTED_CHARACTERS_MAX = 100;

/**
 * Puts fields together as metadata, without those that are null or undefined. Past `METADATA_BYTES_MAX` the smallest
 * fields are kept, with `truncated: true` and the names of the others in `truncated_fields`.
 * @returns undefined when no field is left
 */
export function boundedMetadata(fields: Readonly<Record<string, unknown>>): JsonObject | undefined {
  const entries = Object.entries(fields)
    .filter(([, value]) => (value ?? null) !== null)
    .map(([name, value]) => ({ name, value: value as Json, bytes: bytesOf(name) + bytesOf(value) }));
  if (entries.length === 0) return undefined;
  const total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total <= METADATA_BYTES_MAX) return asObject(entries);
  const kept = new Set<string>();
  let room = METADATA_BYTES_MAX - NOTED_FIELDS_MAX * NOTED_CHARACTERS_MAX;
  for (const { name, bytes } of entries.toSorted((one, other) => one.bytes - other.bytes)) {
    room -= bytes;
    if (room < 0) break;
    kept.add(name);
  }
  const left = entries.filter(({ name }) => !kept.has(name)).slice(0, NOTED_FIELDS_MAX);
  return {
    ...asObject(entries.filter(({ name }) => kept.has(name))),
    truncated: true,
    truncated_fields: left.map(({ name }) => name.slice(0, NOTED_CHARACTERS_MAX)),
  };
}

/**
 * Puts the caller's own metadata and the producer's further fields side by side. Where both have a name the producer's
 * field keeps it, and the caller's is found under `metadata`.
 */
export function sideBySide(own: JsonObject, further: Readonly<Record<string, unknown>>) {
  const clashing = Object.entries(own).filter(([name]) => (further[name] ?? null) !== null);
  const apart = clashing.length === 0 ? {} : { metadata: Object.fromEntries(clashing) };
  return {
    ...further,
    ...Object.fromEntries(Object.entries(own).filter(([name]) => (further[name] ?? null) === null)),
    ...apart,
  };
}

function asObject(entries: readonly { name: string; value: Json }[]): JsonObject {
  return Object.fromEntries(entries.map(({ name, value }) => [name, value]));
}

function bytesOf(value: unknown): number {
  try {
    return new TextEncoder().encode(JSON.stringify(value)).length + 1;
  } catch {
    // Nested too deep to be written: it could not be stored either.
    return Infinity;
  }
}
