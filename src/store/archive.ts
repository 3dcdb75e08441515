/** The archive: what retention takes out of D1, as gzip JSONL objects in R2. */
import type { Event, Kind } from '../event/event.ts';
import { timeOfKey } from '../event/time-key.ts';

/** Hex digits of the digest in a key: 64 bits tell apart what was ever written for the same two events. */
const DIGEST_DIGITS = 16;

/** Events of one hour with their time keys, in their order. */
export type ArchivedEvent = { readonly key: number; readonly event: Event };

/** An object that can be put: its name follows from its content alone, so that putting it again changes nothing. */
export type ArchiveObject = { readonly name: string; readonly body: ArrayBuffer };

/** Packs, puts and removes objects. */
export interface Archive {
  /** Packs events of one kind and hour; there is one at least. */
  pack(kind: Kind, events: readonly ArchivedEvent[]): Promise<ArchiveObject>;
  /** Puts an object; it is safe in R2 when this returns. */
  put(object: ArchiveObject): Promise<void>;
  /** Removes objects; those that are not there are no fault. */
  remove(names: readonly string[]): Promise<void>;
}

/**
 * Opens the archive.
 * @param encode how events are written down
 */
export function openArchive(
  bucket: R2Bucket,
  encode: (events: readonly Event[]) => ReadableStream<Uint8Array>,
): Archive {
  return {
    async pack(kind, events) {
      const lines = await new Response(encode(events.map(({ event }) => event))).arrayBuffer();
      const packed = new Response(lines).body?.pipeThrough(new CompressionStream('gzip'));
      return {
        name: `${folderOf(kind, events)}/${rangeOf(events)}-${await digestOf(lines)}.jsonl.gz`,
        body: await new Response(packed).arrayBuffer(),
      };
    },
    async put({ name, body }) {
      await bucket.put(name, body, { httpMetadata: { contentType: 'application/gzip' } });
    },
    async remove(names) {
      if (names.length > 0) await bucket.delete([...names]);
    },
  };
}

/** `tool_call/2026/03/01/14`: by hour, so that a time range is a few prefixes. */
function folderOf(kind: Kind, events: readonly ArchivedEvent[]): string {
  const hour = new Date(timeOfKey(events[0]?.key ?? 0)).toISOString().slice(0, 13);
  return `${kind}/${hour.replace(/[-T]/g, '/')}`;
}

function rangeOf(events: readonly ArchivedEvent[]): string {
  return `${events[0]?.key}-${events.at(-1)?.key}`;
}

async function digestOf(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.slice(0, DIGEST_DIGITS);
}
