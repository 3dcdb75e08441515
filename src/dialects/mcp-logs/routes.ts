/** The mcp-logs dialect: `GET /api/mcp-logs` and one log by its id, as Bifrost and MPilot serve them. */
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { authenticate } from '../../edge/authenticate.ts';
import type { GateEnv } from '../../edge/env.ts';
import { Problem } from '../../edge/problem.ts';
import { isUnder, type Surface } from '../../edge/surface.ts';
import { parameters } from '../../edge/parameters.ts';
import type { ToolCall } from '../../event/event.ts';
import { storableText } from '../../event/text.ts';
import { ALL_TIME } from '../../query/filter.ts';
import { walk } from '../../query/walk.ts';
import { ListParameters, PERIODS } from './contract.ts';
import { toQuery } from './request.ts';
import { fromEvent, fromPage, fromProblem } from './response.ts';

const PATH = '/api/mcp-logs';

/** Virtual keys read their own calls, unless the deployment says that they may not. */
const refuseVirtualKeys: MiddlewareHandler<GateEnv> = async (context, next) => {
  if (context.env.MCP_LOGS_VIRTUAL_KEYS === 'deny' && context.var.credential.isVirtualKey)
    throw new Problem('unauthenticated', 'virtual keys are not accepted here');
  await next();
};

const routes = new Hono<GateEnv>()
  .use(`${PATH}/*`, authenticate(['bearer'], 'read'), refuseVirtualKeys)
  .get(PATH, parameters(ListParameters, refuse, forgiveTimes), async (context) => {
    const { reader, credential } = context.var;
    const request = toQuery(context.req.valid('query'), credential, Date.now());
    const [page, stats] = await Promise.all([
      walk(reader, request.question, request.page),
      reader.totals(request.question),
    ]);
    const hasLogs = page.events.length > 0 || (await reader.exists(everythingOf(context)));
    return context.json(
      fromPage(await rows(context, page.events), request, stats, { nextCursor: page.nextCursor, hasLogs }),
    );
  })
  .get(`${PATH}/:id`, async (context) => {
    const { reader, credential } = context.var;
    const call = await reader.find('tool_call', storableText(context.req.param('id')), credential.bounds);
    if (call === null) throw new Problem('not_found', 'MCP log not found');
    return context.json((await rows(context, [call]))[0]);
  });

/** The dialect. */
export const mcpLogs: Surface = {
  name: 'mcp-logs',
  owns: (path) => isUnder(path, PATH),
  routes,
  render: fromProblem,
};

async function rows(
  context: Context<GateEnv>,
  calls: readonly ToolCall[],
): Promise<Record<string, unknown>[]> {
  const ids = new Set(
    calls.flatMap((call) => (call.virtual_key_name === null ? [] : (call.virtual_key_id ?? []))),
  );
  const virtualKeys = await context.var.reader.virtualKeys([...ids]);
  return calls.map((call) => fromEvent(call, virtualKeys));
}

function everythingOf(context: Context<GateEnv>) {
  const { bounds } = context.var.credential;
  return { kind: 'tool_call', bounds, filter: { time: ALL_TIME, conditions: [] } } as const;
}

function refuse(messages: readonly string[]): never {
  throw new Problem('invalid_request', messages[0] ?? 'invalid request');
}

/** A known period overrides the times beside it, and so it forgives their faults. */
function forgiveTimes(given: Record<string, string>): Record<string, string> {
  if (PERIODS[given['period'] ?? ''] === undefined) return given;
  return { ...given, start_time: '', end_time: '' };
}
