/** The requests dialect: the list of requests, one of them by its id, and analytics, as the Free AI Gateway has them. */
import { Hono, type MiddlewareHandler } from 'hono';
import { authenticate } from '../../edge/authenticate.ts';
import type { GateEnv } from '../../edge/env.ts';
import { Problem } from '../../edge/problem.ts';
import { isUnder, type Surface } from '../../edge/surface.ts';
import { walk } from '../../query/walk.ts';
import { analytics } from './analytics/routes.ts';
import { LIMITS, ListParameters, RequestId } from './contract.ts';
import { checked, toQuery, toToolCallQuery } from './request.ts';
import { fromPage, fromProblem, fromRequest, limitHeaders, REQUEST_ID_HEADER } from './response.ts';

const PATH = '/v1/requests';
const ANALYTICS_PATH = '/v1/analytics';

/** Names the request under the gateway's header too; `fromProblem` does it for errors. */
const nameRequest: MiddlewareHandler<GateEnv> = async (context, next) => {
  await next();
  context.header(REQUEST_ID_HEADER, context.get('requestId'));
};

const admit = authenticate(['bearer'], 'read');

const routes = new Hono<GateEnv>()
  .use(`${PATH}/*`, nameRequest, admit)
  .use(`${ANALYTICS_PATH}/*`, nameRequest, admit)
  .route(ANALYTICS_PATH, analytics)
  .get(PATH, checked(ListParameters), async (context) => {
    const { reader, credential } = context.var;
    const request = toQuery(context.req.valid('query'), credential, Date.now());
    const [page, total] = await Promise.all([
      walk(reader, request.question, request.page),
      reader.count(request.question),
    ]);
    return context.json(fromPage(page, total, request));
  })
  .get(`${PATH}/:id`, async (context) => {
    const { reader, credential } = context.var;
    const id = RequestId.parse(context.req.param('id'));
    const request = await reader.find('request', id, credential.bounds);
    if (request === null) throw new Problem('not_found', 'id: no such request');
    const toolCalls = await reader.page(toToolCallQuery(id, credential));
    return context.json(fromRequest(request, toolCalls.events));
  });

/** The dialect. */
export const requests: Surface = {
  name: 'requests',
  owns: (path) => isUnder(path, PATH) || isUnder(path, ANALYTICS_PATH),
  routes,
  limits: LIMITS,
  limitHeaders,
  render: fromProblem,
};
