/**
 * The limits of requests. hono-rate-limiter asks its store before it lets a handler begin, and cannot tell how many
 * requests are running. Here a reader's query and the question to the limiter run at once, and what the query found is
 * dropped where the limiter says no: test/edge/rate-limit-latency.test.ts measures both ways.
 */
import type { Context, MiddlewareHandler } from 'hono';
import type { Credential, Scope } from '../query/credential.ts';
import { inTime } from '../query/in-time.ts';
import { networkOf } from './address.ts';
import type { GateEnv } from './env.ts';
import {
  WINDOW_SECONDS,
  type Admission,
  type Limiter,
  type Limits,
  type Policy,
  type Verdict,
} from './limits.ts';
import { Problem, type RefusedQuota } from './problem.ts';
import { concurrentHeaders, policyHeaders, standingHeaders, standingOf } from './rate-limit-headers.ts';
import { INGEST, policiesOf, UNAUTHENTICATED } from './rate-limit-setting.ts';
import type { Surface } from './surface.ts';

/** How long a limiter may take, in milliseconds: twice what an object on the other side of the earth needs. */
const LIMITER_MILLISECONDS_MAX = 500;

/** When a place may be free again, in seconds: the least that `Retry-After` can say. */
const CONCURRENT_RETRY_SECONDS = 1;

/** What a window without a request has left to run, in milliseconds. */
const UNOPENED_MILLISECONDS = WINDOW_SECONDS * 1000;

/** Methods that change nothing; with the scope `read` a `POST` does not either: it asks, as Composio's do. */
const SAFE_METHODS = new Set(['GET', 'HEAD']);

/**
 * Puts every request under the limits of its surface. It stands around all routes, and `authenticate` calls
 * `enterLimit`, so that no route can forget it.
 * @param surfaceOf whose path it is
 */
export function limitRates(
  surfaces: readonly Surface[],
  surfaceOf: (path: string) => Surface | undefined,
): MiddlewareHandler<GateEnv> {
  const defaults = new Map<string, Limits>();
  for (const { name, limits } of surfaces) if (limits !== undefined) defaults.set(name, limits);
  let read: { readonly key: string; readonly policies: ReadonlyMap<string, Policy> } | null = null;
  return async (context, next) => {
    const { RATE_LIMIT_PER_MINUTE = '', RATE_LIMIT_CONCURRENT = '' } = context.env;
    const settings = { RATE_LIMIT_PER_MINUTE, RATE_LIMIT_CONCURRENT };
    const key = JSON.stringify(settings);
    if (read?.key !== key) read = { key, policies: policiesOf(settings, defaults) };
    const { policies } = read;
    const surface = surfaceOf(context.req.path);
    context.set('policyOf', (scope) => policies.get(scope === 'ingest' ? INGEST : (surface?.name ?? '')));
    await next();
    const admission = context.get('admission');
    if (admission !== undefined) return settle(context, admission, surface);
    if (context.res.status === 401 && (await refuseAddress(context, policies.get(UNAUTHENTICATED), surface)))
      return;
    const { perMinute = null } = policies.get(surface?.name ?? '') ?? {};
    // Nobody is proven, so nothing is counted: the window that a credential would find.
    if (perMinute !== null) tell(context, told(surface, perMinute, perMinute, UNOPENED_MILLISECONDS));
  };
}

/**
 * Asks the limiter whether a proven credential may go on. Readers need not wait: their answer does.
 * @throws Problem `rate_limited` when something would be changed beyond the limit
 */
export async function enterLimit(
  context: Context<GateEnv>,
  credential: Credential,
  scope: Scope,
): Promise<void> {
  const policy = context.var.policyOf(scope);
  if (policy === undefined) return;
  const { method } = context.req;
  const isAwaited = !SAFE_METHODS.has(method) && !(method === 'POST' && scope === 'read');
  const admission = { ...ask(context, policy, credential.id, true), isAwaited };
  context.set('admission', admission);
  if (!isAwaited) return;
  const verdict = await admission.verdict;
  if (verdict !== null && verdict.refusedBy !== null) throw refusalOf(policy, verdict, undefined);
}

/** Waits for the verdict beside which the handler ran, and frees the place, before the last byte of a streamed answer. */
async function settle(
  context: Context<GateEnv>,
  admission: Admission,
  surface: Surface | undefined,
): Promise<void> {
  const { policy, isAwaited } = admission;
  // Sent before the answer, so that whoever asks again after it finds the place free.
  afterwards(context, admission.leave());
  const verdict = await admission.verdict;
  const { perMinute } = policy;
  if (verdict !== null && verdict.refusedBy !== null) {
    const refusal = refusalOf(policy, verdict, surface);
    if (isAwaited) return tell(context, refusal.extras.headers ?? {});
    await takeBack(context);
    throw refusal;
  }
  if (perMinute === null) return;
  if (verdict === null) return tell(context, policyHeaders(perMinute));
  tell(context, told(surface, perMinute, verdict.remaining ?? 0, verdict.resetMilliseconds));
}

