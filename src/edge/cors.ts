/** Cross-origin calls: no page of another origin may read an answer, but for the origins that a deployment lists. */
import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { BOOKMARK_HEADER } from './bookmark.ts';
import type { GateEnv } from './env.ts';
import { Problem } from './problem.ts';

/** How long a browser may remember a preflight, in seconds: ten minutes, so that a delisted origin is out soon. */
const PREFLIGHT_SECONDS = 600;

/** What pages may read of an answer beside its body. */
const EXPOSED = [
  'x-request-id',
  'server-timing',
  'retry-after',
  BOOKMARK_HEADER,
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'x-ratelimit',
  'x-ratelimit-window-size',
  'ratelimit',
  'ratelimit-policy',
];

// The origin is judged before this sees it; what a page asks to send is what it may send.
const allow = cors({
  origin: (origin) => origin,
  credentials: true,
  allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  exposeHeaders: EXPOSED,
  maxAge: PREFLIGHT_SECONDS,
});

/**
 * Answers preflights of listed origins, without a credential, and lets their pages read answers. Other origins get no
 * header more than without any list.
 * @throws Problem `not_configured` when `CORS_ORIGINS` holds what is no origin
 */
export const allowListedOrigins: MiddlewareHandler<GateEnv> = async (context, next) => {
  const listed = listedOrigins(context.env.CORS_ORIGINS);
  if (listed.length === 0) return next();
  const origin = context.req.header('origin') ?? '';
  const isPreflight = context.req.header('access-control-request-method') !== undefined;
  const isOrdinary = context.req.method !== 'OPTIONS';
  if (listed.includes(origin) && (isPreflight || isOrdinary)) return allow(context, next);
  await next();
  // A cache must not give one origin what another one was answered.
  context.header('vary', 'Origin', { append: true });
};

/** The origins of a list with commas, each as browsers send it. */
export function listedOrigins(list = ''): readonly string[] {
  const origins = list.split(',').flatMap((entry) => entry.trim() || []);
  const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (wrong === undefined) return origins;
  throw new Problem('not_configured', `CORS_ORIGINS: ${wrong} is no origin such as https://logs.example.com`);
}
