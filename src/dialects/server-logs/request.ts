/** Requests of server-logs, turned into questions. */
import { isUuid, normalizeServerId } from '../../event/draft-schema.ts';
import { LEVELS, type ServerLog } from '../../event/event.ts';
import { storableText } from '../../event/text.ts';
import type { Credential } from '../../query/credential.ts';
import { walkStart } from '../../query/cursor.ts';
import { ALL_TIME, type Condition } from '../../query/filter.ts';
import { NEWEST_FIRST, type Question } from '../../query/query.ts';
import type { PageRequest } from '../../query/walk.ts';
import { LIMIT_DEFAULT, type LogParameters, type Moment } from './contract.ts';

/** A server by its path: its workspace, and its own id normalised as that of its lines is. */
export type Server = { readonly workspaceId: string; readonly serverId: string };

/** A page of lines as it is wanted. */
export type LogRequest = { readonly question: Question<ServerLog['kind']>; readonly page: PageRequest };

/** Kinds by which a workspace may have become known, the likeliest first. */
export const KINDS_SEEN = ['server_log', 'tool_call', 'request'] as const;

/** The server that a path names; both parts are decoded. */
export function serverOf(path: { readonly workspace_id: string; readonly server_id: string }): Server {
  return {
    workspaceId: workspaceOf(path.workspace_id),
    serverId: normalizeServerId(storableText(path.server_id)),
  };
}

/** A workspace id as events carry it: a UUID in lower case; anything else stays what it is. */
export function workspaceOf(workspaceId: string): string {
  return isUuid(workspaceId) ? workspaceId.toLowerCase() : workspaceId;
}

/**
 * Parameters as a question.
 * @param now epoch milliseconds, from which `1h` counts on a first page
 */
export function toQuery(
  server: Server,
  parameters: LogParameters,
  credential: Credential,
  now: number,
): LogRequest {
  const { limit = LIMIT_DEFAULT, cursor = null, since, until } = parameters;
  const startedAt = walkStart(cursor, now);
  const from = since === undefined ? null : timeOf(since, startedAt);
  // The inclusive end of this contract is the exclusive one of a range, one millisecond on.
  const end = until === undefined ? null : timeOf(until, startedAt) + 1;
  const conditions = [...conditionsOf(server), ...narrowing(parameters)];
  return {
    question: {
      kind: 'server_log',
      bounds: credential.bounds,
      filter: { time: { from, until: end }, conditions },
    },
    page: { sort: NEWEST_FIRST, limit, offset: 0, cursor, startedAt },
  };
}

/** Every line of a server that a credential may see. */
export function everythingOf(server: Server, credential: Credential): Question<ServerLog['kind']> {
  const filter = { time: ALL_TIME, conditions: conditionsOf(server) };
  return { kind: 'server_log', bounds: credential.bounds, filter };
}

/**
 * Every event of a kind that a credential may see.
 * @param conditions what narrows them
 */
export function everythingOfKind<K extends (typeof KINDS_SEEN)[number]>(
  kind: K,
  { bounds }: Credential,
  conditions: readonly Condition<K>[] = [],
): Question<K> {
  return { kind, bounds, filter: { time: ALL_TIME, conditions } };
}

function timeOf(moment: Moment, startedAt: number): number {
  return 'at' in moment ? moment.at : startedAt - moment.ago;
}

function conditionsOf({ workspaceId, serverId }: Server): Condition<'server_log'>[] {
  return [
    { test: 'in', field: 'workspace_id', values: [workspaceId] },
    { test: 'in', field: 'server_id', values: [serverId] },
  ];
}

function narrowing(parameters: LogParameters): Condition<'server_log'>[] {
  const { level, pod_name: pod = null, container_name: container = null, q = null } = parameters;
  const conditions: Condition<'server_log'>[] = [];
  if (level !== undefined)
    conditions.push({ test: 'in', field: 'level', values: LEVELS.slice(LEVELS.indexOf(level)) });
  if (pod !== null) conditions.push({ test: 'in', field: 'pod_name', values: [pod] });
  if (container !== null) conditions.push({ test: 'in', field: 'container_name', values: [container] });
  if (q !== null) conditions.push({ test: 'search', text: q });
  return conditions;
}
