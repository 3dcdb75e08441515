/** The tests run inside workerd, with the bindings of wrangler.toml and the migrations of drizzle/; a few run outside. */
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';

/** Property tests and crash tests flush through real D1: seconds, not milliseconds. */
const TEST_MILLISECONDS_MAX = 60_000;

/** Tests on this machine start the whole local runtime, some of them twice. */
const LOCAL_MILLISECONDS_MAX = 120_000;

export default defineConfig(async () => ({
  test: {
    silent: 'passed-only' as const,
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                ADMIN_KEY: 'test-admin-key',
                JWT_SECRET: 'test-jwt-secret-of-at-least-32-bytes',
                JWT_JWKS_URL: 'https://issuer.test/jwks.json',
                TEST_MIGRATIONS: await readD1Migrations('./drizzle'),
              },
            },
          }),
        ],
        test: {
          name: 'worker',
          include: ['test/**/*.test.ts'],
          exclude: ['test/local/**', 'test/programs/**'],
          setupFiles: ['./test/setup.ts'],
          testTimeout: TEST_MILLISECONDS_MAX,
          hookTimeout: TEST_MILLISECONDS_MAX,
        },
      },
      {
        test: {
          name: 'local',
          include: ['test/local/**/*.test.ts'],
          testTimeout: LOCAL_MILLISECONDS_MAX,
          hookTimeout: LOCAL_MILLISECONDS_MAX,
        },
      },
      {
        test: {
          name: 'programs',
          include: ['test/programs/**/*.test.ts'],
          testTimeout: LOCAL_MILLISECONDS_MAX,
          hookTimeout: LOCAL_MILLISECONDS_MAX,
          // Each file starts a local runtime and programs beside it, and two at once fill a small machine.
          fileParallelism: false,
        },
      },
    ],
  },
}));