/**
 * Counts an attempt without a valid credential by its address. Only those ask, so that a good credential neither waits
 * for it nor is ever refused for its neighbours: all Workers that post from elsewhere share one address.
 * @returns whether the answer tells of that window
 * @throws Problem `rate_limited`
 */
async function refuseAddress(
  context: Context<GateEnv>,
  policy: Policy | undefined,
  surface: Surface | undefined,
): Promise<boolean> {
  const address = context.req.header('cf-connecting-ip') ?? '';
  // Cloudflare's edge always says it; without it there is nobody to tell apart.
  if (policy === undefined || address === '') return false;
  const { perMinute } = policy;
  const verdict = await ask(context, policy, networkOf(address), false).verdict;
  if (verdict === null || perMinute === null) return false;
  if (verdict.refusedBy !== null) {
    await takeBack(context);
    throw refusalOf(policy, verdict, surface);
  }
  if (surface?.limits !== undefined)
    tell(context, told(surface, perMinute, verdict.remaining ?? 0, verdict.resetMilliseconds));
  return true;
}

/** Asks a limiter, in a bounded time; whatever goes wrong with it is logged, and nobody is kept out for it. */
function ask(
  context: Context<GateEnv>,
  policy: Policy,
  caller: string,
  isKept: boolean,
): Omit<Admission, 'isAwaited'> {
  const { perMinute, concurrent } = policy;
  if (perMinute === null && concurrent === null)
    return { policy, verdict: Promise.resolve(null), leave: leaveNothing };
  const failed = (error: unknown): null => {
    const said = error instanceof Error ? error.message : String(error);
    const line = { message: 'rate limiter failed, let in', policy: policy.name, error: said };
    console.error(JSON.stringify({ ...line, request_id: context.get('requestId') }));
    return null;
  };
  try {
    // One stub for both calls, since the order of calls is kept on a stub alone.
    const limiter: Limiter = context.var.limiterOf(`${policy.name}:${caller}`);
    const lease = crypto.randomUUID();
    return {
      policy,
      verdict: bounded(limiter.enter({ perMinute, concurrent, lease, isKept })).catch(failed),
      leave: concurrent === null ? leaveNothing : async () => limiter.leave(lease).catch(() => undefined),
    };
  } catch (error) {
    return { policy, verdict: Promise.resolve(failed(error)), leave: leaveNothing };
  }
}

/** What a request has to do that holds no place. */
async function leaveNothing(): Promise<void> {}

function bounded(verdict: Promise<Verdict>): Promise<Verdict> {
  const late = (): Error => new Error(`no answer within ${LIMITER_MILLISECONDS_MAX} ms`);
  return inTime(verdict, LIMITER_MILLISECONDS_MAX, late);
}

/** @param surface its headers are added; without it they come later */
function refusalOf(policy: Policy, verdict: Verdict, surface: Surface | undefined): Problem {
  const { perMinute, concurrent, name } = policy;
  const isByMinute = verdict.refusedBy === 'minute';
  const limit = (isByMinute ? perMinute : concurrent) ?? 0;
  const standing =
    perMinute === null
      ? {}
      : told(surface, perMinute, isByMinute ? 0 : (verdict.remaining ?? 0), verdict.resetMilliseconds);
  const retryAfterSeconds = isByMinute
    ? Math.ceil(verdict.resetMilliseconds / 1000)
    : CONCURRENT_RETRY_SECONDS;
  const quota: RefusedQuota = {
    by: isByMinute ? 'minute' : 'concurrent',
    isOfAddress: name === UNAUTHENTICATED,
    limit,
    retryAfterSeconds,
  };
  const words = isByMinute ? `${limit} requests a minute` : `${limit} requests at a time`;
  return new Problem('rate_limited', `rate limit exceeded: ${words}; retry after ${retryAfterSeconds} s`, {
    quota,
    headers: {
      ...standing,
      ...(isByMinute ? {} : concurrentHeaders(limit, retryAfterSeconds)),
      'retry-after': String(retryAfterSeconds),
    },
  });
}

/** The headers of a window of a minute, in the IETF's words and in the surface's own. */
function told(
  surface: Surface | undefined,
  limit: number,
  remaining: number,
  resetMilliseconds: number,
): Record<string, string> {
  const standing = standingOf(limit, remaining, resetMilliseconds);
  return { ...standingHeaders(standing), ...surface?.limitHeaders?.(standing) };
}

function tell(context: Context<GateEnv>, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) context.res.headers.set(name, value);
}

/** Drops an answer, but for what the middleware around all surfaces has said in it. */
async function takeBack(context: Context<GateEnv>): Promise<void> {
  const { body, headers } = context.res;
  await body?.cancel();
  const kept = [...headers].filter(([name]) => name === 'vary' || name.startsWith('access-control-'));
  context.res = undefined;
  context.res = new Response(null, { headers: kept });
}

/** Lets something finish after the answer; called outside of a request of the runtime, it just runs. */
function afterwards(context: Context<GateEnv>, work: Promise<void>): void {
  try {
    context.executionCtx.waitUntil(work);
  } catch {
    // No execution context: nothing ends the work early.
  }
}
