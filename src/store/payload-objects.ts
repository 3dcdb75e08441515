/** Payload objects: arguments and results that are too large for their row, kept in R2 and named in the row. */
import {
  ROW_HEAD,
  mergedColumns,
  objectColumns,
  OBJECT_FIELDS,
  rowTail,
  type RowValues,
} from './event-rows.ts';
import type { EventRow } from './tables.ts';

/** Bytes of JSON above which a value leaves its row: D1 is one thread, and large rows hold up everyone else. */
export const INLINE_BYTES_MAX = 65_536;

/** Characters that the row keeps of it for searches: as many as the text index holds of an event by default. */
const EXCERPT_CHARACTERS = 16_384;

/** Hex digits of the digests in a name: 128 bits, so that no two identities or values share one. */
const DIGEST_DIGITS = 32;

/** Objects of one listing of R2, and of one call that removes them: its own bounds. */
const LISTED_OBJECTS_MAX = 1000;

/** One object of a listing. */
export type ListedObject = { readonly name: string; readonly uploadedAt: number };

/** Keeps texts by name. Every method may throw what R2 throws. */
export interface PayloadObjects {
  put(name: string, text: string): Promise<void>;
  /** Null when there is no such object. */
  get(name: string): Promise<string | null>;
  /** Removes objects; those that are not there are no fault. */
  remove(names: readonly string[]): Promise<void>;
  /** A listing of the objects after a name; a null `next` ends it. */
  list(
    after: string | null,
  ): Promise<{ readonly objects: readonly ListedObject[]; readonly next: string | null }>;
}

/** Opens them over a bucket. */
export function openPayloadObjects(bucket: R2Bucket): PayloadObjects {
  return {
    async put(name, text) {
      await bucket.put(name, text, { httpMetadata: { contentType: 'application/json' } });
    },
    get: async (name) => (await bucket.get(name))?.text() ?? null,
    async remove(names) {
      for (let start = 0; start < names.length; start += LISTED_OBJECTS_MAX)
        await bucket.delete(names.slice(start, start + LISTED_OBJECTS_MAX));
    },
    async list(after) {
      const listing = await bucket.list({
        limit: LISTED_OBJECTS_MAX,
        ...(after === null ? {} : { startAfter: after }),
      });
      const objects = listing.objects.map(({ key, uploaded }) => ({
        name: key,
        uploadedAt: uploaded.getTime(),
      }));
      return { objects, next: listing.truncated ? (objects.at(-1)?.name ?? null) : null };
    },
  };
}

/**
 * Moves the large values of tool calls into objects and leaves their beginnings in the rows. A name follows from the
 * event's identity and the value, so that doing it again changes nothing. What R2 does not take stays in its row.
 */
export function withoutLargeValues(
  payloads: PayloadObjects,
  rows: readonly RowValues[],
): Promise<readonly RowValues[]> {
  return Promise.all(
    rows.map(async (row) => {
      let kept = row;
      for (const field of OBJECT_FIELDS.tool_call) kept = await withoutLargeValue(payloads, kept, field);
      return kept;
    }),
  );
}

async function withoutLargeValue(
  payloads: PayloadObjects,
  row: RowValues,
  field: (typeof OBJECT_FIELDS.tool_call)[number],
): Promise<RowValues> {
  const place = ROW_HEAD.length + mergedColumns('tool_call').indexOf(field);
  const text = row[place];
  // A character has three bytes at most: short texts need not be counted.
  if (typeof text !== 'string' || text.length * 3 <= INLINE_BYTES_MAX) return row;
  if (new TextEncoder().encode(text).length <= INLINE_BYTES_MAX) return row;
  const name = `tool_call/${await digestOf(JSON.stringify(row.slice(0, 3)))}/${field}-${await digestOf(text)}`;
  try {
    await payloads.put(name, text);
  } catch (error) {
    console.error(JSON.stringify({ message: 'payload stays in its row', error: String(error) }));
    return row;
  }
  const width = ROW_HEAD.length + mergedColumns('tool_call').length + rowTail('tool_call').length;
  const objects = objectColumns('tool_call');
  const wide = Array.from({ length: width + objects.length }, (_, index) => row[index] ?? null);
  wide[place] = text.slice(0, EXCERPT_CHARACTERS).toWellFormed();
  wide[width + objects.indexOf(`${field}_object`)] = name;
  return wide;
}

/** The names of the objects that a row names. */
export function objectsOf(row: object): readonly string[] {
  const columns = row as Readonly<Record<string, unknown>>;
  return objectColumns('tool_call').flatMap((column) => {
    const name = columns[column];
    return typeof name === 'string' ? [name] : [];
  });
}

/** A row with what its objects hold; a value whose object is gone is null. */
export async function withLargeValues<Row extends EventRow>(
  payloads: PayloadObjects,
  row: Row,
): Promise<Row> {
  if (objectsOf(row).length === 0) return row;
  const columns: Record<string, unknown> = { ...row };
  for (const field of OBJECT_FIELDS.tool_call) {
    const name = columns[`${field}_object`];
    if (typeof name !== 'string') continue;
    columns[field] = await payloads.get(name);
    columns[`${field}_object`] = null;
  }
  return columns as unknown as Row;
}

async function digestOf(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.slice(0, DIGEST_DIGITS);
}
