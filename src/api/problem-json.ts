/** The envelope of gatelog's own surface: `application/problem+json` (RFC 9457). */
import type { Context } from 'hono';
import type { GateEnv } from '../edge/env.ts';
import type { Problem } from '../edge/problem.ts';
import { POLICY_NAMES } from '../edge/rate-limit-headers.ts';

/** The type that the IETF's draft has for limits (draft-ietf-httpapi-ratelimit-headers-10, 5.1). */
const QUOTA_EXCEEDED = 'https://iana.org/assignments/http-problem-types#quota-exceeded';

/** Renders a problem; `type` names its code, and `request_id` finds its log line. */
export function renderProblem(problem: Problem, context: Context<GateEnv>): Response {
  const { parameter, errors, quota } = problem.extras;
  return context.body(
    JSON.stringify({
      type: quota === undefined ? `urn:gatelog:problem:${problem.code}` : QUOTA_EXCEEDED,
      title: problem.code.replaceAll('_', ' '),
      status: problem.status,
      detail: problem.message,
      code: problem.code,
      request_id: context.get('requestId'),
      ...(parameter === undefined ? {} : { parameter }),
      ...(errors === undefined ? {} : { errors }),
      ...(quota === undefined ? {} : { 'violated-policies': [POLICY_NAMES[quota.by]] }),
    }),
    problem.status,
    { 'content-type': 'application/problem+json' },
  );
}
