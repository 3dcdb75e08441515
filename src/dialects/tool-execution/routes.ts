/** The tool-execution dialect: `POST …/logs/tool_execution` and one log by its id, as Composio serves them. */
import { Hono } from 'hono';
import { authenticate } from '../../edge/authenticate.ts';
import type { GateEnv } from '../../edge/env.ts';
import { readJson } from '../../edge/json.ts';
import { Problem } from '../../edge/problem.ts';
import { isUnder, type Surface } from '../../edge/surface.ts';
import { walk } from '../../query/walk.ts';
import { ListBody } from './contract.ts';
import { toDetailQuery, toQuery } from './request.ts';
import { fromEventInFull, fromPage, fromProblem, warningOf } from './response.ts';

/** Both versions answer alike: clients of either are about. */
const PREFIXES = ['/api/v3.1/logs', '/api/v3/logs'] as const;

const logs = new Hono<GateEnv>()
  .use('/*', authenticate(['x-api-key', 'bearer', 'cookie'], 'read'))
  .post('/tool_execution', async (context) => {
    const body = await readJson(context.req.raw, ListBody, {});
    if (body.unknown.length > 0) context.header('x-gatelog-warning', warningOf(body.unknown));
    const { question, page } = toQuery(body, context.var.credential, Date.now());
    return context.json(fromPage(await walk(context.var.reader, question, page)));
  })
  .get('/tool_execution/:id', async (context) => {
    const query = toDetailQuery(context.req.param('id'), context.var.credential);
    const [call] = (await context.var.reader.page(query)).events;
    if (call === undefined) throw new Problem('not_found', 'no tool execution log has this id');
    return context.json(fromEventInFull(call));
  });

/** The dialect. */
export const toolExecution: Surface = {
  name: 'tool-execution',
  owns: (path) => PREFIXES.some((prefix) => isUnder(path, prefix)),
  routes: PREFIXES.reduce((routes, prefix) => routes.route(prefix, logs), new Hono<GateEnv>()),
  render: fromProblem,
};
