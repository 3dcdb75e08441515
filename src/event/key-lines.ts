/** Private keys over several lines: whoever ships a log line by line posts each line of a key as an event of its own. */
import { isJsonObject } from './draft-schema.ts';
import type { JsonObject } from './event.ts';

const BEGIN = '-----BEGIN ';
const END = '-----END ';

/** The end of a line after which the lines of a key come: a header, and what a parser may have left behind it. */
const OPENED = /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----[^-]*$/;

const HEADER = '-----BEGIN PRIVATE KEY-----';

/** A line of base64. */
const BASE64 = /^\s*[A-Za-z0-9+/]+={0,2}\s*$/;

/** Other lines of the source may stand among those of a key; a shorter one is its last, directly behind another. */
const LINE_CHARACTERS_MIN = 16;

/** No key has more lines: a header without a footer must not hold a source in suspicion for ever. */
const LINES_MAX = 200;

/** Where the lines of one source stand: how many more may belong to a key, and whether the last one did. */
type Place = { left: number; wasKey: boolean };

/**
 * Puts a header before each line of a private key whose header came in an event before it, of the same source and in
 * the same call, so that redaction knows it for what it is.
 * @param value the bodies of one call; anything else, and bodies without such lines, come back themselves
 */
export function withKeyHeaders<T>(value: T): T {
  if (!Array.isArray(value)) return value;
  const places = new Map<string, Place>();
  let isChanged = false;
  const bodies = value.map((body: unknown) => {
    if (!isJsonObject(body) || typeof body['message'] !== 'string') return body;
    if (!belongsToKey(body['message'], body, places)) return body;
    isChanged = true;
    return { ...body, message: HEADER + body['message'] };
  });
  return isChanged ? (bodies as T) : value;
}

function belongsToKey(message: string, body: JsonObject, places: Map<string, Place>): boolean {
  const isOpening = message.includes(BEGIN) && OPENED.test(message.slice(message.lastIndexOf(BEGIN)));
  if (!isOpening && places.size === 0) return false;
  const source = JSON.stringify(SOURCE.map((field) => body[field] ?? null));
  const place = places.get(source);
  if (isOpening) places.set(source, { left: LINES_MAX, wasKey: true });
  if (isOpening || place === undefined) return false;
  place.left -= 1;
  place.wasKey = BASE64.test(message) && (place.wasKey || message.trim().length >= LINE_CHARACTERS_MIN);
  if (place.left === 0 || message.includes(END)) places.delete(source);
  return place.wasKey;
}

const SOURCE = ['workspace_id', 'server_id', 'pod_name', 'container_name'];
