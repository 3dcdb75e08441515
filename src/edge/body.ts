/** Request bodies: read to their end, unpacked, and never beyond a limit. */
import { Problem } from './problem.ts';

/** The encodings that are unpacked, by their names in `Content-Encoding`. */
const FORMATS: Readonly<Record<string, 'gzip' | 'deflate'>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
};

/**
 * Reads a body as text.
 * @param bytesMax the limit after unpacking; reading stops there, so a small bomb cannot fill the memory
 * @throws Problem `payload_too_large`, `unsupported_encoding`, or `invalid_request` where the packing is broken
 */
export async function readText(request: Request, bytesMax: number): Promise<string> {
  if (request.body === null) return '';
  const encoding = (request.headers.get('content-encoding') ?? 'identity').trim().toLowerCase();
  const stream = unpacked(request.body, encoding);
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      bytes += value.byteLength;
      if (bytes > bytesMax) break;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    throw new Problem('invalid_request', `body: cut short, or not ${encoding}`, { parameter: 'body' });
  }
  await reader.cancel().catch(() => undefined);
  throw new Problem('payload_too_large', `body: over ${bytesMax} bytes after unpacking; send it in parts`);
}

function unpacked(body: ReadableStream<Uint8Array>, encoding: string): ReadableStream<Uint8Array> {
  if (encoding === 'identity' || encoding === '') return body;
  const format = FORMATS[encoding];
  if (format === undefined)
    throw new Problem('unsupported_encoding', 'content-encoding: must be gzip, deflate or identity');
  return body.pipeThrough(new DecompressionStream(format));
}
