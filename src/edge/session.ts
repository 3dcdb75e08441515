/** Session cookies: a signed stand-in for a key, so that a browser never has to keep the key itself. */
import { jwtVerify, SignJWT } from 'jose';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import * as z from 'zod';
import { SCOPES, type Credential } from '../query/credential.ts';
import type { GateEnv } from './env.ts';
import { isLocal } from './local-host.ts';
import { hashSecret } from './secret.ts';

/** How long a session lasts, in seconds: 12 hours (contracts/events.md). */
export const SESSION_SECONDS = 43_200;

const COOKIE = 'gatelog_session';

const SessionClaims = z.object({
  jti: z.string(),
  exp: z.number(),
  credential: z.object({
    id: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    bounds: z.object({
      project_id: z.string().optional(),
      workspace_ids: z.array(z.string()).optional(),
      virtual_key_id: z.string().optional(),
    }),
    isVirtualKey: z.boolean(),
    isMetadataOnly: z.boolean(),
  }),
});

/** A session that is signed by this deployment and has not expired. */
export type Session = { readonly id: string; readonly expiresAt: number; readonly credential: Credential };

/**
 * Sets the cookie of a new session.
 * @param expiresAt when the credential itself ends, in epoch milliseconds; null when it does not
 */
export async function startSession(
  context: Context<GateEnv>,
  credential: Credential,
  expiresAt: number | null,
): Promise<void> {
  const now = Math.floor(Date.now() / 1000);
  const end = Math.min(now + SESSION_SECONDS, expiresAt === null ? Infinity : Math.floor(expiresAt / 1000));
  const token = await new SignJWT({ credential: { ...credential } })
    .setProtectedHeader({ alg: 'HS256' })
    .setJti(crypto.randomUUID())
    .setExpirationTime(end)
    .sign(await signingKey(context));
  setCookie(context, COOKIE, token, { ...attributes(context), maxAge: end - now });
}

/** Takes the cookie back from the browser. */
export function clearSession(context: Context<GateEnv>): void {
  deleteCookie(context, COOKIE, attributes(context));
}

/** The text of the cookie that a request carries, null without one. */
export function sessionCookie(context: Context<GateEnv>): string | null {
  return getCookie(context, COOKIE) || null;
}

/** Reads a cookie; null when it is not ours, was changed, or has expired. It may still have been ended. */
export async function readSession(context: Context<GateEnv>, cookie: string): Promise<Session | null> {
  try {
    const { payload } = await jwtVerify(cookie, await signingKey(context), { algorithms: ['HS256'] });
    const { jti, exp, credential } = SessionClaims.parse(payload);
    return { id: jti, expiresAt: exp * 1000, credential };
  } catch {
    return null;
  }
}

/** The signing key follows from the admin key, so that a new admin key ends every session. */
async function signingKey(context: Context<GateEnv>): Promise<Uint8Array> {
  return new TextEncoder().encode(await hashSecret(`gatelog session ${context.env.ADMIN_KEY ?? ''}`));
}

function attributes(context: Context<GateEnv>): {
  path: string;
  httpOnly: true;
  sameSite: 'Lax';
  secure: boolean;
} {
  return { path: '/', httpOnly: true, sameSite: 'Lax', secure: !isLocal(context) };
}
