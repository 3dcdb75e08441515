/** The dictionary of a dimension: the values that the counters know, by which a part of a value becomes whole values. */
import { sql } from 'drizzle-orm';
import type { Kind } from '../event/event.ts';
import { asciiLowerCase } from '../event/text.ts';
import type { Condition } from '../query/filter.ts';
import { isCounted } from './counter-plan.ts';
import { everyValue, VALUES_MAX } from './counter-reader.ts';
import type { Database } from './database.ts';

/** Values that one condition may become: each is a term of the expression, and one more list to be merged. */
const RESOLVED_VALUES_MAX = 1000;

/**
 * Turns a `contains` condition into an `in` condition over the values that contain the text.
 * @returns the condition itself where the dimension has no dictionary, or more values than can be looked through
 */
export async function resolveContains(
  database: Database,
  kind: Kind,
  condition: Condition,
): Promise<Condition> {
  if (condition.test !== 'contains' || condition.field === 'id' || !isCounted(kind, condition.field))
    return condition;
  const { field, text, ignoreCase } = condition;
  const rows = await database.rows<{ value: string | null }>(
    sql`WITH RECURSIVE wanted (value) AS (${everyValue(kind, field)}) SELECT value FROM wanted`,
  );
  if (rows.length >= VALUES_MAX) return condition;
  const part = ignoreCase ? asciiLowerCase(text) : text;
  const values = rows
    .flatMap((row) => row.value ?? [])
    .filter((value) => (ignoreCase ? asciiLowerCase(value) : value).includes(part));
  if (values.length > RESOLVED_VALUES_MAX) return condition;
  return { test: 'in', field, values, ...(condition.not === true ? { not: true } : {}) };
}
