/** A call as producers see it: its body, its headers and its parameters. */
import type { Context } from 'hono';
import type { GateEnv } from '../edge/env.ts';
import type { Posted } from '../event/intake.ts';
import { producers } from '../producers/index.ts';
import type { Delivery } from '../producers/producer.ts';

/** Makes a delivery of a call whose body was read. */
export function deliveryOf(context: Context<GateEnv>, bytes: Uint8Array): Delivery {
  return {
    bytes,
    text: textOf(bytes),
    header: (name) => context.req.header(name) ?? null,
    headersUnder: (prefix) =>
      Object.fromEntries(
        Object.entries(context.req.header())
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, value]) => [name.slice(prefix.length), value]),
      ),
    parameter: (name) => context.req.query(name) || context.req.param(name) || null,
    receivedAt: Date.now(),
    fingerprint: (text) => context.var.fingerprint(text),
  };
}

/**
 * What a producer makes of a parsed body that it knows by its shape, so that one address is enough for all of them.
 * @returns null when no producer knows it; it is one of our own then
 */
export function recognised(body: unknown, delivery: Delivery): readonly Posted[] | null {
  const producer = producers.find((candidate) => candidate.recognise(body));
  return producer === undefined
    ? null
    : producer.translate(body, delivery).map((item) => withProject(item, delivery));
}

/** `?project_id=` says where an event belongs that does not say so itself. */
export function withProject(posted: Posted, delivery: Delivery): Posted {
  const project = delivery.parameter('project_id');
  if (project === null || 'problem' in posted || typeof posted.body !== 'object' || posted.body === null)
    return posted;
  const own = 'project_id' in posted.body ? posted.body.project_id : null;
  return { body: { ...posted.body, project_id: own ?? project } };
}

/** UTF-8, or UTF-16 where a byte order mark says so, as editors and shells of Windows write it. */
function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return new TextDecoder().decode(bytes);
}
