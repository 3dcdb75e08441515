/** The floor of a page: `SELECT 1` and the rows of a page by their keys, over HTTP, in the same run. */
import { median, repeated } from './measure.ts';
import type { Setting } from './queries.ts';
import type { Answered, Statement } from './worker.ts';

/** Rows of the default page. */
const PAGE = 50;

/** Measures the floor at the size that is stored now; median milliseconds. */
export async function measurePageFloor({ gatelog }: Setting): Promise<number> {
  const newest = { sql: `SELECT seq FROM tool_calls ORDER BY seq DESC LIMIT ${PAGE}` };
  const [keys] = (await gatelog.bench('/bench/sql', [newest])) as readonly Answered[];
  const body: readonly Statement[] = [
    { sql: 'SELECT 1' },
    {
      sql: 'SELECT * FROM tool_calls WHERE seq IN (SELECT value FROM json_each(?1))',
      params: [JSON.stringify(keys?.rows.map(({ seq }) => seq))],
    },
  ];
  const run = async (): Promise<number> => (await gatelog.ask({ path: '/bench/sql', body })).milliseconds;
  return median(await repeated(run, await run()));
}
