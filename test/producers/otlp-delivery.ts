/** Deliveries of OTLP for the tests, and the drafts that become of them. */
import { draftOf } from '../../src/event/draft.ts';
import { FINGERPRINT_KEY_BYTES, openFingerprint } from '../../src/event/fingerprint.ts';
import type { Posted } from '../../src/event/intake.ts';
import type { Delivery } from '../../src/producers/producer.ts';

/** The id of a workspace. */
export const WORKSPACE = '5f0c0c1e-6a63-4d53-9a1b-0f6b1a2c3d4e';

/** A call with a body of any kind: bytes, text, or what becomes JSON. */
export function deliveryOf(
  body: unknown,
  parameters: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): Delivery {
  const bytes =
    body instanceof Uint8Array
      ? body
      : new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body));
  const type = body instanceof Uint8Array ? 'application/x-protobuf' : 'application/json';
  const all: Readonly<Record<string, string>> = { 'content-type': type, ...headers };
  return {
    bytes,
    text: new TextDecoder().decode(bytes),
    header: (name) => all[name] ?? null,
    headersUnder: (prefix) =>
      Object.fromEntries(
        Object.entries(all).flatMap(([name, value]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
        ),
      ),
    parameter: (name) => parameters[name] ?? null,
    receivedAt: Date.parse('2026-03-01T00:00:00Z'),
    fingerprint: openFingerprint(new Uint8Array(FINGERPRINT_KEY_BYTES)),
  };
}

/** The checked events of what was posted; throws where one is refused. */
export function draftsOf(posted: readonly Posted[]) {
  return posted.map((one) => {
    if ('problem' in one) throw new Error(one.problem);
    const result = draftOf(one.body);
    if ('problem' in result) throw new Error(result.problem);
    return result.draft.event;
  });
}
