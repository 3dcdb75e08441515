/** The parameters of lists that are ordered by a rising number alone: how much of it, and from where on. */
import * as z from 'zod';
import { parameters } from '../edge/parameters.ts';
import { Problem } from '../edge/problem.ts';
import { decodeNumberCursor } from '../query/number-cursor.ts';

/** Entries of a page where no limit is asked for. */
const LIMIT_DEFAULT = 50;

/**
 * Middleware that checks `limit` and `cursor`; `valid('query')` gives a limit in any case.
 * @param limitMax what a larger limit is cut to
 */
export function numberedPage(limitMax: number) {
  const schema = z.object({
    limit: z
      .string()
      .regex(/^[1-9]\d{0,5}$/, 'limit: must be a positive integer')
      .optional()
      .transform((text) => Math.min(Number(text ?? LIMIT_DEFAULT), limitMax)),
    cursor: z.string().optional(),
  });
  return parameters(schema, (messages) => {
    throw new Problem('invalid_request', messages.join('; '), { errors: messages });
  });
}

/**
 * The number before which a page begins; null at the newest. An empty cursor is an absent one.
 * @param list what the cursors of the list are called
 * @throws InvalidCursor when it is no cursor of this list
 */
export function placeOf(list: string, cursor: string | undefined): number | null {
  return cursor ? decodeNumberCursor(list, cursor) : null;
}
