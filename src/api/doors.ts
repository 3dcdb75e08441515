/** The doors of producers: each path leads to one wire format and then to the same admission as `POST /v1/events`. */
import { Hono, type Context, type Handler } from 'hono';
import { authenticate, type Carrier } from '../edge/authenticate.ts';
import { readBytes } from '../edge/body.ts';
import type { GateEnv } from '../edge/env.ts';
import { fitForCallers } from '../edge/fit-for-callers.ts';
import { Problem, problemOf } from '../edge/problem.ts';
import type { Surface } from '../edge/surface.ts';
import { clusterInfo } from '../producers/elasticsearch.ts';
import { producers } from '../producers/index.ts';
import { UnreadableDelivery, type Answer, type Delivery, type Producer } from '../producers/producer.ts';
import { deliveryOf, withProject } from './delivery.ts';
import { keep } from './keep.ts';
import { BODY_BYTES_MAX } from './posted.ts';

/** Where producers carry a credential (contracts/producers.md). */
const CARRIERS: readonly Carrier[] = ['bearer', 'basic', 'api-key', 'x-api-key'];

/** A body that was not read, or is not there. */
const NO_BYTES = new Uint8Array();

/** A surface for each producer, so that whatever is refused on its paths, its client hears it in its own tongue. */
export const doorSurfaces: readonly Surface[] = producers.map((producer) => {
  const routes = new Hono<GateEnv>();
  // Some shippers know `PUT` alone.
  for (const path of producer.paths) routes.on(['POST', 'PUT'], path, handlerOf(producer));
  return {
    name: producer.name,
    owns: (path) => routes.router.match('POST', path)[0].length > 0,
    routes,
    render: (problem, context) => refusal(producer, problem, deliveryOf(context, NO_BYTES)),
  };
});

/** Elasticsearch's clients and Beats ask who they speak to before they send anything. */
export const clusterRoutes = new Hono<GateEnv>().get('/', () => responseOf(clusterInfo()));

function handlerOf(producer: Producer): Handler<GateEnv> {
  const prove = authenticate(CARRIERS, 'ingest');
  return async (context) => {
    let delivery = deliveryOf(context, NO_BYTES);
    try {
      // Not a middleware before this, whose refusal would never know of the delivery.
      await prove(context, () => Promise.resolve());
      const bytes = await readBytes(context.req.raw, BODY_BYTES_MAX);
      const whole = deliveryOf(context, bytes);
      delivery = whole;
      const posted = producer.read(whole).map((item) => withProject(item, whole));
      const answer = producer.answer(await keep(context, posted, bytes.byteLength), posted, whole);
      return responseOf(await withoutCredentials(answer, context));
    } catch (error) {
      const problem =
        error instanceof UnreadableDelivery
          ? new Problem('invalid_request', error.message)
          : problemOf(error);
      // What is not meant for callers goes to the gate, which logs it and has it rendered without a word of it.
      if (problem.code === 'internal') throw error;
      context.set('problemCode', problem.code);
      return refusal(producer, await fitForCallers(problem, context), delivery);
    }
  };
}

/** A problem as the producer's client expects it, with the headers that the gate adds to all others. */
function refusal(producer: Producer, problem: Problem, delivery: Delivery): Response {
  const { headers = {} } = problem.extras;
  const retryAfter = headers['retry-after'];
  const fault = {
    status: problem.status,
    message: problem.message,
    retryAfterSeconds: retryAfter === undefined ? null : Number(retryAfter),
  };
  const answer = producer.refuse(fault, delivery);
  return responseOf({ ...answer, headers: { ...answer.headers, ...headers } });
}

/** Answers repeat what clients call their records, and nothing keeps a secret out of a name. */
async function withoutCredentials(answer: Answer, context: Context<GateEnv>): Promise<Answer> {
  return typeof answer.body === 'string'
    ? { ...answer, body: await context.var.redact(answer.body) }
    : answer;
}

function responseOf({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers });
}
