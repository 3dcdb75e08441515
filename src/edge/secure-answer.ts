/** The headers that make every answer safe to hold: never sniffed, framed, run, cached, or asked for without TLS. */
import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { GateEnv } from './env.ts';
import { isLocal } from './local-host.ts';

/** A year, as browsers' preload lists want it; other hosts under the name are not this Worker's to speak for. */
const STRICT_TRANSPORT = 'max-age=31536000';

const headers = (strictTransportSecurity: string | false): MiddlewareHandler<GateEnv> =>
  secureHeaders({
    strictTransportSecurity,
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    referrerPolicy: 'no-referrer',
    xFrameOptions: 'DENY',
  });

const deployed = headers(STRICT_TRANSPORT);
const local = headers(false);

/** Sets them on every answer. One that says itself how it may be cached keeps that. */
export const secureAnswer: MiddlewareHandler<GateEnv> = async (context, next) => {
  await (isLocal(context) ? local : deployed)(context, next);
  if (!context.res.headers.has('cache-control')) context.header('cache-control', 'no-store');
};
