/** Where OTLP's records come from: the resource and scope that they share, and what their call says of them. */
import { isJsonObject, isUuid } from '../event/draft-schema.ts';
import type { JsonObject } from '../event/event.ts';
import { Attributes, jsonOfKeyValues, textOf, UnreadableRecord, withoutGaps } from './otlp-attributes.ts';
import type { Delivery } from './producer.ts';

/** What the records of one scope share. */
export type Origin = {
  /** The attributes of the resource. */
  readonly resource: JsonObject;
  /** For metadata: the scope and the resource, by the names `otel.scope` and `otel.resource`. */
  readonly metadata: JsonObject;
  /** The same as text. */
  readonly identity: string;
  readonly delivery: Delivery;
};

/** How long a resource and its scope may be as JSON, in characters: every event carries a copy of them. */
const ORIGIN_CHARACTERS_MAX = 16_384;

/**
 * The origin of the records in a scope.
 * @throws UnreadableRecord when its attributes are nested too deep, or too many
 */
export function originOf({ resource }: JsonObject, { scope }: JsonObject, delivery: Delivery): Origin {
  const attributes = isJsonObject(resource) ? jsonOfKeyValues(resource['attributes']) : {};
  const about = isJsonObject(scope)
    ? withoutGaps({
        name: textOf(scope['name']),
        version: textOf(scope['version']),
        attributes: withoutGaps(jsonOfKeyValues(scope['attributes'])),
      })
    : null;
  const metadata = withoutGaps({ 'otel.scope': about, 'otel.resource': withoutGaps(attributes) }) ?? {};
  const identity = JSON.stringify(metadata);
  if (identity.length > ORIGIN_CHARACTERS_MAX)
    throw new UnreadableRecord(
      `resource: must have ${ORIGIN_CHARACTERS_MAX} characters of attributes at most`,
    );
  return { resource: attributes, metadata, identity, delivery };
}

/**
 * The fields that bounds are held against: from the record's attributes, else its resource's, else the query. A
 * `workspace_id` that is no UUID is somebody else's and stays among the attributes.
 */
export function boundFieldsOf(
  attributes: Attributes,
  { resource, delivery }: Origin,
): { project_id: string | null; workspace_id: string | null; virtual_key_id: string | null } {
  const shared = new Attributes(resource);
  const field = (name: string, isOurs: (value: string) => boolean) =>
    [attributes, shared].find((source) => isOurs(source.peek(name) ?? ''))?.text(name) ?? null;
  return {
    project_id: field('project_id', isFilled) ?? delivery.parameter('project_id'),
    workspace_id: field('workspace_id', isUuid) ?? delivery.parameter('workspace_id'),
    virtual_key_id: field('virtual_key_id', isFilled),
  };
}

function isFilled(value: string): boolean {
  return value !== '';
}
