/** JSON web tokens as credentials: HS256 by a shared secret, the others by a published key set. */
import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import * as z from 'zod';
import type { Bounds } from '../query/bounds.ts';
import { SCOPES, type Credential, type Scope } from '../query/credential.ts';
import type { Settings } from './env.ts';

/** The algorithms that a key set may be used with; `none` and all others are refused. */
const KEY_SET_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];

/** The claims that carry scopes and bounds. A claim of the wrong form refuses the token: it must never widen it. */
const Claims = z.object({
  iss: z.string().optional(),
  sub: z.string().optional(),
  scope: z.string().optional(),
  project_id: z.string().optional(),
  workspace_ids: z.array(z.string().toLowerCase()).optional(),
  virtual_key_id: z.string().optional(),
  metadata_only: z.boolean().optional(),
});

/** A proven token, or why it is none. `expiresAt` is epoch milliseconds. */
export type TokenProof =
  | { readonly credential: Credential; readonly expiresAt: number }
  | { readonly failure: 'invalid' | 'expired' };

/** One key set for each address: it caches the keys that it fetched. */
const keySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

/** Whether a secret has the form of a token, and tokens are configured. */
export function isToken(secret: string, settings: Settings): boolean {
  return Boolean(settings.JWT_SECRET || settings.JWT_JWKS_URL) && /^[\w-]+\.[\w-]+\.[\w-]*$/.test(secret);
}

/** Proves a token (contracts/events.md, "Keys"): `exp` is required, no `scope` means `read`. */
export async function proveToken(token: string, settings: Settings): Promise<TokenProof> {
  try {
    const payload = await verify(token, settings);
    const claims = Claims.safeParse(payload);
    if (!claims.success || payload?.exp === undefined) return { failure: 'invalid' };
    const { iss = '', sub, scope, metadata_only = false, ...bounds } = claims.data;
    const scopes: readonly Scope[] =
      scope === undefined ? ['read'] : SCOPES.filter((known) => scope.split(' ').includes(known));
    const credential = {
      id: `jwt:${iss}:${sub ?? nameOf(bounds)}`,
      scopes,
      bounds,
      isVirtualKey: false,
      isMetadataOnly: metadata_only,
    };
    return { credential, expiresAt: payload.exp * 1000 };
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { failure: 'expired' };
    return { failure: 'invalid' };
  }
}

/** Tokens without a subject are told apart by their bounds, or one project would use up another's limits. */
function nameOf(bounds: Bounds): string {
  const named = Object.entries(bounds).map(([name, value]) => `${name}=${String(value)}`);
  return named.toSorted().join(';');
}

async function verify(token: string, settings: Settings): Promise<JWTPayload | null> {
  const { alg = 'none' } = decodeProtectedHeader(token);
  const requiredClaims = ['exp'];
  if (alg === 'HS256' && settings.JWT_SECRET) {
    const secret = new TextEncoder().encode(settings.JWT_SECRET);
    return (await jwtVerify(token, secret, { algorithms: ['HS256'], requiredClaims })).payload;
  }
  if (!KEY_SET_ALGORITHMS.includes(alg) || !settings.JWT_JWKS_URL) return null;
  const options = { algorithms: KEY_SET_ALGORITHMS, requiredClaims };
  return (await jwtVerify(token, keySetAt(settings.JWT_JWKS_URL), options)).payload;
}

function keySetAt(address: string): ReturnType<typeof createRemoteJWKSet> {
  const known = keySets.get(address) ?? createRemoteJWKSet(new URL(address));
  keySets.set(address, known);
  return known;
}
