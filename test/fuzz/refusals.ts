/** Whose errors a path gives, and what each of those envelopes must look like (contracts). */
import * as z from 'zod';
import { readStatus, refusalOf } from '../api/door-envelopes.ts';
import { DIALECTS } from '../conformance/dialects.ts';
import type { Answer } from './sending.ts';

/** Who answers: a dialect, a producer's door, or gatelog itself. */
export type SurfaceName = string;

/** The paths of the surfaces, as their contracts name them; whatever is not here is gatelog's own. */
const PATHS: readonly (readonly [RegExp, SurfaceName])[] = [
  [/^\/api\/mcp-logs(?:\/|$)/, 'mcp-logs'],
  [/^\/v1\/(?:requests|analytics)(?:\/|$)/, 'requests'],
  [/^\/v1\/workspaces(?:\/|$)/, 'server-logs'],
  [/^\/api\/v3(?:\.1)?\/(?:logs|project)(?:\/|$)/, 'tool-execution'],
  [/^\/v1\/traces$/, 'otlp-traces'],
  [/^\/v1\/logs$/, 'otlp-logs'],
  [/^\/v1\/ingest\/litellm$/, 'litellm'],
  [/^\/v1\/ingest\/portkey$/, 'portkey'],
  [/^\/v1\/ingest\/kong$/, 'kong'],
  [/^\/(?:custom|oai|anthropic|googleapis)\/v1\/log$/, 'helicone'],
  [/^\/v1\/ingest\/fluentbit$/, 'fluent-bit'],
  [/^\/v1\/ingest\/vector$/, 'vector'],
  [/^\/v1\/ingest\/winston$/, 'winston'],
  [/^\/v1\/ingest\/pino$/, 'pino'],
  [/^\/v1\/ingest\/syslog$/, 'syslog'],
  [/^\/loki\/api\/v1\/push$/, 'loki'],
  [/^(?:\/[^/]+)?\/_bulk$/, 'elasticsearch'],
];

/** Whose errors a path gives. */
export function surfaceAt(path: string): SurfaceName {
  return PATHS.find(([pattern]) => pattern.test(path))?.[1] ?? 'gatelog';
}

/** RFC 9457, with gatelog's own members. */
const PROBLEM = z.strictObject({
  type: z.string().startsWith('urn:gatelog:problem:'),
  title: z.string().min(1),
  status: z.int(),
  detail: z.string().min(1),
  code: z.string().min(1),
  request_id: z.string().min(1),
  parameter: z.string().optional(),
  errors: z.array(z.string()).optional(),
});

/** The 400 of a call of which nothing was kept, which is a receipt. */
const REFUSED_RECEIPT = z.strictObject({
  accepted: z.literal(0),
  rejected: z
    .array(z.strictObject({ index: z.int(), id: z.string().optional(), error: z.string().min(1) }))
    .min(1),
  readable: z.boolean().optional(),
  verdict: z.literal(true).optional(),
});

/** Composio's envelope is another one where a caller asks too often. */
const TOO_MANY = z.strictObject({ message: z.string().startsWith('Rate limit exceeded') });

/**
 * Checks an error against the one envelope of its surface.
 * @throws Error whatever does not hold
 */
export async function checkRefusal(surface: SurfaceName, answer: Answer): Promise<void> {
  const { status, headers, bytes } = answer;
  if (status === 429 && !headers.has('retry-after')) throw new Error('429 without Retry-After');
  if (isRefusedReceipt(answer)) return;
  const dialect = DIALECTS.find(({ name }) => name === surface);
  const type = headers.get('content-type') ?? '';
  if (dialect === undefined && surface !== 'gatelog') {
    const isProtobuf = surface.startsWith('otlp') && type === 'application/x-protobuf';
    const read = isProtobuf ? readStatus : refusalOf(surface);
    const said = await read(new Response(bytes, { status, headers }));
    if (said === '') throw new Error('a refusal without a word');
    return;
  }
  const body: unknown = JSON.parse(answer.text);
  if (dialect === undefined) {
    if (type !== 'application/problem+json') throw new Error(`content-type ${type}`);
    const problem = PROBLEM.parse(body);
    if (problem.status !== status) throw new Error(`status ${problem.status} in the body`);
    return;
  }
  if (!/^application\/json(?:$|;)/.test(type)) throw new Error(`content-type ${type}`);
  (surface === 'tool-execution' && status === 429 ? TOO_MANY : dialect.error(status)).parse(body);
}

/** Ways in that keep what is valid answer 400 with the receipt when nothing was. */
function isRefusedReceipt({ status, text }: Answer): boolean {
  if (status !== 400 || !text.includes('"accepted":0')) return false;
  return REFUSED_RECEIPT.safeParse(JSON.parse(text)).success;
}
