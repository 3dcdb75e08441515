/** Retention: for how many days payloads and rows are kept, by kind and project. */
import { Hono, type Context } from 'hono';
import * as z from 'zod';
import { authenticate } from '../edge/authenticate.ts';
import type { GateEnv } from '../edge/env.ts';
import { readJson } from '../edge/json.ts';
import { Problem } from '../edge/problem.ts';
import { DIMENSION_CHARACTERS_MAX } from '../event/draft-schema.ts';
import { KINDS } from '../event/event.ts';
import {
  RETENTION_DAYS_MAX,
  RETENTION_PROJECTS_MAX,
  retentionDefaults,
  retentionOf,
  type RetentionDefaults,
  type RetentionPolicy,
} from '../query/retention.ts';
import { OWN_CARRIERS } from './events.ts';

/** A number of days; a row stays for one at least, so that nothing goes before it was readable. */
function days(min: number) {
  const message = `must be a whole number of days from ${min} to ${RETENTION_DAYS_MAX}, or null for the default`;
  return z.int(message).min(min, message).max(RETENTION_DAYS_MAX, message).nullish();
}

const NewRetention = z.strictObject({
  kind: z.enum(KINDS, `must be one of ${KINDS.join(', ')}`),
  project_id: z
    .string('must be a string, or null for all projects')
    .min(1, 'must not be empty; leave it out for all projects')
    .max(DIMENSION_CHARACTERS_MAX, `must have ${DIMENSION_CHARACTERS_MAX} characters at most`)
    .nullish(),
  payload_days: days(0),
  row_days: days(1),
});

/** `GET` and `PUT` of /v1/retention; both need `admin`, and one bound to a project has to do with that project alone. */
export const retentionRoutes = new Hono<GateEnv>()
  .get('/v1/retention', authenticate(OWN_CARRIERS, 'admin'), async (context) => {
    const project = boundProject(context);
    const defaults = defaultsOf(context);
    const policies = await context.var.retention.policies();
    const everyone = KINDS.map((kind) => policyOf(policies, kind, null));
    const projects = policies.filter(
      ({ project_id }) => project_id !== null && (project === null || project_id === project),
    );
    const shown = [...everyone, ...projects];
    return context.json({ retention: shown.map((policy) => publicRetention(policy, policies, defaults)) });
  })
  .put('/v1/retention', authenticate(OWN_CARRIERS, 'admin'), async (context) => {
    const project = boundProject(context);
    const defaults = defaultsOf(context);
    const body = await readJson(context.req.raw, NewRetention);
    const policy: RetentionPolicy = {
      kind: body.kind,
      project_id: body.project_id ?? project,
      payload_days: body.payload_days ?? null,
      row_days: body.row_days ?? null,
    };
    if (project !== null && policy.project_id !== project)
      throw new Problem('forbidden', `project_id: this key is bound to ${project}`, {
        parameter: 'project_id',
      });
    const { retention, credential } = context.var;
    if (!(await retention.set(policy, Date.now(), credential.id)))
      throw new Problem(
        'conflict',
        `project_id: ${RETENTION_PROJECTS_MAX} projects have days of their own for this kind; give one of them back to the default`,
        { parameter: 'project_id' },
      );
    return context.json(publicRetention(policy, await retention.policies(), defaults));
  });

/**
 * The project that a credential is bound to; null when it is not bound.
 * @throws Problem `forbidden` when it is bound to less than a project, whose days it would change for others
 */
function boundProject(context: Context<GateEnv>): string | null {
  const { project_id = null, workspace_ids, virtual_key_id } = context.var.credential.bounds;
  if (workspace_ids !== undefined || virtual_key_id !== undefined)
    throw new Problem('forbidden', 'retention is set for whole projects; this key is bound to a part of one');
  return project_id;
}

function defaultsOf(context: Context<GateEnv>): RetentionDefaults {
  try {
    return retentionDefaults(context.env);
  } catch (error) {
    throw new Problem('not_configured', error instanceof Error ? error.message : String(error));
  }
}

function policyOf(
  policies: readonly RetentionPolicy[],
  kind: RetentionPolicy['kind'],
  project: string | null,
): RetentionPolicy {
  const open = { kind, project_id: project, payload_days: null, row_days: null };
  return policies.find((policy) => policy.kind === kind && policy.project_id === project) ?? open;
}

/** What was set, and what is in force. */
function publicRetention(
  policy: RetentionPolicy,
  policies: readonly RetentionPolicy[],
  defaults: RetentionDefaults,
): Record<string, unknown> {
  const { payloadDays, rowDays } = retentionOf(policy, policies, defaults);
  const { kind, project_id, payload_days, row_days } = policy;
  return {
    kind,
    project_id,
    payload_days,
    row_days,
    in_force: { payload_days: payloadDays, row_days: rowDays },
  };
}
