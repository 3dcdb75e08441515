/** A running gatelog with the bench routes: one local runtime, on loopback alone, its data in a folder that goes with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestHarness } from 'wrangler';

/** A request: a GET, or a POST of a body, which is JSON unless it is a text or bytes. */
export type Ask = { readonly path: string; readonly body?: unknown; readonly type?: string };

/** An answer, the milliseconds until its last byte, and the rows that D1 read for it. */
export type Answer = {
  readonly path: string;
  readonly status: number;
  readonly text: string;
  readonly milliseconds: number;
  readonly rowsRead: number;
  readonly retryAfterSeconds: number;
};

/** A running gatelog. */
export type Gatelog = {
  /** Asks with the admin key. */
  readonly ask: (ask: Ask) => Promise<Answer>;
  /** Asks one of the bench routes; throws unless it succeeds. */
  readonly bench: (path: string, body?: unknown) => Promise<unknown>;
  readonly stop: () => Promise<void>;
};

const ADMIN_KEY = crypto.randomUUID();

/** What keeps the local runtime on this machine, and keeps it from tracing every call into a store of its own. */
const SETTINGS = {
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_SEND_METRICS: 'false',
  X_LOCAL_OBSERVABILITY: 'false',
  X_LOCAL_EXPLORER: 'false',
};

/** Starts gatelog on an empty database with all migrations applied. */
export async function startGatelog(): Promise<Gatelog> {
  const folder = mkdtempSync(join(tmpdir(), 'gatelog-bench-'));
  // The runtime keeps its data in the temporary folder of this process.
  Object.assign(process.env, SETTINGS, { TMPDIR: folder });
  const workers = [{ configPath: join(import.meta.dirname, 'wrangler.toml'), secrets: { ADMIN_KEY } }];
  const harness = createTestHarness({ workers });
  // The runtime ends this process by itself on a signal, so only the exit is sure to come.
  process.once('exit', () => {
    for (const left of [folder, join(import.meta.dirname, '.wrangler')])
      rmSync(left, { recursive: true, force: true, maxRetries: 3 });
  });
  try {
    await harness.listen();
    const worker = harness.getWorker();
    await worker.applyD1Migrations('DB');
    const ask = async ({ path, body, type = 'application/json' }: Ask): Promise<Answer> => {
      const startedAt = performance.now();
      const response = await worker.fetch(path, {
        headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': type },
        ...(body === undefined ? {} : { method: 'POST', body: bodyOf(body) }),
      });
      const text = await response.text();
      const milliseconds = performance.now() - startedAt;
      harness.clearLogs();
      const { status, headers } = response;
      const cost = /rows_read;desc="(\d+)"/.exec(headers.get('server-timing') ?? '');
      const retryAfterSeconds = Number(headers.get('retry-after') ?? 0);
      return { path, status, text, milliseconds, rowsRead: Number(cost?.[1] ?? 0), retryAfterSeconds };
    };
    const bench = async (path: string, body?: unknown): Promise<unknown> => {
      const { status, text } = await ask({ path, body });
      if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
      return JSON.parse(text);
    };
    return { ask, bench, stop: () => harness.close() };
  } catch (error) {
    await harness.close();
    throw error;
  }
}

function bodyOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
}
