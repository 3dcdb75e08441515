/** Whether a request came to this machine itself, where there is no TLS to insist on. */
import type { Context } from 'hono';
import type { GateEnv } from './env.ts';

const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether the request's host is the machine's own. */
export function isLocal(context: Context<GateEnv>): boolean {
  return LOCAL_HOSTS.has(new URL(context.req.url).hostname);
}
