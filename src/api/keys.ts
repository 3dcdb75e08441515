/** Keys: minting, registering, listing and revoking them (contracts/events.md, "Keys"). */
import { Hono } from 'hono';
import * as z from 'zod';
import { isUuid } from '../event/draft-schema.ts';
import { formatTime, parseTime } from '../event/time.ts';
import { authenticate } from '../edge/authenticate.ts';
import { readJson } from '../edge/json.ts';
import type { GateEnv } from '../edge/env.ts';
import { Problem } from '../edge/problem.ts';
import { hashSecret, mintSecret } from '../edge/secret.ts';
import { areWithin } from '../query/bounds.ts';
import { SCOPES } from '../query/credential.ts';
import type { Key } from '../query/key-store.ts';
import { OWN_CARRIERS } from './events.ts';

/** Keys that one answer lists: more have never been needed, and the answer stays under a megabyte. */
const KEYS_LISTED_MAX = 1000;

/** Workspaces that one key may be bound to. */
const WORKSPACES_MAX = 100;

/** The shortest secret that may be registered, in characters: shorter ones can be guessed. */
const SECRET_CHARACTERS_MIN = 16;

/** The end of the years that RFC 3339 can write, in epoch milliseconds. */
const YEAR_10000 = 253_402_300_800_000;

const name = z
  .string('must be a string')
  .min(1, 'must not be empty')
  .max(256, 'must have 256 characters at most');

const NewKey = z.strictObject({
  name,
  scopes: z
    .array(z.enum(SCOPES, `must be one of ${SCOPES.join(', ')}`), 'must be an array')
    .min(1, 'must not be empty'),
  project_id: name.nullish(),
  workspace_ids: z
    .array(z.string('must be a UUID').refine(isUuid, 'must be a UUID').toLowerCase(), 'must be an array')
    .min(1, 'must not be empty')
    .max(WORKSPACES_MAX, `must have ${WORKSPACES_MAX} at most`)
    .nullish(),
  virtual_key_id: name
    .refine((id) => !id.startsWith('sk-bf-'), 'must be the id of the key; its secret goes into "secret"')
    .nullish(),
  virtual_key_name: name.nullish(),
  metadata_only: z.boolean('must be a boolean').nullish(),
  secret: z
    .string('must be a string')
    .min(SECRET_CHARACTERS_MIN, `must have ${SECRET_CHARACTERS_MIN} characters at least`)
    .max(512, 'must have 512 characters at most')
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
    .nullish(),
  expires_at: z
    .union([z.number(), z.string()], 'must be RFC 3339 or epoch milliseconds')
    .transform((value, context) => {
      const time = typeof value === 'number' ? Math.floor(value) : (parseTime(value)?.milliseconds ?? null);
      if (time !== null && time >= 0 && time < YEAR_10000) return time;
      context.addIssue({
        code: 'custom',
        message: 'must be RFC 3339 or epoch milliseconds, before the year 10000',
      });
      return z.NEVER;
    })
    .nullish(),
});

/** `POST`, `GET` and `DELETE` of /v1/keys; all need `admin`, and a bounded one has to do with keys within its bounds. */
export const keyRoutes = new Hono<GateEnv>()
  .post('/v1/keys', authenticate(OWN_CARRIERS, 'admin'), async (context) => {
    const body = await readJson(context.req.raw, NewKey);
    const { id: actor, bounds: outer } = context.var.credential;
    const secret = body.secret ?? mintSecret();
    const key: Key = {
      id: `key_${crypto.randomUUID()}`,
      name: body.name,
      scopes: [...new Set(body.scopes)],
      bounds: {
        ...outer,
        ...(body.project_id ? { project_id: body.project_id } : {}),
        ...(body.workspace_ids ? { workspace_ids: body.workspace_ids } : {}),
        ...(body.virtual_key_id ? { virtual_key_id: body.virtual_key_id } : {}),
      },
      virtualKeyName: body.virtual_key_name ?? null,
      isMetadataOnly: body.metadata_only ?? false,
      createdAt: Date.now(),
      expiresAt: body.expires_at ?? null,
      revokedAt: null,
    };
    if (!areWithin(key.bounds, outer))
      throw new Problem('forbidden', 'a key mints keys within its own bounds');
    if (!(await context.var.keys.add(key, await hashSecret(secret), actor)))
      throw new Problem('conflict', 'secret: registered already', { parameter: 'secret' });
    return context.json({ ...publicKey(key), key: secret }, 201);
  })
  .get('/v1/keys', authenticate(OWN_CARRIERS, 'admin'), async (context) => {
    const keys = await context.var.keys.list(KEYS_LISTED_MAX, context.var.credential.bounds);
    return context.json({ keys: keys.map(publicKey) });
  })
  .delete('/v1/keys/:id', authenticate(OWN_CARRIERS, 'admin'), async (context) => {
    const { keys, credential } = context.var;
    const key = await keys.find(context.req.param('id'));
    const isSeen = key !== null && areWithin(key.bounds, credential.bounds);
    if (!isSeen || !(await keys.revoke(key.id, Date.now(), credential.id)))
      throw new Problem('not_found', 'no such key');
    return context.body(null, 204);
  });

function publicKey(key: Key): Record<string, unknown> {
  return {
    id: key.id,
    name: key.name,
    scopes: key.scopes,
    project_id: key.bounds.project_id ?? null,
    workspace_ids: key.bounds.workspace_ids ?? null,
    virtual_key_id: key.bounds.virtual_key_id ?? null,
    virtual_key_name: key.virtualKeyName,
    metadata_only: key.isMetadataOnly,
    created_at: formatTime(key.createdAt),
    expires_at: key.expiresAt === null ? null : formatTime(key.expiresAt),
  };
}
