/** JSON bodies of small requests: read, parsed and checked, with every fault named at once. */
import type * as z from 'zod';
import { readText } from './body.ts';
import { Problem } from './problem.ts';

/** The most bytes of such a body: the largest legal one, a thousand ids to delete, has a tenth of it. */
const BODY_BYTES_MAX = 1024 * 1024;

/**
 * Reads a body and checks it.
 * @param absent what an empty body stands for; without it an empty body is refused
 * @throws Problem `invalid_request` with all faults in `errors`, `payload_too_large`
 */
export async function readJson<S extends z.ZodType>(
  request: Request,
  schema: S,
  absent?: unknown,
): Promise<z.infer<S>> {
  const text = await readText(request, BODY_BYTES_MAX);
  const result = schema.safeParse(text.trim() === '' && absent !== undefined ? absent : parsed(text));
  if (result.success) return result.data;
  const errors = faultsOf(result.error);
  throw new Problem('invalid_request', errors.join('; '), { errors });
}

/** The faults that a schema found, each as `path: what is wrong`. */
export function faultsOf(error: z.ZodError): readonly string[] {
  return error.issues.map((issue) =>
    issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : `body: ${faultOfBody(issue)}`,
  );
}

/** Zod's own words for a body of another type name its types, not ours. */
function faultOfBody(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' && issue.expected === 'object'
    ? 'must be a JSON object'
    : issue.message;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Problem('invalid_request', 'body: not JSON', { parameter: 'body', errors: ['body: not JSON'] });
  }
}
