/** Sessions: exchanging a key for a cookie, and ending it (contracts/events.md, "Session cookie"). */
import { Hono } from 'hono';
import * as z from 'zod';
import { proveSecret, requireSameOrigin } from '../edge/authenticate.ts';
import { listedOrigins } from '../edge/cors.ts';
import type { GateEnv } from '../edge/env.ts';
import { readJson } from '../edge/json.ts';
import { Problem } from '../edge/problem.ts';
import { clearSession, readSession, sessionCookie, startSession } from '../edge/session.ts';

const NewSession = z.object({ key: z.string('must be a string').min(1, 'must not be empty') });

/** `POST` and `DELETE` of /v1/session. */
export const sessionRoutes = new Hono<GateEnv>()
  .post('/v1/session', async (context) => {
    // A foreign page must not be able to sign a browser in as somebody else.
    requireSameOrigin(context, listedOrigins(context.env.CORS_ORIGINS));
    const { key } = await readJson(context.req.raw, NewSession);
    const proof = await proveSecret(context, key);
    if ('failure' in proof)
      throw new Problem('unauthenticated', `${proof.failure} credential`, { reason: proof.failure });
    await startSession(context, proof.credential, proof.expiresAt);
    return context.json({ scopes: proof.credential.scopes, ...proof.credential.bounds });
  })
  .delete('/v1/session', async (context) => {
    requireSameOrigin(context);
    const cookie = sessionCookie(context);
    const session = cookie === null ? null : await readSession(context, cookie);
    if (session !== null) await context.var.keys.endSession(session.id, session.expiresAt, Date.now());
    clearSession(context);
    return context.body(null, 204);
  });
