/** A world for each test: its own project, workspace and keys, and short ways to post and to ask. */
import { env, exports } from 'cloudflare:workers';

/** The address under which tests reach the Worker. */
export const ORIGIN = 'https://gatelog.test';

/** JSON as an answer gives it. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers by name and compare what they find
export type Body = any;

/** What a request of a test says. */
export type Ask = {
  readonly method?: string;
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
};

/** One test's own corner of the store. */
export type World = {
  readonly project: string;
  readonly workspace: string;
  /** A key with scopes `read` and `ingest`, bound to the project. */
  readonly key: string;
  readonly adminKey: string;
  /** Asks with the project's key, unless another or none (null) is named. */
  readonly ask: (path: string, ask?: Ask) => Promise<Response>;
  /** Asks and reads the JSON of the answer. */
  readonly json: (path: string, ask?: Ask) => Promise<Body>;
  /** Posts events and waits until they are readable; throws when any is refused. */
  readonly post: (events: readonly unknown[]) => Promise<void>;
  /** Mints a key with these fields. */
  readonly mint: (fields: Body) => Promise<Body>;
};

/** Makes a world. */
export async function world(): Promise<World> {
  const project = `project-${crypto.randomUUID()}`;
  const workspace = crypto.randomUUID();
  const ask = (path: string, { method, key, headers = {}, body }: Ask = {}): Promise<Response> =>
    exports.default.fetch(
      new Request(`${ORIGIN}${path}`, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { ...(key === null ? {} : { authorization: `Bearer ${key ?? minted}` }), ...headers },
        ...(body === undefined ? {} : { body: bodyInit(body) }),
      }),
    );
  const json = async (path: string, asked?: Ask): Promise<Body> => (await ask(path, asked)).json();
  const mint = (fields: Body): Promise<Body> =>
    json('/v1/keys', { key: env.ADMIN_KEY, body: { name: 'test', ...fields } });
  let minted = env.ADMIN_KEY;
  minted = (await mint({ scopes: ['read', 'ingest'], project_id: project }))['key'];
  return {
    project,
    workspace,
    key: minted,
    adminKey: env.ADMIN_KEY,
    ask,
    json,
    mint,
    async post(events) {
      const receipt = await json('/v1/events?wait=true', { body: events });
      if (receipt['accepted'] !== events.length || receipt['readable'] !== true)
        throw new Error(`not all were kept: ${JSON.stringify(receipt)}`);
    },
  };
}

function bodyInit(body: unknown): BodyInit {
  return typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream
    ? body
    : JSON.stringify(body);
}
