/** Bookmarks: how a reader names the state of the database that it must see at least, whichever replica answers. */
import type { Context } from 'hono';
import type { GateEnv } from './env.ts';
import { Problem } from './problem.ts';

/** The header that carries a bookmark, in answers and in the requests after them. */
export const BOOKMARK_HEADER = 'x-d1-bookmark';

/** The form of D1's bookmarks. */
const BOOKMARK = /^[0-9a-f]{1,16}(?:-[0-9a-f]{1,32}){3}$/i;

/**
 * The bookmark that a request carries; null without one.
 * @throws Problem `invalid_request` when it is none
 */
export function bookmarkOf(context: Context<GateEnv>): string | null {
  const bookmark = context.req.header(BOOKMARK_HEADER) || null;
  if (bookmark === null || BOOKMARK.test(bookmark)) return bookmark;
  throw new Problem('invalid_request', `${BOOKMARK_HEADER}: must be one that an answer carried`, {
    parameter: BOOKMARK_HEADER,
  });
}
