/** Answers of server-logs: lines and problems in the shapes of NimbleTools' control plane, a FastAPI service. */
import type { Context } from 'hono';
import type * as z from 'zod';
import type { GateEnv } from '../../edge/env.ts';
import type { Problem } from '../../edge/problem.ts';
import type { Standing } from '../../edge/rate-limit-headers.ts';
import type { ServerLog } from '../../event/event.ts';
import { formatTime } from '../../event/time.ts';
import type { Credential } from '../../query/credential.ts';
import type { WalkedPage } from '../../query/walk.ts';
import type { Fault } from './contract.ts';
import type { Server } from './request.ts';

const CURSOR_FAULT: Fault = {
  type: 'value_error',
  msg: 'Value error, the cursor belongs to no page of this query; leave it out to start anew',
};

/** A line as the document shows it. */
export function fromEvent(log: ServerLog): Record<string, string | null> {
  return {
    timestamp: formatTime(log.timestamp),
    level: log.level,
    message: log.message,
    pod_name: log.pod_name,
    container_name: log.container_name,
  };
}

/**
 * The answer: the document's keys in its order, then ours.
 * @param now epoch milliseconds at which the lines were asked for
 */
export function fromPage(
  server: Server,
  page: WalkedPage<'server_log'>,
  now: number,
): Record<string, unknown> {
  return {
    version: 'v1',
    server_id: server.serverId,
    workspace_id: server.workspaceId,
    logs: page.events.map(fromEvent),
    count: page.events.length,
    has_more: page.nextCursor !== null,
    query_timestamp: formatTime(now),
    next_cursor: page.nextCursor,
  };
}

/** A workspace that was seen: when, in epoch milliseconds and to the day; null when nothing was logged in it yet. */
export type Workspace = { readonly id: string; readonly created: number | null };

/** The answer to the list of workspaces; a workspace is its id here, so that is its name too. */
export function fromWorkspaces(
  workspaces: readonly Workspace[],
  credential: Credential,
): Record<string, unknown> {
  return {
    workspaces: workspaces.map(({ id, created }) => ({
      workspace_id: id,
      workspace_name: id,
      created: created === null ? null : formatTime(created),
    })),
    user_id: credential.id,
    total: workspaces.length,
  };
}

/** The answer to bad parameters: all faults at once, each as FastAPI tells it. */
export function fromFaults(issues: readonly z.core.$ZodIssue[]): Response {
  const detail = issues.map((issue) => {
    const { fault, input } = (issue as z.core.$ZodIssueCustom).params as { fault: Fault; input: string };
    return detailOf(String(issue.path[0]), fault, input);
  });
  return Response.json({ detail }, { status: 422 });
}

/** A problem in FastAPI's envelope; a cursor at fault is told as the other parameters are. */
export function fromProblem(problem: Problem, context: Context<GateEnv>): Response {
  if (problem.code === 'invalid_cursor') {
    const detail = [detailOf('cursor', CURSOR_FAULT, context.req.query('cursor') ?? '')];
    return context.json({ detail }, 422);
  }
  const headers = problem.code === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {};
  return context.json({ detail: wordsOf(problem, context) }, problem.status, headers);
}

/** Where a caller stands, as its document names it; the reset is an epoch second. */
export function limitHeaders({ limit, remaining, resetAt }: Standing): Record<string, string> {
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(resetAt),
  };
}

function wordsOf(problem: Problem, context: Context<GateEnv>): string {
  if (problem.code === 'unauthenticated') return 'Not authenticated';
  if (problem.code === 'method_not_allowed') return 'Method Not Allowed';
  if (problem.code === 'rate_limited') return 'Rate limit exceeded';
  if (problem.code === 'internal')
    return `Error retrieving server logs: internal error (request ${context.var.requestId})`;
  // The gate's own words for a path without a route; 404s of a route name what is missing.
  return problem.code === 'not_found' && problem.message === 'not found' ? 'Not Found' : problem.message;
}

function detailOf(name: string, { type, msg, ctx }: Fault, input: string): Record<string, unknown> {
  return { type, loc: ['query', name], msg, input, ...(ctx === undefined ? {} : { ctx }) };
}
