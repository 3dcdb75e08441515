/** Requests of this dialect, turned into questions. */
import type * as z from 'zod';
import { parameters } from '../../edge/parameters.ts';
import { Problem } from '../../edge/problem.ts';
import type { Credential } from '../../query/credential.ts';
import { walkStart } from '../../query/cursor.ts';
import { ALL_TIME, type Condition, type TimeRange } from '../../query/filter.ts';
import { NEWEST_FIRST, type Query, type Question } from '../../query/query.ts';
import type { PageRequest } from '../../query/walk.ts';
import { LIMIT_DEFAULT, OUTCOMES, TOOL_CALLS_MAX, type ListParameters } from './contract.ts';

/** A list as it is wanted: what is asked, and which page of it. */
export type ListRequest = { readonly question: Question<'request'>; readonly page: PageRequest };

/** The statuses of success (contracts/requests.md, "Success is a 2xx"). */
const OK_STATUSES = Array.from({ length: 100 }, (_, place) => String(200 + place));

/**
 * Middleware that checks the query string by a schema of this dialect; an empty value is an absent one.
 * Every fault becomes part of one Problem `invalid_request`.
 */
export function checked<S extends z.ZodObject>(schema: S) {
  return parameters(schema, refuse, withoutEmpty);
}

/**
 * Holds the project that is asked for against the one that a key is bound to.
 * @throws Problem `forbidden` when they differ (contracts/requests.md, project_id)
 */
export function admitProject(project: string | undefined, { bounds }: Credential): void {
  if (project !== undefined && bounds.project_id !== undefined && project !== bounds.project_id)
    throw new Problem('forbidden', 'project_id: this key is bound to another project; leave it out');
}

/**
 * Parameters as a question.
 * @param now epoch milliseconds, at which a walk without a cursor begins
 * @throws Problem `forbidden` when the credential is bound to another project than the one asked for
 */
export function toQuery(given: ListParameters, credential: Credential, now: number): ListRequest {
  const { limit = LIMIT_DEFAULT, offset = 0, cursor = null, project_id: project } = given;
  const { bounds } = credential;
  admitProject(project, credential);
  const filter = { time: timeOf(given), conditions: conditionsOf(given) };
  return {
    question: { kind: 'request', bounds, filter },
    page: { sort: NEWEST_FIRST, limit, offset, cursor, startedAt: walkStart(cursor, now) },
  };
}

/** The tool calls that a request led to, in the order in which they were made, as far as the credential sees them. */
export function toToolCallQuery(requestId: string, { bounds }: Credential): Query<'tool_call'> {
  return {
    kind: 'tool_call',
    bounds,
    filter: {
      time: ALL_TIME,
      conditions: [{ test: 'in', field: 'llm_request_id', values: [requestId] }],
    },
    sort: { by: 'timestamp', direction: 'asc' },
    limit: TOOL_CALLS_MAX,
    offset: 0,
    after: null,
  };
}

/** The inclusive end of this contract as the exclusive one of a range. */
function timeOf({ since, until }: ListParameters): TimeRange {
  return { from: since ?? null, until: until === undefined ? null : until + 1 };
}

function conditionsOf(given: ListParameters): Condition<'request'>[] {
  const { project_id: project, status, provider, model, outcome = [], q } = given;
  const conditions: Condition<'request'>[] = [];
  const oneOf = (
    field: Extract<Condition<'request'>, { test: 'in' }>['field'],
    values?: readonly string[] | null,
  ): void => {
    if (values !== undefined && values !== null) conditions.push({ test: 'in', field, values });
  };
  oneOf('project_id', project === undefined ? null : [project]);
  oneOf('status', status);
  oneOf('provider', provider);
  oneOf('model', model);
  const isOneOutcome = outcome.length > 0 && outcome.length < OUTCOMES.length;
  if (isOneOutcome)
    conditions.push({
      test: 'in',
      field: 'status',
      values: OK_STATUSES,
      ...(outcome.includes('error') ? { not: true } : {}),
    });
  if (q !== undefined) conditions.push({ test: 'search', text: q });
  return conditions;
}

function refuse(messages: readonly string[]): never {
  throw new Problem('invalid_request', messages.join('; '));
}

function withoutEmpty(given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
}
