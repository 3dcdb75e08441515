/** Ids for records whose sources give them none: derived from where and when they arose, so that a redelivery merges. */
import type { JsonObject } from '../event/event.ts';
import type { Fingerprint } from '../event/fingerprint.ts';
import type { Posted } from '../event/intake.ts';

/** What the source says of one record alone: `head` is readable and leads the id, `parts` make it unique. */
export type Coordinate = { readonly head: string; readonly parts: readonly (string | null)[] };

/** A posted value on its way to an id; without a coordinate it stays as it is, and one is minted when it is kept. */
export type Identifiable =
  | { readonly body: JsonObject; readonly coordinate: Coordinate | null }
  | { readonly problem: string };

/** The longest head: with the fingerprint and an ordinal an id stays within its 128 characters. */
const HEAD_CHARACTERS_MAX = 96;

/**
 * Gives the records of one delivery their ids: `<head>-<fingerprint>`. Records that are alike in all their coordinates
 * are told apart by an ordinal from `-2` on, in the order of the delivery, which a redelivery repeats. A body that has
 * an id keeps it.
 * @param fingerprint that of the delivery: coordinates hold the text as it came, with the credentials in it
 */
export function withDerivedIds(items: readonly Identifiable[], fingerprint: Fingerprint): readonly Posted[] {
  const seen = new Map<string, number>();
  return items.map((item) => {
    if ('problem' in item) return item;
    const { body, coordinate } = item;
    if (coordinate === null || (body['id'] ?? null) !== null) return { body };
    const id = `${coordinate.head.slice(0, HEAD_CHARACTERS_MAX)}-${fingerprint(JSON.stringify(coordinate.parts))}`;
    const ordinal = (seen.get(id) ?? 0) + 1;
    seen.set(id, ordinal);
    return { body: { ...body, id: ordinal === 1 ? id : `${id}-${ordinal}` } };
  });
}
