/** The question: what is asked of one kind, by whom, and which page of it. */
import type { Kind } from '../event/event.ts';
import type { Bounds } from './bounds.ts';
import type { Filter, Measure } from './filter.ts';

/** The order of a list; rows without the sorted number come last in both directions. */
export type Sort = { readonly by: 'timestamp' | Measure; readonly direction: 'asc' | 'desc' };

/** Newest first: the order that every surface has by default. */
export const NEWEST_FIRST: Sort = { by: 'timestamp', direction: 'desc' };

/** The place of a row in an order: the sorted number (null where it has none or time sorts) and the time key. */
export type Position = { readonly value: number | null; readonly key: number };

/** A question without its page. Bounds are part of it, so that no surface can forget them. */
export type Question<K extends Kind = Kind> = {
  readonly kind: K;
  readonly bounds: Bounds;
  readonly filter: Filter<K>;
};

/** A question and the page that is wanted. */
export type Query<K extends Kind = Kind> = Question<K> & {
  readonly sort: Sort;
  readonly limit: number;
  /** Rows to skip, counted from `after` where both are given. */
  readonly offset: number;
  /** Rows at and before this place are skipped; null starts at the beginning. */
  readonly after: Position | null;
  /** Whether values that are too large for lists are wanted too; without it they are null. */
  readonly isInFull?: true;
};
