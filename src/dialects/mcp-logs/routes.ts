/** The mcp-logs dialect: the list of logs, its siblings and one log by its id, as Bifrost and MPilot serve them. */
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { authenticate } from '../../edge/authenticate.ts';
import { readText } from '../../edge/body.ts';
import type { GateEnv } from '../../edge/env.ts';
import { Problem } from '../../edge/problem.ts';
import { isUnder, type Surface } from '../../edge/surface.ts';
import { parameters } from '../../edge/parameters.ts';
import type { ToolCall } from '../../event/event.ts';
import { storableText } from '../../event/text.ts';
import { hasScope } from '../../query/credential.ts';
import { ALL_TIME } from '../../query/filter.ts';
import { walk } from '../../query/walk.ts';
import {
  Deletion,
  DELETION_BYTES_MAX,
  FilterDataParameters,
  LIMITS,
  ListParameters,
  NarrowingParameters,
  PERIODS,
  TOP_TOOLS_MAX,
  VALUES_MAX,
  type ValueDimension,
} from './contract.ts';
import {
  toFilterDataRequest,
  toFinishedQuestion,
  toHistogramRequest,
  toQuery,
  toQuestion,
  VALUE_FIELDS,
  type FilterDataRequest,
} from './request.ts';
import {
  fromCostHistogram,
  fromEvent,
  fromHistogram,
  fromPage,
  fromProblem,
  fromStats,
  fromTopTools,
  fromValues,
} from './response.ts';

const PATH = '/api/mcp-logs';

/** When to try a deletion again, in seconds: by then the writer has looked after its log once more. */
const RETRY_AFTER_SECONDS = 10;

/** Ids that one entry of the audit log names: a screenful; how many more there were is said beside them. */
const IDS_RECORDED_MAX = 100;

/** Virtual keys read their own calls, unless the deployment says that they may not. */
const refuseVirtualKeys: MiddlewareHandler<GateEnv> = async (context, next) => {
  if (context.env.MCP_LOGS_VIRTUAL_KEYS === 'deny' && context.var.credential.isVirtualKey)
    throw new Problem('unauthenticated', 'virtual keys are not accepted here');
  await next();
};

/** A log that is gone is gone for everyone, so taking one away is the operator's. */
const requireAdmin: MiddlewareHandler<GateEnv> = async (context, next) => {
  if (!hasScope(context.var.credential, 'admin'))
    throw new Problem('forbidden', 'the scope admin is missing; delete with a key that has it');
  await next();
};

const narrowed = parameters(NarrowingParameters, refuse, forgiveTimes);

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
  .delete(PATH, requireAdmin, async (context) => {
    const ids = idsOf(await readText(context.req.raw, DELETION_BYTES_MAX));
    const { intake, credential } = context.var;
    await recordDeletion(context, ids);
    if (!(await intake.remove('tool_call', ids, credential.bounds))) throw behind();
    return context.json({ message: 'MCP tool logs deleted successfully' });
  })
  .get(`${PATH}/stats`, narrowed, async (context) => {
    const { reader, credential } = context.var;
    const question = toQuestion(context.req.valid('query'), credential, Date.now());
    return context.json(fromStats(await reader.totals(question)));
  })
  .get(`${PATH}/filterdata`, parameters(FilterDataParameters, refuse, forgiveTimes), async (context) => {
    const { reader, credential } = context.var;
    const request = toFilterDataRequest(context.req.valid('query'), credential, Date.now());
    const found = await valuesOf(context, request);
    const ids = found.flatMap(([dimension, values]) => (dimension === 'virtual_keys' ? values : []));
    return context.json(fromValues(found, await reader.virtualKeys(ids, context.var.credential.bounds)));
  })
  .get(`${PATH}/histogram`, narrowed, async (context) => {
    const { reader, credential } = context.var;
    const request = toHistogramRequest(context.req.valid('query'), credential, Date.now());
    const found = await reader.totalsByTime(request.question, request.bucketSeconds * 1000);
    return context.json(fromHistogram(found, request));
  })
  .get(`${PATH}/histogram/cost`, narrowed, async (context) => {
    const { reader, credential } = context.var;
    const request = toHistogramRequest(context.req.valid('query'), credential, Date.now());
    const found = await reader.totalsByTime(request.question, request.bucketSeconds * 1000);
    return context.json(fromCostHistogram(found, request));
  })
  .get(`${PATH}/histogram/top-tools`, narrowed, async (context) => {
    const { reader, credential } = context.var;
    const question = toFinishedQuestion(context.req.valid('query'), credential, Date.now());
    return context.json(fromTopTools(await reader.totalsByValue(question, 'tool_name', TOP_TOOLS_MAX)));
  })
  // Behind its siblings, whose names win over an id.
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
  limits: LIMITS,
  render: fromProblem,
};

async function rows(
  context: Context<GateEnv>,
  calls: readonly ToolCall[],
): Promise<Record<string, unknown>[]> {
  const ids = new Set(
    calls.flatMap((call) => (call.virtual_key_name === null ? [] : (call.virtual_key_id ?? []))),
  );
  const virtualKeys = await context.var.reader.virtualKeys([...ids], context.var.credential.bounds);
  return calls.map((call) => fromEvent(call, virtualKeys));
}

/** The values of each dimension. An absent or empty one is none: nobody could filter by it. */
function valuesOf(
  { var: { reader } }: Context<GateEnv>,
  { question, dimensions }: FilterDataRequest,
): Promise<(readonly [ValueDimension, readonly string[]])[]> {
  return Promise.all(
    dimensions.map(async (dimension) => {
      // Two more than are shown, since those two may be among them.
      const totals = await reader.totalsByValue(question, VALUE_FIELDS[dimension], VALUES_MAX + 2);
      return [dimension, totals.flatMap(({ value }) => value || []).slice(0, VALUES_MAX)] as const;
    }),
  );
}

/** Recorded before it is done: an entry too many can be explained, a deletion that nobody knows of cannot. */
async function recordDeletion(context: Context<GateEnv>, ids: readonly string[]): Promise<void> {
  const { audit, credential, redact } = context.var;
  const { project_id = null, workspace_ids = null, virtual_key_id = null } = credential.bounds;
  const named = await redact(ids.slice(0, IDS_RECORDED_MAX));
  await audit.record({
    actor: credential.id,
    action: 'logs.deleted',
    target: named.length === 1 ? (named[0] ?? null) : null,
    detail: { kind: 'tool_call', asked: ids.length, ids: named, project_id, workspace_ids, virtual_key_id },
  });
}

function idsOf(body: string): readonly string[] {
  const deletion = Deletion.safeParse(body);
  return deletion.success ? deletion.data : refuse(deletion.error.issues.map((issue) => issue.message));
}

function behind(): Problem {
  const headers = { 'retry-after': String(RETRY_AFTER_SECONDS) };
  return new Problem('unavailable', 'the writer is behind; not all may be deleted, try again soon', {
    headers,
  });
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
  if (!PERIODS.has(given['period'] ?? '')) return given;
  return { ...given, start_time: '', end_time: '' };
}
