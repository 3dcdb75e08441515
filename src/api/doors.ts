/** The doors of producers: each path leads to one wire format and then to the same admission as `POST /v1/events`. */
import { Hono, type MiddlewareHandler } from 'hono';
import { authenticate, type Carrier } from '../edge/authenticate.ts';
import { readBytes } from '../edge/body.ts';
import type { GateEnv } from '../edge/env.ts';
import { problemOf } from '../edge/problem.ts';
import { clusterInfo } from '../producers/elasticsearch.ts';
import { producers } from '../producers/index.ts';
import { UnreadableDelivery, type Answer, type Fault, type Producer } from '../producers/producer.ts';
import { deliveryOf, withProject } from './delivery.ts';
import { keep } from './keep.ts';
import { BODY_BYTES_MAX } from './posted.ts';

/** Where producers carry a credential (contracts/producers.md). */
const CARRIERS: readonly Carrier[] = ['bearer', 'basic', 'api-key', 'x-api-key'];

/** Every door; `PUT` opens it as `POST` does, since some shippers know no other. */
export const doorRoutes = new Hono<GateEnv>();
for (const producer of producers)
  for (const path of producer.paths)
    doorRoutes.on(['POST', 'PUT'], path, authenticate(CARRIERS, 'ingest'), handlerOf(producer));

/** Elasticsearch's clients and Beats ask who they speak to before they send anything. */
doorRoutes.get('/', () => responseOf(clusterInfo()));

function handlerOf(producer: Producer): MiddlewareHandler<GateEnv> {
  return async (context) => {
    let delivery = deliveryOf(context, new Uint8Array());
    try {
      const bytes = await readBytes(context.req.raw, BODY_BYTES_MAX);
      const whole = deliveryOf(context, bytes);
      delivery = whole;
      const posted = producer.read(whole).map((item) => withProject(item, whole));
      return responseOf(producer.answer(await keep(context, posted, bytes.byteLength), posted, whole));
    } catch (error) {
      return responseOf(producer.refuse(faultOf(error), delivery));
    }
  };
}

function faultOf(error: unknown): Fault {
  if (error instanceof UnreadableDelivery)
    return { status: 400, message: error.message, retryAfterSeconds: null };
  const problem = problemOf(error);
  // What is not meant for callers goes to the gate, which logs it and says no more than that it happened.
  if (problem.code === 'internal') throw error;
  const retryAfter = problem.extras.headers?.['retry-after'];
  return {
    status: problem.status,
    message: problem.message,
    retryAfterSeconds: retryAfter === undefined ? null : Number(retryAfter),
  };
}

function responseOf({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers });
}
