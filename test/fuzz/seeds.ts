/** The store that is fuzzed: two projects with a marker each, events of all kinds, and one credential of every sort. */
import { env } from 'cloudflare:workers';
import { SignJWT, UnsecuredJWT } from 'jose';
import type { Scope } from '../../src/query/credential.ts';
import { world, type Body } from '../world.ts';

/** The two projects, and the word that stands in what each of them keeps and nowhere else. */
export const PROJECTS = ['project-a', 'project-b'] as const;
export const MARKERS = { 'project-a': 'aardvark7f3a', 'project-b': 'bumblebee9c1e' } as const;

/** One of the projects. */
export type Project = (typeof PROJECTS)[number];

/** Both projects log in both workspaces, so that nothing but the project keeps them apart. */
export const WORKSPACES = [
  '11111111-1111-4111-8111-111111111111',
  '22222222-2222-4222-8222-222222222222',
] as const;

/** A virtual key of the first project, whose name is that project's own affair. */
export const VIRTUAL_KEY_ID = 'vk-a';

/** Events of each kind and project; enough for a few pages. */
const EVENTS = 12;

/** Keys that exist for being revoked. */
export const SPARE_KEYS = 40;

const letters = { 'project-a': 'a', 'project-b': 'b' } as const;

/** Ids of seeded events that requests may name. */
export const SEEDED_IDS: readonly string[] = PROJECTS.flatMap((project) =>
  [0, 1, EVENTS - 1].flatMap((place) =>
    ['call', 'request', 'line'].map((kind) => `${kind}-${letters[project]}-${place}`),
  ),
);

/** Who asks: a secret, what it may do, and to which project it is bound; null is to none. */
export type Credential = {
  readonly secret: string;
  readonly isValid: boolean;
  readonly scopes: readonly Scope[];
  readonly project: Project | null;
};

/** The names of credentials, which is how requests speak of them. */
export const WHO = [
  'admin',
  'admin-a',
  'metrics',
  'both-a',
  'both-b',
  'read-a',
  'ingest-b',
  'workspace',
  'virtual-a',
  'metadata-only-b',
  'token-a',
  'expired',
  'revoked',
  'expired-token',
  'foreign-token',
  'unsigned-token',
  'guess',
] as const;

/** The name of a credential. */
export type Who = (typeof WHO)[number];

/** The seeded store, as far as requests need to know it. */
export type Seeds = {
  readonly credentials: Readonly<Record<Who, Credential>>;
  /** Session cookies of the valid ones. */
  readonly cookies: ReadonlyMap<Who, string>;
  readonly spareKeyIds: readonly string[];
};

const READ_AND_INGEST = ['read', 'ingest'] as const;

/** What is minted, and the answers of the others. */
const KEYS: Partial<Record<Who, Body>> = {
  'admin-a': { scopes: ['admin'], project_id: 'project-a' },
  metrics: { scopes: ['metrics'] },
  'both-a': { scopes: READ_AND_INGEST, project_id: 'project-a' },
  'both-b': { scopes: READ_AND_INGEST, project_id: 'project-b' },
  'read-a': { scopes: ['read'], project_id: 'project-a' },
  'ingest-b': { scopes: ['ingest'], project_id: 'project-b' },
  workspace: { scopes: READ_AND_INGEST, workspace_ids: [WORKSPACES[0]] },
  'virtual-a': {
    scopes: READ_AND_INGEST,
    project_id: 'project-a',
    virtual_key_id: VIRTUAL_KEY_ID,
    virtual_key_name: `production ${MARKERS['project-a']}`,
    secret: 'sk-bf-fuzzed-virtual-key-of-project-a',
  },
  'metadata-only-b': { scopes: READ_AND_INGEST, project_id: 'project-b', metadata_only: true },
  expired: { scopes: ['admin'], expires_at: '2026-01-01T00:00:00Z' },
  revoked: { scopes: ['admin'] },
};

