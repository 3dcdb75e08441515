/** The gate: what happens to every request, whatever its surface: an id, a cost, one log line, a rendered error. */
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { credentialsIn } from '../event/credential-text.ts';
import type { Credential } from '../query/credential.ts';
import { createMeter, type Meter } from '../query/meter.ts';
import { allowListedOrigins } from './cors.ts';
import type { GateEnv } from './env.ts';
import { fitForCallers } from './fit-for-callers.ts';
import { Problem, problemOf } from './problem.ts';
import { limitRates } from './rate-limit.ts';
import { secureAnswer } from './secure-answer.ts';
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
  const render = async (error: unknown, context: Context<GateEnv>): Promise<Response> => {
    const problem = await fitForCallers(problemOf(error), context);
    if (problem.code === 'internal') await logFailure(error, context);
    context.set('problemCode', problem.code);
    const surface = surfaceOf(context.req.path);
    const response = surface?.render(problem, context) ?? context.text(problem.message, problem.status);
    for (const [name, value] of Object.entries(problem.extras.headers ?? {}))
      response.headers.set(name, value);
    return response;
  };
  app.use((context, next) => {
    context.set('surface', surfaceOf(context.req.path)?.name ?? '');
    return next();
  });
  app.use(observe, secureAnswer);
  for (const { bareRoutes } of surfaces) if (bareRoutes !== undefined) app.route('/', bareRoutes);
  app.use(requireAdminKey, wire, allowListedOrigins, limitRates(surfaces, surfaceOf));
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
  const isTakenOver = SANE_REQUEST_ID.test(given) && credentialsIn(given).length === 0;
  const requestId = isTakenOver ? given : crypto.randomUUID();
  const meter = createMeter();
  context.set('requestId', requestId);
  context.set('meter', meter);
  await next();
  context.header('x-request-id', requestId);
  if (meter.calls > 0) context.header('server-timing', serverTiming(meter, context.get('credential')));
  // The query string stays out: callers put secrets there.
  console.log(
    JSON.stringify({
      message: 'request',
      method: context.req.method,
      surface: context.get('surface'),
      path: await loggablePath(context),
      status: context.res.status,
      duration_ms: Date.now() - startedAt,
      problem: context.get('problemCode'),
      ...context.get('judged'),
      rows_read: meter.rowsRead,
      rows_written: meter.rowsWritten,
      credential: context.get('credential')?.id,
      request_id: requestId,
    }),
  );
};

/** Rows to which a bounded credential's cost is rounded up: the exact figure tells whether others have what it asks for. */
const ROWS_TOLD = 100;

function serverTiming(
  { milliseconds, rowsRead, rowsWritten }: Meter,
  credential: Credential | undefined,
): string {
  const isBounded = Object.keys(credential?.bounds ?? {}).length > 0;
  const told = isBounded ? Math.ceil(rowsRead / ROWS_TOLD) * ROWS_TOLD : rowsRead;
  return `db;dur=${milliseconds}, rows_read;desc="${told}", rows_written;desc="${rowsWritten}"`;
}

const requireAdminKey: MiddlewareHandler<GateEnv> = async (context, next) => {
  if (!context.env.ADMIN_KEY) throw new Problem('not_configured', 'not configured: set the secret ADMIN_KEY');
  await next();
};

async function logFailure(error: unknown, context: Context<GateEnv>): Promise<void> {
  // Errors of parsers quote what they could not read.
  const said = (await context.get('redact')?.(String(error))) ?? (error instanceof Error ? error.name : '');
  console.error(JSON.stringify({ message: 'failure', error: said, request_id: context.get('requestId') }));
}

/** The path as asked for, without the credentials in it; the route's own where the settings cannot be read. */
async function loggablePath(context: Context<GateEnv>): Promise<string> {
  return (await context.get('redact')?.(context.req.path)) ?? routePath(context);
}

/** The methods that some route takes at a path; routes for all methods are middleware and do not count. */
function allowedMethods(app: Hono<GateEnv>, path: string): readonly string[] {
  const taken = METHODS.filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  );
  return taken.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
}
