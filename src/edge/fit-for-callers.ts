/** What a caller may hear: a problem may name what was sent, but it never says a credential back. */
import type { Context } from 'hono';
import type { GateEnv } from './env.ts';
import { Problem } from './problem.ts';

/** The problem without the credentials in its sentences; itself where there are none, or the settings cannot be read. */
export async function fitForCallers(problem: Problem, context: Context<GateEnv>): Promise<Problem> {
  const said = { message: problem.message, errors: problem.extras.errors };
  const redacted = (await context.get('redact')?.(said)) ?? said;
  if (redacted === said) return problem;
  const { errors, ...extras } = problem.extras;
  return new Problem(problem.code, redacted.message, {
    ...extras,
    ...(errors === undefined ? {} : { errors: redacted.errors ?? [] }),
  });
}
