/**
 * `npm start`: local secrets, migrations, and the Worker on 127.0.0.1, with one command to try.
 * Arguments go to wrangler: `npm start -- --persist-to <folder>` keeps the data elsewhere.
 */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

const PORT = process.env['PORT'] || '8787';
const ADDRESS = `http://127.0.0.1:${PORT}`;

/** The variables that the README documents; the environment wins over .dev.vars. */
const VARIABLES = [
  'ADMIN_KEY',
  'CORS_ORIGINS',
  'JWT_SECRET',
  'JWT_JWKS_URL',
  'MCP_LOGS_VIRTUAL_KEYS',
  'RATE_LIMIT_CONCURRENT',
  'RATE_LIMIT_PER_MINUTE',
  'REDACT',
  'REDACT_PATTERNS',
  'REDACT_SALT',
  'RETENTION_LINE_DAYS',
  'RETENTION_PAYLOAD_DAYS',
  'RETENTION_ROW_DAYS',
  'SEARCH_INDEX',
  'SEARCH_TEXT_CHARACTERS',
];

/** How long the Worker may take to come up, in milliseconds. */
const START_MILLISECONDS_MAX = 60_000;
const POLL_MILLISECONDS = 200;

if (!existsSync('.dev.vars')) copyFileSync('.dev.vars.example', '.dev.vars');
const secrets = parseEnv(readFileSync('.dev.vars', 'utf8'));
const adminKey = process.env['ADMIN_KEY'] ?? secrets['ADMIN_KEY'];

const passed = process.argv.slice(2);
// Nothing is sent anywhere, and nothing slows a request down that a deployment would not have.
const env = {
  ...process.env,
  WRANGLER_SEND_METRICS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  X_LOCAL_OBSERVABILITY: 'false',
  CI: 'true',
};
const migrations = spawnSync('wrangler', ['d1', 'migrations', 'apply', 'DB', '--local', ...passed], {
  env,
  encoding: 'utf8',
});
if (migrations.status !== 0) {
  console.error(migrations.stdout, migrations.stderr);
  process.exit(migrations.status ?? 1);
}

const overrides = VARIABLES.flatMap((name) => {
  const value = process.env[name];
  return value === undefined ? [] : ['--var', `${name}:${value}`];
});
const worker = spawn(
  'wrangler',
  [
    'dev',
    '--local',
    '--ip',
    '127.0.0.1',
    '--port',
    PORT,
    '--show-interactive-dev-session=false',
    ...overrides,
    ...passed,
  ],
  { env, stdio: ['ignore', 'inherit', 'inherit'] },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => worker.kill(signal));
worker.on('exit', (code) => process.exit(code ?? 0));

const deadline = Date.now() + START_MILLISECONDS_MAX;
while (!(await isReady())) {
  if (Date.now() > deadline) {
    console.error('gatelog did not come up in time');
    worker.kill();
    process.exit(1);
  }
  await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
}
console.log(`
gatelog listens on ${ADDRESS}
admin key: ${adminKey ?? '(none: set ADMIN_KEY in .dev.vars)'}
try:
  curl '${ADDRESS}/v1/events?wait=true' -H 'authorization: Bearer ${adminKey}' \\
    -d '{"tool_name":"search_web","server_label":"web","arguments":{"query":"weather"},"result":"sunny","latency_ms":120}'
  curl ${ADDRESS}/api/mcp-logs -H 'authorization: Bearer ${adminKey}'
`);

async function isReady(): Promise<boolean> {
  try {
    return (await fetch(`${ADDRESS}/readyz`)).status === 200;
  } catch {
    return false;
  }
}
