/** Conditions as SQL over one row of alias `t`: what posting lists do not answer, and all of them where an id drives. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import { asciiLowerCase } from '../event/text.ts';
import { searchNeedles, type Condition } from '../query/filter.ts';
import { textList } from './database.ts';
import { SEARCHED } from './text-index.ts';

/** One condition as a predicate that holds or does not; NULL stands for the latter. */
export function rowPredicate(kind: Kind, condition: Condition): SQL {
  switch (condition.test) {
    case 'in': {
      const found = sql`${column(kind, condition.field)} IN ${textList(condition.values)}`;
      // Bare, so that an index on ids can be used; a NULL is no match either way.
      return condition.not === true ? sql`NOT coalesce(${found}, 0)` : found;
    }
    case 'contains': {
      const place = condition.ignoreCase
        ? sql`instr(lower(${column(kind, condition.field)}), ${asciiLowerCase(condition.text)})`
        : sql`instr(${column(kind, condition.field)}, ${condition.text})`;
      return condition.not === true ? sql`coalesce(${place}, 0) = 0` : sql`coalesce(${place}, 0) > 0`;
    }
    case 'between': {
      const number = sql.raw(`t.${condition.field}`);
      const least = condition.min === null ? sql`1` : sql`${number} >= ${condition.min}`;
      const most = condition.max === null ? sql`1` : sql`${number} <= ${condition.max}`;
      return sql`(${number} IS NOT NULL AND ${least} AND ${most})`;
    }
    case 'search': {
      const places = SEARCHED[kind].flatMap((text) =>
        searchNeedles(kind, condition.text).map(
          (needle) => sql`instr(lower(coalesce(${sql.raw(text)}, '')), ${asciiLowerCase(needle)}) > 0`,
        ),
      );
      return sql`(${sql.join(places, sql` OR `)})`;
    }
  }
}

/** A dimension as the text that a filter compares with. */
function column(kind: Kind, field: string): SQL {
  if (field === 'project_id') return sql.raw(`nullif(t.project_id, '')`);
  if (kind === 'request' && field === 'status') return sql.raw('CAST(t.status AS TEXT)');
  return sql.raw(`t.${field}`);
}