/** Fills the store, through the ways in that everybody uses. */
export async function seed(): Promise<Seeds> {
  const here = await world();
  const ids = new Map<string, string>();
  const credentials: Record<string, Credential> = {
    admin: { secret: here.adminKey, isValid: true, scopes: ['read', 'ingest', 'admin'], project: null },
    ...(await tokens()),
    guess: {
      secret: 'gl_0000000000000000000000000000000000000000000',
      isValid: false,
      scopes: [],
      project: null,
    },
  };
  for (const [who, fields] of Object.entries(KEYS)) {
    const { id, key } = await here.mint({ name: who, secret: `fuzzed-secret-of-${who}`, ...fields });
    ids.set(who, id);
    const isValid = who !== 'expired' && who !== 'revoked';
    const project = (fields.project_id ?? null) as Project | null;
    credentials[who] = { secret: key, isValid, scopes: fields.scopes, project };
  }
  await here.ask(`/v1/keys/${ids.get('revoked')}`, { method: 'DELETE', key: here.adminKey });
  const spares = await Promise.all(
    Array.from({ length: SPARE_KEYS }, () => here.mint({ name: 'spare', scopes: ['read'] })),
  );
  for (const project of PROJECTS) {
    const key = credentials[letters[project] === 'a' ? 'both-a' : 'both-b']?.secret ?? '';
    const receipt = await here.json('/v1/events?wait=true', { key, body: eventsOf(project) });
    if (receipt.accepted !== EVENTS * 3) throw new Error(`not all were kept: ${JSON.stringify(receipt)}`);
  }
  const cookies = new Map<Who, string>();
  for (const who of ['admin', 'both-a', 'both-b', 'read-a'] as const) {
    const key = credentials[who]?.secret;
    const response = await here.ask('/v1/session', { key: null, body: { key } });
    cookies.set(who, response.headers.get('set-cookie')?.split(';')[0] ?? '');
  }
  return {
    credentials: credentials as Record<Who, Credential>,
    cookies,
    spareKeyIds: spares.map((spare) => spare.id),
  };
}

async function tokens(): Promise<Record<string, Credential>> {
  const claims = { sub: 'fuzz', scope: 'read', project_id: 'project-a' };
  const sign = (secret: string, end: string): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(new Date(end))
      .sign(new TextEncoder().encode(secret));
  const bad = { isValid: false, scopes: [], project: null };
  const later = '2099-01-01T00:00:00Z';
  const good = await sign(env.JWT_SECRET, later);
  return {
    'token-a': { secret: good, isValid: true, scopes: ['read'], project: 'project-a' },
    'expired-token': { ...bad, secret: await sign(env.JWT_SECRET, '2020-01-01T00:00:00Z') },
    'foreign-token': { ...bad, secret: await sign('another-secret-of-at-least-32-bytes!', later) },
    'unsigned-token': {
      ...bad,
      secret: new UnsecuredJWT(claims).setExpirationTime(new Date(later)).encode(),
    },
  };
}

/** Events that differ in what lists filter and sort by; each says its project's marker wherever text may stand. */
function eventsOf(project: Project): readonly Record<string, unknown>[] {
  const letter = letters[project];
  const marker = MARKERS[project];
  return Array.from({ length: EVENTS }, (_, place) => {
    const common = { timestamp: Date.now() - place * 3_600_000, metadata: { note: marker } };
    const workspace_id = WORKSPACES[place % WORKSPACES.length];
    return [
      {
        ...common,
        id: `call-${letter}-${place}`,
        type: 'tool_call',
        tool_name: place % 3 === 0 ? `tool ${marker}` : 'search',
        server_label: place % 2 === 0 ? 'web' : `label ${marker}`,
        status: ['success', 'error', 'processing'][place % 3],
        arguments: { q: `boom ${marker}` },
        result: [marker],
        ...(place % 3 === 1 ? { error: { message: `failed ${marker}`, code: 500 } } : {}),
        latency_ms: place * 10,
        cost: place / 100,
        virtual_key_id: VIRTUAL_KEY_ID,
        virtual_key_name: `named ${marker}`,
        llm_request_id: `request-${letter}-1`,
        session_id: `session ${marker}`,
        user_id: `user-${place % 2}`,
        workspace_id,
      },
      {
        ...common,
        id: `request-${letter}-${place}`,
        type: 'request',
        model: place % 2 === 0 ? 'gpt-4o' : `model ${marker}`,
        provider: 'openai',
        status: [200, 429, 500][place % 3],
        error: place % 3 === 0 ? null : `refused ${marker}`,
      },
      {
        ...common,
        id: `line-${letter}-${place}`,
        type: 'server_log',
        workspace_id,
        server_id: 'echo',
        level: ['debug', 'info', 'error'][place % 3],
        message: `boom ${marker}`,
        pod_name: `pod ${marker}`,
      },
    ];
  }).flat();
}
