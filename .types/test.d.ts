/** The bindings that tests find in `env`: those of the Worker, and the migrations to apply. */
declare namespace Cloudflare {
  interface Env {
    ADMIN_KEY: string;
    JWT_SECRET: string;
    DB: D1Database;
    ARCHIVE: R2Bucket;
    LARGE: R2Bucket;
    INGEST: DurableObjectNamespace<import('../src/ingest/ingest.ts').Ingest>;
    RATE_LIMITER: DurableObjectNamespace<import('../src/edge/rate-limiter.ts').RateLimiter>;
    TEST_MIGRATIONS: import('@cloudflare/vitest-pool-workers').D1Migration[];
  }
  interface GlobalProps {
    mainModule: typeof import('../src/index.ts');
  }
}
