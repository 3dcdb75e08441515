/** Who asks: those inside of what is to be kept apart, those outside with a world of their own, and those shut out. */
import { env } from 'cloudflare:workers';
import { SignJWT } from 'jose';
import { createApp } from '../../src/app.ts';
import { ORIGIN, type Body } from '../world.ts';

/** A call, without who makes it. */
export type Call = {
  readonly path: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
};

/** Where events belong, the word that stands in every text of theirs, and when they happened. */
export type Place = {
  readonly project: string;
  readonly workspace: string;
  readonly virtualKey: string;
  readonly word: string;
  readonly time: number;
};

/** Somebody who calls. */
export type Identity = {
  readonly name: string;
  readonly stands: 'inside' | 'outside' | 'shut out';
  /** Where its own events belong; for those inside and shut out, the place that is watched. */
  readonly place: Place;
  readonly headers: Readonly<Record<string, string>>;
  readonly scopes: readonly string[];
  /** What no answer to it may say. */
  readonly unheard: readonly string[];
};

const app = createApp();

/** Limits of requests would refuse what is to be probed. */
const SETTINGS = { ...env, RATE_LIMIT_PER_MINUTE: 'off', RATE_LIMIT_CONCURRENT: 'off' };

/** Makes a call as somebody. */
export async function send(headers: Readonly<Record<string, string>>, call: Call): Promise<Response> {
  const { path, body, method = body === undefined ? 'GET' : 'POST' } = call;
  return app.fetch(
    new Request(ORIGIN + path, {
      method,
      headers: { ...headers, ...call.headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }),
    SETTINGS,
  );
}

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });

/** The operator. */
export const ADMIN = bearer(env.ADMIN_KEY);

/** A place that nobody else has, and that has its word in every name of its own. */
export function newPlace(project?: string): Place {
  const word = `zq${crypto.randomUUID().replaceAll('-', '')}`;
  return {
    project: project ?? `project-${crypto.randomUUID()}`,
    workspace: crypto.randomUUID(),
    virtualKey: `vk-${word}`,
    word,
    time: Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000,
  };
}

async function mint(fields: Body): Promise<{ id: string; key: string }> {
  const answer = await send(ADMIN, { path: '/v1/keys', body: fields });
  if (answer.status !== 201) throw new Error(await answer.text());
  return answer.json();
}

async function token(project: string, scope: string, seconds = 3600): Promise<string> {
  // One subject everywhere: nothing but the bound tells it from a token of another project.
  return new SignJWT({ project_id: project, scope })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('ada')
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
    .sign(new TextEncoder().encode(env.JWT_SECRET));
}

async function cookie(key: string): Promise<string> {
  const answer = await send({}, { path: '/v1/session', body: { key } });
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}

/** Keys are told by this name, so that lists of keys are probed too. */
const nameOf = (place: Place, who: string): string => `${place.word} ${who}`;

/** Those inside, and those shut out although their credentials name the watched place. */
export async function insiders(watched: Place): Promise<readonly Identity[]> {
  const { project, workspace, virtualKey } = watched;
  const both = ['read', 'ingest'];
  const key = (
    who: string,
    scopes: readonly string[],
    more: Body = {},
  ): Promise<{ id: string; key: string }> =>
    mint({ name: nameOf(watched, who), scopes, project_id: project, ...more });
  const inProject = await key('project', both);
  const inWorkspace = await key('workspace', both, { workspace_ids: [workspace] });
  const virtual = await key('virtual', both, {
    virtual_key_id: virtualKey,
    virtual_key_name: nameOf(watched, 'named'),
    secret: `sk-bf-${crypto.randomUUID()}`,
  });
  const ingestOnly = await key('ingest', ['ingest']);
  const expired = await key('expired', [...both, 'admin'], { expires_at: Date.now() - 1 });
  const revoked = await key('revoked', [...both, 'admin']);
  await send(bearer(revoked.key), { path: '/api/mcp-logs' });
  await send(ADMIN, { path: `/v1/keys/${revoked.id}`, method: 'DELETE' });
  const one = (
    name: string,
    stands: Identity['stands'],
    headers: Record<string, string>,
    scopes: readonly string[],
  ): Identity => ({
    name,
    stands,
    place: watched,
    headers,
    scopes,
    unheard: stands === 'inside' ? [] : [watched.word],
  });
  return [
    one('the admin', 'inside', ADMIN, ['read', 'ingest', 'metrics', 'admin']),
    one('a key of project A', 'inside', bearer(inProject.key), both),
    one('a token of project A', 'inside', bearer(await token(project, 'read ingest')), both),
    one('a key of workspace 1', 'inside', bearer(inWorkspace.key), both),
    one('virtual key 1', 'inside', bearer(virtual.key), both),
    one('an ingest-only key of project A', 'shut out', bearer(ingestOnly.key), ['ingest']),
    one('an expired key of project A', 'shut out', bearer(expired.key), []),
    one('a revoked key of project A', 'shut out', bearer(revoked.key), []),
    one('an expired token of project A', 'shut out', bearer(await token(project, 'admin', -1)), []),
    one('nobody', 'shut out', {}, []),
  ];
}

/** Those outside, each with a world of its own; two of them in the watched project itself. */
export async function outsiders(watched: Place): Promise<readonly Identity[]> {
  const both = ['read', 'ingest'];
  const make = async (
    name: string,
    place: Place,
    fields: Body,
    headersOf: (key: string) => Promise<Record<string, string>> | Record<string, string> = bearer,
  ): Promise<Identity> => {
    const bounds = { project_id: place.project, ...fields };
    const { key } = await mint({ name: nameOf(place, 'own'), scopes: both, ...bounds });
    const { word, workspace, virtualKey, project } = watched;
    return {
      name,
      stands: 'outside',
      place,
      headers: await headersOf(key),
      scopes: fields.scopes ?? both,
      unheard: [word, workspace, virtualKey, ...(place.project === project ? [] : [project])],
    };
  };
  const ofB = newPlace();
  const inTwo = newPlace(watched.project);
  const virtualTwo = newPlace(watched.project);
  const ofToken = newPlace();
  return [
    await make('a key of project B', ofB, {}),
    await make('a key of workspace 2', inTwo, { workspace_ids: [inTwo.workspace] }),
    await make('virtual key 2', virtualTwo, {
      virtual_key_id: virtualTwo.virtualKey,
      virtual_key_name: virtualTwo.word,
      secret: `sk-bf-${crypto.randomUUID()}`,
    }),
    await make('a token of project B', ofToken, {}, async () =>
      bearer(await token(ofToken.project, 'read ingest')),
    ),
    await make('a session of project B', newPlace(), {}, async (key) => ({ cookie: await cookie(key) })),
    await make('a metadata-only key of project B', newPlace(), { metadata_only: true }),
    await make('an admin of project B', newPlace(), { scopes: ['admin'] }),
  ];
}
