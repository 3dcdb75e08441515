/** The envelope of gatelog's own surface: `application/problem+json` (RFC 9457). */
import type { Context } from 'hono';
import type { GateEnv } from '../edge/env.ts';
import type { Problem } from '../edge/problem.ts';

/** Renders a problem; `type` names its code, and `request_id` finds its log line. */
export function renderProblem(problem: Problem, context: Context<GateEnv>): Response {
  const { parameter, errors } = problem.extras;
  return context.body(
    JSON.stringify({
      type: `urn:gatelog:problem:${problem.code}`,
      title: problem.code.replaceAll('_', ' '),
      status: problem.status,
      detail: problem.message,
      code: problem.code,
      request_id: context.get('requestId'),
      ...(parameter === undefined ? {} : { parameter }),
      ...(errors === undefined ? {} : { errors }),
    }),
    problem.status,
    { 'content-type': 'application/problem+json' },
  );
}
