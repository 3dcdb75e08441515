/** Request bodies: read to their end, unpacked, and never beyond a limit. */
import { Problem } from './problem.ts';

/** The encodings that are unpacked, by their names in `Content-Encoding`. */
const FORMATS: Readonly<Record<string, 'gzip' | 'deflate'>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
};

/** Reads a body as text; see `readBytes`. */
export async function readText(request: Request, bytesMax: number): Promise<string> {
  return new TextDecoder().decode(await readBytes(request, bytesMax));
}

/**
 * Reads a body whole.
 * @param bytesMax the limit after unpacking; reading stops there, so a small bomb cannot fill the memory
 * @throws Problem `payload_too_large`, `unsupported_encoding`, or `invalid_request` where the packing is broken
 */
export async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  const encoding = (request.headers.get('content-encoding') ?? 'identity').trim().toLowerCase();
  const reader = unpacked(request.body, encoding).getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return joined(chunks, bytes);
      bytes += value.byteLength;
      if (bytes > bytesMax) break;
      chunks.push(value);
    }
  } catch {
    throw new Problem('invalid_request', `body: cut short, or not ${encoding}`, { parameter: 'body' });
  }
  await reader.cancel().catch(() => undefined);
  throw new Problem('payload_too_large', `body: over ${bytesMax} bytes after unpacking; send it in parts`);
}

function joined(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let place = 0;
  for (const chunk of chunks) {
    whole.set(chunk, place);
    place += chunk.byteLength;
  }
  return whole;
}

function unpacked(body: ReadableStream<Uint8Array>, encoding: string): ReadableStream<Uint8Array> {
  if (encoding === 'identity' || encoding === '') return body;
  const format = FORMATS[encoding];
  if (format === undefined)
    throw new Problem('unsupported_encoding', 'content-encoding: must be gzip, deflate or identity');
  return body.pipeThrough(new DecompressionStream(format));
}
