/** Authentication as middleware: takes a credential from where a surface carries it, proves it, and checks its scope. */
import type { Context, MiddlewareHandler } from 'hono';
import { hasScope, type Credential, type Scope } from '../query/credential.ts';
import type { Key } from '../query/key-store.ts';
import type { GateEnv } from './env.ts';
import { Problem, type ProblemExtras, type RefusalReason } from './problem.ts';
import { enterLimit } from './rate-limit.ts';
import { hashSecret, isSameSecret, maskSecret } from './secret.ts';
import { readSession, sessionCookie } from './session.ts';
import { isToken, proveToken } from './token.ts';

/** Where a credential may stand in a request. */
export type Carrier = 'bearer' | 'x-api-key' | 'cookie' | 'basic' | 'api-key';

/** The admin key's credential. */
const ADMIN: Credential = {
  id: 'admin',
  scopes: ['admin'],
  bounds: {},
  isVirtualKey: false,
  isMetadataOnly: false,
};

/** A proven credential and when it ends, in epoch milliseconds; null when it does not. */
export type Proof = { readonly credential: Credential; readonly expiresAt: number | null };

type Proven = Proof | { readonly failure: RefusalReason };

/**
 * Lets a request through when it carries a credential with the scope, and puts that into the context.
 * Two different credentials at once are refused.
 */
export function authenticate(carriers: readonly Carrier[], scope: Scope): MiddlewareHandler<GateEnv> {
  const headers = challengeOf(carriers);
  const refused = (message: string, extras: ProblemExtras): Problem =>
    new Problem('unauthenticated', message, { ...extras, headers });
  return async (context, next) => {
    const found = carriers.flatMap((carrier) => carried(context, carrier));
    const [first, ...others] = found;
    if (first === undefined) throw refused('no credential', { reason: 'missing' });
    const proofs = await Promise.all(found.map((item) => prove(context, item.carrier, item.secret)));
    const failed = proofs.findIndex((proof) => 'failure' in proof);
    const proof = proofs[failed === -1 ? 0 : failed];
    if (proof === undefined || 'failure' in proof) {
      const reason = proof?.failure ?? 'invalid';
      throw refused(`${reason} credential`, { reason, masked: maskSecret(found[failed]?.secret ?? '') });
    }
    if (
      others.length > 0 &&
      new Set(proofs.map((each) => ('credential' in each ? JSON.stringify(each.credential) : ''))).size > 1
    )
      throw refused('two different credentials', { reason: 'conflicting' });
    context.set('credential', proof.credential);
    await enterLimit(context, proof.credential, scope);
    if (first.carrier === 'cookie' && others.length === 0) requireSameOrigin(context);
    if (!hasScope(proof.credential, scope)) throw new Problem('forbidden', `the scope ${scope} is missing`);
    await next();
  };
}

/** How each carrier is asked for in `WWW-Authenticate` (RFC 9110, 11.6.1); headers of other names have no scheme. */
const CHALLENGES: Readonly<Record<Carrier, string | null>> = {
  bearer: 'Bearer',
  basic: 'Basic realm="gatelog"',
  'api-key': 'ApiKey',
  'x-api-key': null,
  cookie: null,
};

function challengeOf(carriers: readonly Carrier[]): Record<string, string> {
  const schemes = carriers.map((carrier) => CHALLENGES[carrier]).filter((scheme) => scheme !== null);
  return schemes.length === 0 ? {} : { 'www-authenticate': schemes.join(', ') };
}

/** Proves a key, a token or the admin key. */
export async function proveSecret(context: Context<GateEnv>, secret: string): Promise<Proven> {
  const admin = context.env.ADMIN_KEY;
  if (admin && (await isSameSecret(secret, admin))) return { credential: ADMIN, expiresAt: null };
  if (isToken(secret, context.env)) return proveToken(secret, context.env);
  const key = await context.var.keys.findByHash(await hashSecret(secret));
  return proofOfKey(key);
}

async function prove(context: Context<GateEnv>, carrier: Carrier, secret: string): Promise<Proven> {
  if (carrier !== 'cookie') return proveSecret(context, secret);
  const session = await readSession(context, secret);
  if (session === null || (await context.var.keys.isSessionEnded(session.id))) return { failure: 'invalid' };
  const { credential, expiresAt } = session;
  if (credential.id === ADMIN.id || credential.id.startsWith('jwt:')) return { credential, expiresAt };
  return proofOfKey(await context.var.keys.find(credential.id));
}

function proofOfKey(key: Key | null): Proven {
  if (key === null || key.revokedAt !== null) return { failure: 'invalid' };
  if (key.expiresAt !== null && key.expiresAt <= Date.now()) return { failure: 'expired' };
  const isVirtualKey = key.bounds.virtual_key_id !== undefined;
  const { id, scopes, bounds, isMetadataOnly } = key;
  const credential = { id, scopes, bounds, isVirtualKey, isMetadataOnly };
  return { credential, expiresAt: key.expiresAt };
}

function carried(context: Context<GateEnv>, carrier: Carrier): { carrier: Carrier; secret: string }[] {
  const secret = secretIn(context, carrier);
  return secret === null || secret === '' ? [] : [{ carrier, secret }];
}

function secretIn(context: Context<GateEnv>, carrier: Carrier): string | null {
  switch (carrier) {
    case 'bearer':
      return /^bearer\s+(\S+)\s*$/i.exec(context.req.header('authorization') ?? '')?.[1] ?? null;
    case 'x-api-key':
      return context.req.header('x-api-key') ?? null;
    case 'basic':
      return passwordIn(context, 'basic');
    case 'api-key':
      // Elasticsearch clients send base64 of `id:key`, and others the key as it is.
      return passwordIn(context, 'apikey') ?? schemeOf(context, 'apikey');
    case 'cookie':
      return sessionCookie(context);
  }
}

/** What follows a scheme in `Authorization`. */
function schemeOf(context: Context<GateEnv>, scheme: string): string | null {
  const [name = '', value = ''] = (context.req.header('authorization') ?? '').split(/\s+/, 2);
  return name.toLowerCase() === scheme && value !== '' ? value : null;
}

/** What follows the colon in the base64 after a scheme: a password, or the secret of an API key. */
function passwordIn(context: Context<GateEnv>, scheme: string): string | null {
  try {
    const pair = atob(schemeOf(context, scheme) ?? '');
    const colon = pair.indexOf(':');
    return colon === -1 ? null : pair.slice(colon + 1);
  } catch {
    return null;
  }
}

/**
 * A browser sends cookies along whoever asks; so what may change something must come from our own pages.
 * @param others origins that count as our own
 * @throws Problem `forbidden`
 */
export function requireSameOrigin(context: Context<GateEnv>, others: readonly string[] = []): void {
  if (context.req.method === 'GET' || context.req.method === 'HEAD') return;
  const origin = context.req.header('origin');
  const site = context.req.header('sec-fetch-site');
  const isForeign =
    origin === undefined
      ? site === 'cross-site' || site === 'same-site'
      : ![new URL(context.req.url).origin, ...others].includes(origin);
  if (isForeign) throw new Problem('forbidden', 'a session cookie does not work from another origin');
}
