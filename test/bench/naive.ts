/** The same questions asked as others ask them: one table, B-tree indexes, COUNT(*), OFFSET, LIKE and DISTINCT. */
import { SLOTS_PER_MILLISECOND, TIME_KEY_EPOCH } from '../../src/event/time-key.ts';
import { SPAN, TOOLS } from './data.ts';
import { median, repeated, type Cost } from './measure.ts';
import { COMMON_WORD, RARE_WORD } from './prose.ts';
import type { Setting } from './queries.ts';
import type { Answered, Statement } from './worker.ts';

const TABLE = 'naive_tool_calls';

/** Rows that one statement copies: D1 ends a statement after 30 seconds. */
const COPIED_AT_ONCE = 20_000;

const COLUMNS =
  'id, tool_name, server_label, status, virtual_key_id, virtual_key_name, latency_ms, cost, arguments, result, error';

const INDEXES = ['timestamp', 'tool_name, timestamp', 'status, timestamp', 'virtual_key_id'];

/** What keeping the rows that way costs, for each row. */
export type NaiveStore = { readonly rowsWritten: number; readonly bytes: number };

/** A question of queries.ts, by its name, and the statements by which a peer answers it. */
export type NaiveQuery = {
  readonly name: string;
  readonly statements: (setting: Setting) => readonly Statement[];
};

const page = (where: string, order: string, offset = 0): string =>
  `SELECT * FROM ${TABLE} ${where} ORDER BY ${order} LIMIT 50 OFFSET ${offset}`;
const count = (where: string): string => `SELECT COUNT(*) AS total FROM ${TABLE} ${where}`;

/** A page with its total, as a list needs both. */
const pageAndTotal = (where: string, params: readonly unknown[] = []): readonly Statement[] => [
  { sql: page(where, 'timestamp DESC'), params },
  { sql: count(where), params },
];

const contains = ['arguments', 'result', 'error'].map((column) => `${column} LIKE ?1`).join(' OR ');

/** The questions that are asked both ways. */
export const NAIVE_QUERIES: readonly NaiveQuery[] = [
  { name: 'calls: default page', statements: () => pageAndTotal('') },
  { name: 'calls: one tool', statements: () => pageAndTotal('WHERE tool_name = ?1', [TOOLS[0]]) },
  {
    name: 'calls: search, rare word',
    statements: () => pageAndTotal(`WHERE ${contains}`, [`%${RARE_WORD}%`]),
  },
  {
    name: 'calls: search, common word',
    statements: () => pageAndTotal(`WHERE ${contains}`, [`%${COMMON_WORD}%`]),
  },
  {
    name: 'calls: offset at 90 %',
    statements: ({ size }) => [
      { sql: page('', 'timestamp DESC', Math.floor(size * 0.9)) },
      { sql: count('') },
    ],
  },
  {
    name: 'calls: sort by latency',
    statements: () => [{ sql: page('', 'latency_ms DESC') }, { sql: count('') }],
  },
  {
    name: 'calls: filterdata',
    statements: () =>
      ['server_label', 'tool_name', 'virtual_key_id, virtual_key_name'].map((columns) => ({
        sql: `SELECT DISTINCT ${columns} FROM ${TABLE}`,
      })),
  },
];

/** Copies all tool calls into the table; `dropNaiveStore` takes it away again. */
export async function fillNaiveStore({ gatelog, size, end }: Setting): Promise<NaiveStore> {
  const run = async (sql: string): Promise<Answered> => {
    const [answered] = (await gatelog.bench('/bench/sql', [{ sql }])) as readonly Answered[];
    if (answered === undefined) throw new Error('no answer');
    return answered;
  };
  await run(`CREATE TABLE ${TABLE} (id TEXT PRIMARY KEY, timestamp INTEGER NOT NULL, tool_name TEXT NOT NULL,
    server_label TEXT, status TEXT NOT NULL, virtual_key_id TEXT, virtual_key_name TEXT, latency_ms REAL, cost REAL,
    arguments TEXT, result TEXT, error TEXT)`);
  for (const [place, columns] of INDEXES.entries())
    await run(`CREATE INDEX ${TABLE}_${place} ON ${TABLE} (${columns})`);
  const before = (await run('SELECT 1')).bytes;
  const parts = Math.ceil(size / COPIED_AT_ONCE);
  const startOf = (part: number): number =>
    (Math.floor(end - SPAN + (SPAN * part) / parts) - TIME_KEY_EPOCH) * SLOTS_PER_MILLISECOND;
  let rowsWritten = 0;
  for (let part = 0; part < parts; part++) {
    const copied = await run(`INSERT INTO ${TABLE} (timestamp, ${COLUMNS})
      SELECT seq / ${SLOTS_PER_MILLISECOND} + ${TIME_KEY_EPOCH}, ${COLUMNS} FROM tool_calls
      WHERE seq >= ${startOf(part)} AND seq < ${startOf(part + 1)}`);
    rowsWritten += copied.rowsWritten;
  }
  const [total] = (await run(count(''))).rows;
  if (total?.['total'] !== size) throw new Error(`copied ${String(total?.['total'])} of ${size} tool calls`);
  return { rowsWritten: rowsWritten / size, bytes: ((await run('SELECT 1')).bytes - before) / size };
}

/** Drops the table, so that the next size and the ingest find the database as gatelog alone leaves it. */
export async function dropNaiveStore({ gatelog }: Setting): Promise<void> {
  await gatelog.bench('/bench/sql', [{ sql: `DROP TABLE IF EXISTS ${TABLE}` }]);
}

/** Measures one question as it is asked of the table, answered as JSON over HTTP as ours are. */
export async function measureNaive(query: NaiveQuery, setting: Setting): Promise<Cost> {
  const statements = query.statements(setting);
  const run = async (): Promise<Cost> => {
    const { text, milliseconds, status } = await setting.gatelog.ask({
      path: '/bench/sql',
      body: statements,
    });
    if (status !== 200) throw new Error(`${query.name}: ${text}`);
    const answered = JSON.parse(text) as readonly Answered[];
    return { rowsRead: answered.reduce((sum, { rowsRead }) => sum + rowsRead, 0), milliseconds };
  };
  const warm = await run();
  const costs = await repeated(run, warm.milliseconds);
  return { rowsRead: warm.rowsRead, milliseconds: median(costs.map((cost) => cost.milliseconds)) };
}
