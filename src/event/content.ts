/** Binary content of MCP results: a screenshot is kept as its size and its hash, not as megabytes of base64. */
import { isJsonObject } from './draft-schema.ts';
import type { Json, JsonObject } from './event.ts';

/** Where each type of part keeps its base64. */
const BINARY_TYPES: ReadonlySet<Json | undefined> = new Set(['image', 'audio']);

/**
 * Replaces the base64 of an MCP `CallToolResult`: an image or audio part becomes `{type, mimeType, bytes, sha256}`,
 * an embedded resource with a blob `{type, uri, mimeType, bytes, sha256}`, where `bytes` is the decoded length and
 * `sha256` the hex digest of the decoded bytes. A part's other fields stay; malformed base64 stays as it is.
 * @returns the result itself, at once, when there is nothing to replace
 */
export function replaceBinaryContent(result: Json): Json | Promise<Json> {
  if (!isJsonObject(result) || !Array.isArray(result['content'])) return result;
  const content = result['content'] as readonly Json[];
  const binaries = content.map(binaryOf);
  if (binaries.every((binary) => binary === null)) return result;
  return replaced(result, content, binaries);
}

/** The bytes of a part, and the part without them. */
type Binary = { readonly bytes: Uint8Array<ArrayBuffer>; readonly rest: JsonObject };

async function replaced(
  result: JsonObject,
  content: readonly Json[],
  binaries: readonly (Binary | null)[],
): Promise<Json> {
  const parts = await Promise.all(
    content.map(async (part, place): Promise<Json> => {
      const binary = binaries[place] ?? null;
      if (binary === null) return part;
      return { ...binary.rest, bytes: binary.bytes.length, sha256: await sha256(binary.bytes) };
    }),
  );
  return { ...result, content: parts };
}

function binaryOf(part: Json): Binary | null {
  if (!isJsonObject(part)) return null;
  if (BINARY_TYPES.has(part['type'])) {
    const { data, ...rest } = part;
    return taken(data, rest);
  }
  if (part['type'] !== 'resource' || !isJsonObject(part['resource'])) return null;
  const { resource, ...outer } = part;
  const { blob, ...inner } = resource;
  return taken(blob, { ...inner, ...outer });
}

function taken(base64: Json | undefined, rest: JsonObject): Binary | null {
  const bytes = typeof base64 === 'string' && base64 !== '' ? decoded(base64) : null;
  return bytes === null ? null : { bytes, rest };
}

function decoded(base64: string): Uint8Array<ArrayBuffer> | null {
  let letters: string;
  try {
    letters = atob(base64);
  } catch {
    return null;
  }
  const bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place++) bytes[place] = letters.charCodeAt(place);
  return bytes;
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
