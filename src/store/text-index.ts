/** The text index: the trigrams of what a search looks through, and how a needle is asked of them. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import { searchNeedles } from '../query/filter.ts';
import { TABLES } from './tables.ts';

/** Whether texts are indexed in this deployment, and how much of each event. */
export type SearchSettings = {
  readonly isIndexed: boolean;
  /** Characters of an event that are indexed; what lies beyond is found by no search. */
  readonly charactersMax: number;
};

/** The default: a tool call of 16 KB is found by any part of it, and a larger one by its beginning. */
export const SEARCH_DEFAULT: SearchSettings = { isIndexed: true, charactersMax: 16_384 };

/**
 * The settings of a deployment: `SEARCH_INDEX=off` switches the index off, `SEARCH_TEXT_CHARACTERS` sets how much of
 * each event it holds.
 */
export function searchSettings(settings: {
  readonly SEARCH_INDEX?: string;
  readonly SEARCH_TEXT_CHARACTERS?: string;
}): SearchSettings {
  const characters = Number(settings.SEARCH_TEXT_CHARACTERS);
  return {
    isIndexed: settings.SEARCH_INDEX !== 'off',
    charactersMax: Number.isInteger(characters) && characters > 0 ? characters : SEARCH_DEFAULT.charactersMax,
  };
}

/** Characters of a needle below which there is no trigram to ask for. */
const TRIGRAM_CHARACTERS = 3;

/** Every second trigram covers all characters of a needle; those between cost a third of the time and leave nothing out. */
const TRIGRAM_STEP = 2;

/** Trigrams of one needle that are asked for: more narrow nothing down that the row does not decide anyway. */
const TRIGRAMS_MAX = 48;

/** The columns of a row of alias `t` that a search looks through, what is shortest first (query/matches.ts). */
export const SEARCHED: Record<Kind, readonly string[]> = {
  tool_call: [`t.error ->> 'message'`, 't.arguments', 't.result'],
  request: ['t.error'],
  server_log: ['t.message'],
};

/** The text of a row of alias `t` that is indexed. */
export function textOfRow(kind: Kind, { charactersMax }: SearchSettings): SQL {
  const text = SEARCHED[kind].map((column) => `coalesce(${column}, '')`).join(` || char(10) || `);
  return sql`substr(${sql.raw(text)}, 1, ${charactersMax})`;
}

/**
 * The FTS5 expression that every row with the text satisfies, and some others.
 * @returns null where the index cannot help, because the text is too short
 */
export function textExpression(kind: Kind, text: string): string | null {
  // NUL ends an expression, and no stored text holds one.
  const needles = searchNeedles(kind, text).filter((needle) => !needle.includes('\0'));
  const characters = needles.map((needle) => Array.from(needle.toWellFormed()));
  if (characters.some((needle) => needle.length < TRIGRAM_CHARACTERS)) return null;
  return characters.map((needle) => `(${trigrams(needle).map(quoted).join(' AND ')})`).join(' OR ') || null;
}

/** Trigrams spread over the needle, its beginning and its end among them. */
function trigrams(characters: readonly string[]): readonly string[] {
  const count = characters.length - TRIGRAM_CHARACTERS + 1;
  const step = Math.max(TRIGRAM_STEP, Math.ceil(count / TRIGRAMS_MAX));
  const starts = Array.from({ length: Math.ceil(count / step) }, (_, place) => place * step);
  return [...new Set([...starts, count - 1])].map((start) =>
    characters.slice(start, start + TRIGRAM_CHARACTERS).join(''),
  );
}

function quoted(trigram: string): string {
  return `"${trigram.replaceAll('"', '""')}"`;
}

/** The text table of a kind, as an identifier. */
export function textTable(kind: Kind): SQL {
  return sql.raw(TABLES[kind].texts);
}
