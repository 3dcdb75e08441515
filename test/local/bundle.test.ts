/** The Worker’s bundle: what is deployed stays small, because a cold start reads all of it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

/** The budget once every producer's format is understood, in bytes after gzip; without them it was 120,000. */
const GZIP_BYTES_MAX = 150_000;

test('the deployed bundle stays within its budget', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatelog-bundle-'));
  const run = spawnSync('wrangler', ['deploy', '--dry-run', '--minify', '--outdir', folder], {
    encoding: 'utf8',
  });
  expect(run.status, run.stderr).toBe(0);
  expect(gzipSync(readFileSync(join(folder, 'index.js'))).length).toBeLessThan(GZIP_BYTES_MAX);
});
