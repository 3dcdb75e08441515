/** The tests run inside workerd, with the bindings of wrangler.toml and the migrations of drizzle/; a few run outside. */
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';

/** Property tests and crash tests flush through real D1: seconds, not milliseconds. */
const TEST_MILLISECONDS_MAX = 60_000;

/** Tests on this machine start the whole local runtime, some of them twice. */
const LOCAL_MILLISECONDS_MAX = 120_000;

/** The Worker with its bindings, and what else its tests want bound; or another one over the same bindings. */
const worker = async (bindings: Record<string, string> = {}, main = './src/index.ts') =>
  cloudflareTest({
    main,
    wrangler: { configPath: './wrangler.toml' },
    miniflare: {
      bindings: {
        ADMIN_KEY: 'test-admin-key',
        JWT_SECRET: 'test-jwt-secret-of-at-least-32-bytes',
        JWT_JWKS_URL: 'https://issuer.test/jwks.json',
        TEST_MIGRATIONS: await readD1Migrations('./drizzle'),
        ...bindings,
      },
      // Optional, so not in wrangler.toml: tests hand it to what they test, or leave it out.
      r2Buckets: ['ARCHIVE', 'LARGE'],
    },
  });

/** What a run of `npm run test:fuzz` sends, and with which seed; without one it takes any and prints it. */
const { FUZZ_REQUESTS = '5000', FUZZ_SEED = '' } = process.env;

/** So high that no run gets there: the limits are asked on every request, and answers come from what is behind them. */
const FUZZ_LIMITS = {
  RATE_LIMIT_PER_MINUTE: '100000,unauthenticated=100000',
  RATE_LIMIT_CONCURRENT: '100',
};

/** How many schedules `npm run test:faults` runs, and from which seed; without one it takes any and prints it. */
const { FAULT_SCHEDULES = '200', FAULT_SEED = '' } = process.env;

/** What a fault schedule may take, in milliseconds; most take a tenth of it. */
const SCHEDULE_MILLISECONDS_MAX = 5000;

export default defineConfig(async () => ({
  test: {
    silent: 'passed-only' as const,
    // One fewer than the cores would be one on a small machine, and half of each file's time is waiting.
    maxWorkers: 2,
    projects: [
      {
        plugins: [await worker()],
        test: {
          name: 'worker',
          include: ['test/**/*.test.ts'],
          exclude: ['test/local/**', 'test/programs/**', 'test/fuzz/**', 'test/faults/**'],
          setupFiles: ['./test/setup.ts'],
          testTimeout: TEST_MILLISECONDS_MAX,
          hookTimeout: TEST_MILLISECONDS_MAX,
        },
      },
      {
        plugins: [await worker({ FUZZ_REQUESTS, FUZZ_SEED, ...FUZZ_LIMITS })],
        test: {
          name: 'fuzz',
          include: ['test/fuzz/**/*.test.ts'],
          setupFiles: ['./test/setup.ts'],
        },
      },
      {
        plugins: [await worker({ FAULT_SCHEDULES, FAULT_SEED }, './test/faults/worker.ts')],
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          setupFiles: ['./test/setup.ts'],
          testTimeout: TEST_MILLISECONDS_MAX + Number(FAULT_SCHEDULES) * SCHEDULE_MILLISECONDS_MAX,
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
