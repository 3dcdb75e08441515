/** The server-logs dialect: `GET …/servers/{server_id}/logs` and the workspaces, as NimbleTools' control plane has them. */
import { Hono, type MiddlewareHandler } from 'hono';
import { authenticate } from '../../edge/authenticate.ts';
import type { GateEnv } from '../../edge/env.ts';
import { parameters } from '../../edge/parameters.ts';
import { Problem } from '../../edge/problem.ts';
import { isUnder, type Surface } from '../../edge/surface.ts';
import { isUuid } from '../../event/draft-schema.ts';
import { maySeeWorkspace, type Credential } from '../../query/credential.ts';
import type { EventReader } from '../../query/event-reader.ts';
import { walk } from '../../query/walk.ts';
import { LIMITS, LogParameters, WORKSPACES_MAX } from './contract.ts';
import { everythingOf, everythingOfKind, KINDS_SEEN, serverOf, toQuery, workspaceOf } from './request.ts';
import {
  fromFaults,
  fromPage,
  fromProblem,
  fromWorkspaces,
  limitHeaders,
  type Workspace,
} from './response.ts';

const WORKSPACES = '/v1/workspaces';

/** A server id may hold slashes; Hono decodes it once. */
const LOGS = `${WORKSPACES}/:workspace_id/servers/:server_id{.+}/logs` as const;

/** The checks of the workspace, which come before those of the parameters. */
const admitWorkspace: MiddlewareHandler<GateEnv, typeof LOGS> = async (context, next) => {
  const { reader, credential } = context.var;
  const workspaceId = workspaceOf(context.req.param('workspace_id'));
  if (!maySeeWorkspace(credential, workspaceId)) throw new Problem('forbidden', 'Access denied to workspace');
  if (!isUuid(workspaceId) || !(await isKnown(reader, credential, workspaceId)))
    throw new Problem('not_found', `Workspace ${workspaceId} not found`);
  await next();
};

// The gate of credentials stands on GET alone: lines are posted to the same path by the ways in of api/.
const routes = new Hono<GateEnv>()
  .get(WORKSPACES, authenticate(['bearer'], 'read'), async (context) => {
    const { reader, credential } = context.var;
    return context.json(fromWorkspaces(await workspacesOf(reader, credential), credential));
  })
  .get(
    LOGS,
    authenticate(['bearer'], 'read'),
    admitWorkspace,
    parameters(LogParameters, (_messages, issues) => fromFaults(issues)),
    async (context) => {
      const { reader, credential } = context.var;
      const now = Date.now();
      const server = serverOf(context.req.param());
      const { question, page } = toQuery(server, context.req.valid('query'), credential, now);
      const walked = await walk(reader, question, page);
      if (walked.events.length === 0 && !(await reader.exists(everythingOf(server, credential)))) {
        const sent = context.req.param('server_id');
        throw new Problem('not_found', `Server ${sent} not found or has no running pods`);
      }
      return context.json(fromPage(server, walked, now));
    },
  );

/** The dialect. */
export const serverLogs: Surface = {
  name: 'server-logs',
  owns: (path) => isUnder(path, WORKSPACES),
  routes,
  limits: LIMITS,
  limitHeaders,
  render: fromProblem,
};

/** A key that names its workspaces knows them; to any other a workspace is known by an event that it may see. */
async function isKnown(reader: EventReader, credential: Credential, workspaceId: string): Promise<boolean> {
  if (credential.bounds.workspace_ids !== undefined) return true;
  const conditions = [{ test: 'in', field: 'workspace_id', values: [workspaceId] }] as const;
  for (const kind of KINDS_SEEN)
    if (await reader.exists(everythingOfKind(kind, credential, conditions))) return true;
  return false;
}

/** The workspaces that a credential may see, by the same rule as `isKnown`, in the order of their ids. */
async function workspacesOf(reader: EventReader, credential: Credential): Promise<readonly Workspace[]> {
  // One value more than is shown, since events without a workspace share one.
  const found = await Promise.all(
    KINDS_SEEN.map((kind) =>
      reader.totalsByValue(everythingOfKind(kind, credential), 'workspace_id', WORKSPACES_MAX + 1),
    ),
  );
  const seen = new Map<string, { events: number; created: number | null }>();
  for (const id of credential.bounds.workspace_ids ?? []) seen.set(id, { events: 0, created: null });
  for (const { value, total, earliest } of found.flat()) {
    if (value === null) continue;
    const { events, created } = seen.get(value) ?? { events: 0, created: null };
    const times = [created, earliest].filter((time) => time !== null);
    seen.set(value, { events: events + total, created: times.length === 0 ? null : Math.min(...times) });
  }
  const busiest = [...seen]
    .toSorted(([, one], [, other]) => other.events - one.events)
    .slice(0, WORKSPACES_MAX);
  return busiest
    .map(([id, { created }]) => ({ id, created }))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1));
}
