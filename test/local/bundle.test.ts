/** The Worker’s bundle: what is deployed stays small, because a cold start reads all of it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

/**
 * The budget in bytes after gzip. The core took 120,000, every producer's format 30,000 more, and what keeps events and
 * tenants safe (rate limits, retention, archive, audit, dead letters, metrics) another 20,000.
 */
const GZIP_BYTES_MAX = 170_000;

test('the deployed bundle stays within its budget', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatelog-bundle-'));
  const run = spawnSync('wrangler', ['deploy', '--dry-run', '--minify', '--outdir', folder], {
    encoding: 'utf8',
  });
  expect(run.status, run.stderr).toBe(0);
  expect(gzipSync(readFileSync(join(folder, 'index.js'))).length).toBeLessThan(GZIP_BYTES_MAX);
});
