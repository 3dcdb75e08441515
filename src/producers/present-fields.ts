/** Fields that are there: what a source does not say is left out of an event. */
import type { Json, JsonObject } from '../event/event.ts';

/** An object without the fields that are null. */
export function presentFields(fields: Readonly<Record<string, Json>>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
}
