/** What must hold of every answer, whatever was asked: contracts/README.md, and the envelope of its surface. */
import { credentialsIn } from '../../src/event/credential-text.ts';
import { checkRefusal, surfaceAt } from './refusals.ts';
import { ROUTES } from './routes.ts';
import { MARKERS, type Seeds } from './seeds.ts';
import type { Answer, Memory, Sent } from './sending.ts';

/** Words of databases, engines and stacks: no answer has them unless a caller's own text is given back. */
const INTERNALS = /SQLITE|D1_ERROR|\bat \w+ \(|\.ts:\d/;

/** Its clients are told on every answer what is left of their limit (contracts/server-logs.md). */
const LINES = 'GET /v1/workspaces/:workspace_id/servers/:server_id{.+}/logs';

/** What the service takes over as a request id. */
const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;

/** Where a request leads: its path as it is routed, and the route there, null where there is none. */
export type Destination = { readonly path: string; readonly route: string | null };

/**
 * Checks an answer.
 * @throws Error what does not hold
 */
export async function check(
  sent: Sent,
  answer: Answer,
  { path, route }: Destination,
  seeds: Seeds,
  memory: Memory,
): Promise<void> {
  const { status, headers, text } = answer;
  const isSuccess = status >= 200 && status < 300;
  if (status >= 500 && !(status === 503 && headers.has('retry-after'))) throw new Error(`status ${status}`);
  if (status < 200 || (status >= 300 && status < 400)) throw new Error(`status ${status}`);
  if (!isSuccess && INTERNALS.test(text)) throw new Error('an error shows what is inside');
  checkRequestId(sent, answer);
  checkHeaders(answer, { path, route });
  checkMarkers(sent, answer, seeds);
  // Browsers ask for permission before they ask.
  if (sent.method === 'OPTIONS' && status === 204 && text === '') return;
  if (isSuccess && route === null) throw new Error('a success where there is no route');
  if (isSuccess && isRefusable(sent, route ?? '', seeds)) throw new Error('a success without permission');
  if (sent.isPromised && !isSuccess && status !== 429 && status !== 503)
    throw new Error('a cursor of an earlier answer was refused');
  if (status === 405 && !headers.get('allow')) throw new Error('405 without Allow');
  if (sent.method === 'HEAD') {
    if (text !== '') throw new Error('HEAD was answered with a body');
    return;
  }
  if (!isSuccess) return checkRefusal(surfaceAt(path), answer);
  const reply = ROUTES[route ?? '']?.replies[status];
  if (reply === undefined) throw new Error(`${status} is no success of this route`);
  reply(answer, sent);
  remember(sent, answer, memory);
}

function checkHeaders({ status, headers }: Answer, { path, route }: Destination): void {
  if (surfaceAt(path) === 'requests' && headers.get('x-gateway-request-id') !== headers.get('x-request-id'))
    throw new Error('x-gateway-request-id is not the x-request-id');
  if (status >= 300 || route === null) return;
  if (route === LINES && !headers.has('x-ratelimit-limit')) throw new Error('no X-RateLimit-Limit');
  if (ROUTES[route]?.ways.scope === 'read' && !headers.has('server-timing'))
    throw new Error('no Server-Timing');
}

function checkRequestId({ headers: asked }: Sent, { headers }: Answer): void {
  const id = headers.get('x-request-id') ?? '';
  if (!SANE_REQUEST_ID.test(id)) throw new Error(`x-request-id: ${id}`);
  const given = asked['x-request-id'] ?? '';
  if (SANE_REQUEST_ID.test(given) && credentialsIn(given).length === 0 && id !== given)
    throw new Error('a sane x-request-id was not taken over');
}

/** A project's word is seen by its own keys and by those that are bound to none. */
function checkMarkers({ carried }: Sent, { headers, text }: Answer, seeds: Seeds): void {
  const valid = carried.map(({ who }) => seeds.credentials[who]).filter(({ isValid }) => isValid);
  const shown = text + [...headers].map(([name, value]) => `${name}: ${value}`).join('\n');
  for (const [project, marker] of Object.entries(MARKERS)) {
    const maySee = valid.some((credential) => credential.project === null || credential.project === project);
    if (!maySee && shown.includes(marker)) throw new Error(`the marker of ${project} is shown to others`);
  }
}

/** Whether a request must not succeed: nobody asks, or somebody who may not. What cannot be told is not claimed. */
function isRefusable({ carried, headers, method, url }: Sent, route: string, seeds: Seeds): boolean {
  const entry = ROUTES[route];
  if (entry === undefined || entry.ways.scope === null) return false;
  const { carriers, scope } = entry.ways;
  const found = carried.filter(({ carrier }) => carriers.includes(carrier));
  const mayBeMore = ['authorization', 'x-api-key', 'cookie'].some(
    (name) => Object.hasOwn(headers, name) && !carried.some(({ carrier }) => standsIn(carrier, name)),
  );
  if (found.length === 0) return !mayBeMore;
  const isCookieAlone = found.length === 1 && found[0]?.carrier === 'cookie' && !mayBeMore;
  const isForeign = (headers['origin'] ?? url.origin) !== url.origin;
  if (isCookieAlone && isForeign && method !== 'GET' && method !== 'HEAD') return true;
  if (new Set(found.map(({ who }) => who)).size > 1) return true;
  return found.some(({ who, carrier }) => {
    const { isValid, scopes } = seeds.credentials[who];
    const isCarried = carrier !== 'cookie' || seeds.cookies.has(who);
    return !isValid || !isCarried || !(scopes.includes(scope) || scopes.includes('admin'));
  });
}

function standsIn(carrier: string, header: string): boolean {
  return header === 'authorization' ? carrier !== 'cookie' && carrier !== 'x-api-key' : carrier === header;
}

/** Cookies may be ended by a later request, so that what they were promised may not come. */
function remember(sent: Sent, { text }: Answer, memory: Memory): void {
  const { cursorIn } = ROUTES[sent.plan.route]?.ways ?? {};
  if (cursorIn === undefined || Object.hasOwn(sent.headers, 'cookie') || sent.plan.rawQuery !== '') return;
  const body = JSON.parse(text) as { next_cursor?: unknown; pagination?: { next_cursor?: unknown } };
  const cursor = body.next_cursor ?? body.pagination?.next_cursor;
  if (typeof cursor === 'string') memory.keep(sent, cursor);
}
