/** The tool-execution dialect: `POST …/logs/tool_execution`, one log by its id, and usage, as Composio serves them. */
import { Hono } from 'hono';
import { authenticate } from '../../edge/authenticate.ts';
import type { GateEnv } from '../../edge/env.ts';
import { readJson } from '../../edge/json.ts';
import { Problem } from '../../edge/problem.ts';
import { isUnder, type Surface } from '../../edge/surface.ts';
import { walk } from '../../query/walk.ts';
import { LIMITS, ListBody } from './contract.ts';
import { toDetailQuery, toQuery } from './request.ts';
import { fromEventInFull, fromPage, fromProblem, limitHeaders, warn } from './response.ts';
import { usage } from './usage/routes.ts';

/** Both versions answer alike: clients of either are about. */
const VERSIONS = ['/api/v3.1', '/api/v3'] as const;

const admit = authenticate(['x-api-key', 'bearer', 'cookie'], 'read');

const logs = new Hono<GateEnv>()
  .use('/*', admit)
  .post('/tool_execution', async (context) => {
    const body = await readJson(context.req.raw, ListBody, {});
    warn(context, body.unknown);
    const { question, page } = toQuery(body, context.var.credential, Date.now());
    return context.json(fromPage(await walk(context.var.reader, question, page)));
  })
  .get('/tool_execution/:id', async (context) => {
    const query = toDetailQuery(context.req.param('id'), context.var.credential);
    const [call] = (await context.var.reader.page(query)).events;
    if (call === undefined) throw new Problem('not_found', 'no tool execution log has this id');
    return context.json(fromEventInFull(call));
  });

const project = new Hono<GateEnv>().use('/*', admit).route('/usage', usage);

/** The dialect. */
export const toolExecution: Surface = {
  name: 'tool-execution',
  owns: (path) =>
    VERSIONS.some((version) => isUnder(path, `${version}/logs`) || isUnder(path, `${version}/project`)),
  routes: VERSIONS.reduce(
    (routes, version) => routes.route(`${version}/logs`, logs).route(`${version}/project`, project),
    new Hono<GateEnv>(),
  ),
  limits: LIMITS,
  limitHeaders,
  render: fromProblem,
};
