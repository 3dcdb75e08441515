/** The tests run inside workerd, with the bindings of wrangler.toml and the migrations of drizzle/. */
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';

/** Property tests and crash tests flush through real D1: seconds, not milliseconds. */
const TEST_MILLISECONDS_MAX = 60_000;

export default defineConfig(async () => ({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.toml' },
      miniflare: {
        bindings: {
          ADMIN_KEY: 'test-admin-key',
          JWT_SECRET: 'test-jwt-secret-of-at-least-32-bytes',
          TEST_MIGRATIONS: await readD1Migrations('./drizzle'),
        },
      },
    }),
  ],
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['./test/setup.ts'],
    silent: 'passed-only' as const,
    testTimeout: TEST_MILLISECONDS_MAX,
    hookTimeout: TEST_MILLISECONDS_MAX,
  },
}));
