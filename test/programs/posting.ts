/** What the tests of real programs share: a gatelog to post to, what it answers, and the README's code as modules. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { start } from '../local/gatelog.ts';

/** The key that `npm start` serves with, as the README's examples name it. */
const KEY = 'gatelog-dev-admin-key';

/** A running gatelog with a folder of its own. */
export type Posting = {
  readonly address: string;
  /** The text of the answer to a GET; throws unless its status is 200. */
  readonly textOf: (path: string) => Promise<string>;
  /** The same, parsed. */
  readonly answerOf: <Answer>(path: string) => Promise<Answer>;
  /** Ends it and removes its data. */
  readonly end: () => Promise<void>;
};

/** Starts a gatelog with the admin key of the README. */
export async function startPosting(): Promise<Posting> {
  const folder = mkdtempSync(join(tmpdir(), 'gatelog-'));
  const { address, kill } = await start(folder, { ADMIN_KEY: KEY });
  const textOf = async (path: string): Promise<string> => {
    const response = await fetch(`${address}${path}`, { headers: { authorization: `Bearer ${KEY}` } });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
    return text;
  };
  return {
    address,
    textOf,
    answerOf: async <Answer>(path: string) => JSON.parse(await textOf(path)) as Answer,
    async end() {
      await kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** A block of JavaScript as the module that it is; the packages that it imports are the ones installed here. */
export async function moduleOf<Module>(block: string): Promise<Module> {
  const require = createRequire(import.meta.url);
  const code = block.replaceAll(
    /from '([^'.][^']*)'/g,
    (_, name: string) => `from '${pathToFileURL(require.resolve(name)).href}'`,
  );
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as Module;
}
