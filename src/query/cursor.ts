/** The cursor: where a walk stands and which question it belongs to, as one opaque text for all surfaces. */
import * as z from 'zod';
import type { Position, Question, Sort } from './query.ts';

/** The version of the cursor's shape; another version is refused. */
const VERSION = 1;

/** The longest cursor that is looked at, in characters: ours have about 150. */
const CURSOR_CHARACTERS_MAX = 1024;

/** Hex digits of the question's SHA-256 that a cursor carries: enough that no other question has them by chance. */
const HASH_DIGITS = 24;

const Payload = z.object({
  v: z.literal(VERSION),
  q: z.string(),
  t: z.int(),
  n: z.number().nullable(),
  k: z.int(),
});

/** A walk through the pages of one question. */
export type Cursor = {
  /** Epoch milliseconds at which the walk began: what `1h ago` is counted from on every page. */
  readonly startedAt: number;
  readonly after: Position;
};

/** Why a cursor is refused: it is none of ours, or it belongs to another question. */
export class InvalidCursor extends Error {
  override readonly name = 'InvalidCursor';
}

/**
 * Writes a cursor.
 * @returns base64url without padding
 */
export async function encodeCursor(cursor: Cursor, question: Question, sort: Sort): Promise<string> {
  const payload = {
    v: VERSION,
    q: await hashOf(question, sort),
    t: cursor.startedAt,
    n: cursor.after.value,
    k: cursor.after.key,
  };
  return btoa(JSON.stringify(payload)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * When the walk of a cursor began, in epoch milliseconds: the moment from which that walk's relative times count.
 * @param text null or any text, which need not be a cursor at all
 * @param now what to take where it is none
 */
export function walkStart(text: string | null, now: number): number {
  return text === null ? now : (read(text)?.t ?? now);
}

/**
 * Reads a cursor back.
 * @throws InvalidCursor when the text is no cursor, or the cursor of another question
 */
export async function decodeCursor(text: string, question: Question, sort: Sort): Promise<Cursor> {
  const payload = read(text);
  if (payload === null || payload.q !== (await hashOf(question, sort))) throw new InvalidCursor();
  return { startedAt: payload.t, after: { value: payload.n, key: payload.k } };
}

function read(text: string): z.infer<typeof Payload> | null {
  if (text.length > CURSOR_CHARACTERS_MAX || !/^[\w-]+$/.test(text)) return null;
  try {
    const payload = Payload.safeParse(JSON.parse(atob(text.replaceAll('-', '+').replaceAll('_', '/'))));
    return payload.success ? payload.data : null;
  } catch {
    return null;
  }
}

async function hashOf({ kind, bounds, filter }: Question, sort: Sort): Promise<string> {
  const bytes = new TextEncoder().encode(canonical([kind, bounds, filter, sort]));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .slice(0, HASH_DIGITS);
}

/** JSON with sorted keys, so that the same question has the same text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, entry: unknown) =>
    typeof entry === 'object' && entry !== null && !Array.isArray(entry)
      ? Object.fromEntries(Object.entries(entry).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : entry,
  );
}
