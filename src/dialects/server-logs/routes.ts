/** The server-logs dialect: `GET …/servers/{server_id}/logs`, as NimbleTools' control plane serves it. */
import { Hono, type MiddlewareHandler } from 'hono';
import { authenticate } from '../../edge/authenticate.ts';
import type { GateEnv } from '../../edge/env.ts';
import { parameters } from '../../edge/parameters.ts';
import { Problem } from '../../edge/problem.ts';
import { isUnder, type Surface } from '../../edge/surface.ts';
import { isUuid } from '../../event/draft-schema.ts';
import { maySeeWorkspace, type Credential } from '../../query/credential.ts';
import type { EventReader } from '../../query/event-reader.ts';
import { ALL_TIME } from '../../query/filter.ts';
import { walk } from '../../query/walk.ts';
import { LogParameters } from './contract.ts';
import { everythingOf, serverOf, toQuery, workspaceOf } from './request.ts';
import { fromFaults, fromPage, fromProblem } from './response.ts';

const WORKSPACES = '/v1/workspaces';

/** A server id may hold slashes; Hono decodes it once. */
const LOGS = `${WORKSPACES}/:workspace_id/servers/:server_id{.+}/logs` as const;

/** Kinds by which a workspace may have become known, the likeliest first. */
const KINDS_SEEN = ['server_log', 'tool_call', 'request'] as const;

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
const routes = new Hono<GateEnv>().get(
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
  render: fromProblem,
};

/** A key that names its workspaces knows them; to any other a workspace is known by an event that it may see. */
async function isKnown(reader: EventReader, credential: Credential, workspaceId: string): Promise<boolean> {
  const { bounds } = credential;
  if (bounds.workspace_ids !== undefined) return true;
  const conditions = [{ test: 'in', field: 'workspace_id', values: [workspaceId] }] as const;
  for (const kind of KINDS_SEEN)
    if (await reader.exists({ kind, bounds, filter: { time: ALL_TIME, conditions } })) return true;
  return false;
}
