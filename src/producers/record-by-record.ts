/** What producers have in common whose bodies are one JSON record or many, each of them translated on its own. */
import { isJsonObject } from '../event/draft-schema.ts';
import { KINDS, type JsonObject } from '../event/event.ts';
import { ID_CHARACTERS_MAX } from '../event/id.ts';
import type { Posted } from '../event/intake.ts';
import { jsonBodies } from './json-body.ts';
import type { Delivery, Producer } from './producer.ts';

/** Translates one record into as many events as it tells of. */
export type TranslateRecord = (record: JsonObject, delivery: Delivery) => readonly Posted[];

/** The head of a long id that is kept beside its tail. */
const ID_HEAD_CHARACTERS = 27;

/**
 * The two ways in of such a producer. A record that is no object becomes a problem; an event has only the fields that
 * its record gave, and the workspace of the URL (`?workspace_id=`) where its record gave none.
 */
export function recordByRecord(translateRecord: TranslateRecord): Pick<Producer, 'read' | 'translate'> {
  const translateOne = (body: unknown, delivery: Delivery): readonly Posted[] => {
    if (!isJsonObject(body)) return [{ problem: 'record: must be a JSON object' }];
    return translateRecord(body, delivery).map((posted) => placed(posted, delivery));
  };
  return {
    read: (delivery) =>
      jsonBodies(delivery.text).flatMap((item) =>
        'body' in item ? translateOne(item.body, delivery) : [item],
      ),
    translate: (body, delivery) =>
      (Array.isArray(body) ? body : [body]).flatMap((item: unknown) => translateOne(item, delivery)),
  };
}

/**
 * Recognises a body by its records: one, or an array in which all are of the kind but those that are null. What is an
 * event of `POST /v1/events` already is never another producer's record.
 */
export function recognisedBy(isRecord: (record: JsonObject) => boolean): (body: unknown) => boolean {
  return (body) => {
    const records: readonly unknown[] = Array.isArray(body) ? body.filter((item) => item !== null) : [body];
    return (
      records.length > 0 &&
      records.every((item) => isJsonObject(item) && !isCanonical(item) && isRecord(item))
    );
  };
}

/** A producer's id as ours: one that is too long keeps its head and its tail, where such ids differ. */
export function fittingId(id: string | undefined): string | undefined {
  if (id === undefined || id.length <= ID_CHARACTERS_MAX) return id;
  return `${id.slice(0, ID_HEAD_CHARACTERS)}~${id.slice(ID_HEAD_CHARACTERS + 1 - ID_CHARACTERS_MAX)}`;
}

/** The rules by which an event without `type` is told, and `type` itself (contracts/events.md). */
function isCanonical(body: JsonObject): boolean {
  if (typeof body['type'] === 'string' && KINDS.some((kind) => kind === body['type'])) return true;
  if ((body['tool_name'] ?? null) !== null || (body['server_id'] ?? null) !== null) return true;
  return (body['model'] ?? null) !== null && typeof body['status'] === 'number';
}

function placed(posted: Posted, delivery: Delivery): Posted {
  if (!('body' in posted) || !isJsonObject(posted.body)) return posted;
  const body = Object.fromEntries(Object.entries(posted.body).filter(([, value]) => value !== undefined));
  const workspace = delivery.parameter('workspace_id');
  return { body: workspace === null ? body : { workspace_id: workspace, ...body } };
}
