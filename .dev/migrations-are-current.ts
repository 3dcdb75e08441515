/** Fails when src/store/schema.ts says something that the migrations in drizzle/ do not. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const before = readdirSync('drizzle').length;
const run = spawnSync('drizzle-kit', ['generate', '--name', 'missing'], { encoding: 'utf8' });
const isCurrent = run.status === 0 && readdirSync('drizzle').length === before;
if (!isCurrent)
  console.error(run.stdout, run.stderr, 'The schema has changes without a migration: npm run migrate');
process.exit(isCurrent ? 0 : 1);
