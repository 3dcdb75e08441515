/** Query parameters through a schema: the first of a repeated one counts, and the surface words its refusal. */
import { zValidator } from '@hono/zod-validator';
import type * as z from 'zod';

/**
 * Middleware that checks the query string; `context.req.valid('query')` gives what the schema made of it.
 * @param refuse what to do about the faults, told in the order of the schema's keys
 * @param prepare a last change of the raw values before they are checked
 */
export function parameters<S extends z.ZodObject>(
  schema: S,
  refuse: (messages: readonly string[], issues: readonly z.core.$ZodIssue[]) => never | Response,
  prepare: (given: Record<string, string>) => Record<string, string> = (given) => given,
) {
  return zValidator(
    'query',
    schema,
    (result) => {
      if (result.success) return undefined;
      const { issues } = result.error as z.core.$ZodError;
      return refuse(
        issues.map((issue) => issue.message),
        issues,
      );
    },
    {
      validationFunction: (checked, value) =>
        checked.safeParseAsync(prepare(firstValues(value as QueryValues))) as never,
    },
  );
}

type QueryValues = Readonly<Record<string, string | string[]>>;

function firstValues(values: QueryValues): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      (typeof value === 'string' ? value : value[0]) ?? '',
    ]),
  );
}
