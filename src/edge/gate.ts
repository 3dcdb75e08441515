/** The gate: what happens to every request, whatever its surface: an id, a cost, one log line, a rendered error. */
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { createMeter } from '../query/meter.ts';
import type { GateEnv } from './env.ts';
import { Problem, problemOf } from './problem.ts';
import type { Surface } from './surface.ts';

/** A caller's request id that is taken over: short and harmless in a log line. */
const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/**
 * Puts surfaces behind the gate.
 * @param wire sets the ports of a request; it runs after the meter exists
 * @param surfaces the last one also owns every path that no other does
 */
export function createGate(wire: MiddlewareHandler<GateEnv>, surfaces: readonly Surface[]): Hono<GateEnv> {
  const app = new Hono<GateEnv>({ strict: false });
  const surfaceOf = (path: string): Surface | undefined =>
    surfaces.find((surface) => surface.owns(path)) ?? surfaces.at(-1);
  const render = (error: unknown, context: Context<GateEnv>): Response => {
    const problem = problemOf(error);
    if (problem.code === 'internal') logFailure(error, context);
    const surface = surfaceOf(context.req.path);
    const response = surface?.render(problem, context) ?? context.text(problem.message, problem.status);
    for (const [name, value] of Object.entries(problem.extras.headers ?? {}))
      response.headers.set(name, value);
    return response;
  };
  app.use(observe, requireAdminKey, wire);
  for (const surface of surfaces) app.route('/', surface.routes);
  app.onError(render);
  app.notFound((context) => {
    const allowed = allowedMethods(app, context.req.path);
    if (allowed.length === 0) return render(new Problem('not_found', 'not found'), context);
    const headers = { allow: allowed.join(', ') };
    return render(new Problem('method_not_allowed', 'method not allowed', { headers }), context);
  });
  return app;
}

const observe: MiddlewareHandler<GateEnv> = async (context, next) => {
  const startedAt = Date.now();
  const given = context.req.header('x-request-id') ?? '';
  const requestId = SANE_REQUEST_ID.test(given) ? given : crypto.randomUUID();
  const meter = createMeter();
  context.set('requestId', requestId);
  context.set('meter', meter);
  await next();
  context.header('x-request-id', requestId);
  if (meter.calls > 0) {
    const { milliseconds, rowsRead, rowsWritten } = meter;
    context.header(
      'server-timing',
      `db;dur=${milliseconds}, rows_read;desc="${rowsRead}", rows_written;desc="${rowsWritten}"`,
    );
  }
  // The query string stays out: callers put secrets there.
  console.log(
    JSON.stringify({
      message: 'request',
      method: context.req.method,
      path: context.req.path,
      status: context.res.status,
      duration_ms: Date.now() - startedAt,
      rows_read: meter.rowsRead,
      credential: context.get('credential')?.id,
      request_id: requestId,
    }),
  );
};

const requireAdminKey: MiddlewareHandler<GateEnv> = async (context, next) => {
  if (!context.env.ADMIN_KEY && context.req.path !== '/healthz')
    throw new Problem('not_configured', 'not configured: set the secret ADMIN_KEY');
  await next();
};

function logFailure(error: unknown, context: Context<GateEnv>): void {
  const line = { message: 'failure', error: String(error), request_id: context.get('requestId') };
  console.error(JSON.stringify(line));
}

/** The methods that some route takes at a path; routes for all methods are middleware and do not count. */
function allowedMethods(app: Hono<GateEnv>, path: string): readonly string[] {
  const taken = METHODS.filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  );
  return taken.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}
