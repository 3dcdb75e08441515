/** The dictionary of a dimension: its values, by which a part of a value becomes whole values. */
import { sql, type SQL } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import { asciiLowerCase } from '../event/text.ts';
import type { Condition } from '../query/filter.ts';
import { isCounted } from './counter-plan.ts';
import { everyValue, VALUES_MAX } from './counter-reader.ts';
import type { Database } from './database.ts';
import { tokenRangeOf, valueOfTerm } from './posting-list.ts';
import { TABLES } from './tables.ts';

/** Values that one condition may become: each is a term of the expression, and one more list to be merged. */
const RESOLVED_VALUES_MAX = 1000;

/**
 * Turns a `contains` condition into an `in` condition over the values that contain the text. The values come from the
 * counters where they count the dimension, else from the terms of the posting lists.
 * @returns the condition itself where it asks for an id or for any value at all, or where there are more values than
 *   can be looked through
 */
export async function resolveContains(
  database: Database,
  kind: Kind,
  condition: Condition,
): Promise<Condition> {
  if (!asksForPart(condition) || condition.field === 'id') return condition;
  const { field, text, ignoreCase } = condition;
  const known = isCounted(kind, field) ? countedValues(kind, field) : postedValues(kind, field);
  const rows = await database.rows<{ value: string | null }>(known);
  if (rows.length >= VALUES_MAX) return condition;
  const part = ignoreCase ? asciiLowerCase(text) : text;
  const values = rows
    .flatMap((row) => row.value ?? [])
    .filter((value) => (ignoreCase ? asciiLowerCase(value) : value).includes(part));
  if (values.length > RESOLVED_VALUES_MAX) return condition;
  return { test: 'in', field, values, ...(condition.not === true ? { not: true } : {}) };
}

/** Whether a condition asks for a part of a value; where it did not become values, rows have to be looked through. */
export function asksForPart(
  condition: Condition,
): condition is Extract<Condition, { readonly test: 'contains' }> {
  return condition.test === 'contains' && condition.text !== '';
}

function countedValues(kind: Kind, dimension: string): SQL {
  return sql`WITH RECURSIVE wanted (value) AS (${everyValue(kind, dimension)}) SELECT value FROM wanted`;
}

function postedValues(kind: Kind, dimension: string): SQL {
  const { first, beyond } = tokenRangeOf(dimension);
  return sql`SELECT ${valueOfTerm(sql.raw('term'))} AS value FROM ${sql.raw(TABLES[kind].terms)}
    WHERE term >= ${first} AND term < ${beyond} LIMIT ${VALUES_MAX}`;
}
