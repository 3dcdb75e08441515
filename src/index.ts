/** The Worker: its fetch handler, its cron and the Durable Object classes. */
import { createApp, type Bindings } from './app.ts';
import { runScheduled } from './scheduled.ts';

export { RateLimiter } from './edge/rate-limiter.ts';
export { Ingest } from './ingest/ingest.ts';

const app = createApp();

export default {
  fetch: app.fetch,
  scheduled: ({ scheduledTime }, env) => runScheduled(env, scheduledTime),
} satisfies ExportedHandler<Bindings>;
