/** The one way in which every surface pages: an offset, or a cursor that the page before gave. */
import type { EventOf, Kind } from '../event/event.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { EventReader } from './event-reader.ts';
import type { Question, Sort } from './query.ts';

/** Which page of a question is wanted. */
export type PageRequest = {
  readonly sort: Sort;
  readonly limit: number;
  /** Rows to skip; with a cursor, counted from there. */
  readonly offset: number;
  readonly cursor: string | null;
  /** Epoch milliseconds at which the walk began: `walkStart` of the cursor. */
  readonly startedAt: number;
};

/** One page and the cursor of the next, null at the end. */
export type WalkedPage<K extends Kind> = {
  readonly events: readonly EventOf[K][];
  readonly nextCursor: string | null;
};

/**
 * Reads one page of a walk.
 * @throws InvalidCursor when the cursor is none, or belongs to another question or order
 */
export async function walk<K extends Kind>(
  reader: EventReader,
  question: Question<K>,
  request: PageRequest,
): Promise<WalkedPage<K>> {
  const { sort, limit, offset, cursor, startedAt } = request;
  const after = cursor === null ? null : (await decodeCursor(cursor, question, sort)).after;
  const page = await reader.page({ ...question, sort, limit, offset, after });
  const nextCursor =
    page.next === null ? null : await encodeCursor({ startedAt, after: page.next }, question, sort);
  return { events: page.events, nextCursor };
}
