/** Wires the rooms: opens the ports of a request over the bindings, and puts every surface behind the gate. */
import type { Hono } from 'hono';
import { doorSurfaces } from './api/doors.ts';
import { ownSurface } from './api/surface.ts';
import { dialects } from './dialects/index.ts';
import type { GateEnv, Settings } from './edge/env.ts';
import { BOOKMARK_HEADER, bookmarkOf } from './edge/bookmark.ts';
import { createGate } from './edge/gate.ts';
import { cachedKeys, type KeyCache } from './edge/key-cache.ts';
import { Problem } from './edge/problem.ts';
import type { RateLimiter } from './edge/rate-limiter.ts';
import { FINGERPRINT_KEY_BYTES, openFingerprint, type Fingerprint } from './event/fingerprint.ts';
import { redactionOf } from './event/redaction-setting.ts';
import type { Redaction } from './event/redaction.ts';
import { openDeadLetters } from './ingest/dead-letters.ts';
import type { Ingest } from './ingest/ingest.ts';
import { openEventIntake } from './ingest/intake.ts';
import { retentionDefaults } from './query/retention.ts';
import { openWriterMonitor } from './ingest/writer-monitor.ts';
import { seriesOf, spentOf } from './query/counts.ts';
import { retentionGauges } from './query/retention-gauge.ts';
import { openAuditLog } from './store/audit-log.ts';
import { openDatabase } from './store/database.ts';
import { openEventReader } from './store/event-reader.ts';
import { openKeyStore } from './store/key-store.ts';
import { openPayloadObjects } from './store/payload-objects.ts';
import { openRetentionStore } from './store/retention.ts';
import { searchSettings } from './store/text-index.ts';

/** Everything that the Worker is bound to. */
export type Bindings = Settings & {
  readonly DB: D1Database;
  readonly INGEST: DurableObjectNamespace<Ingest>;
  /** Where retention puts what it takes out of D1; without it that is gone. */
  readonly ARCHIVE?: R2Bucket;
  /** Where arguments and results are that are too large for their rows; without it they stay there. */
  readonly PAYLOADS?: R2Bucket;
  readonly RATE_LIMITER: DurableObjectNamespace<RateLimiter>;
};

/** What follows from a deployment's salt: how credentials are marked, and what ids are derived with. */
type Secrecy = { readonly redact: Redaction; readonly fingerprint: Fingerprint };

/** A deployment's secrecy; its patterns are compiled once, and it is refused loudly when they are wrong. */
async function secrecyOf(settings: Settings): Promise<Secrecy> {
  const { REDACT = '', REDACT_PATTERNS = '', REDACT_SALT, ADMIN_KEY = '' } = settings;
  const key = JSON.stringify([REDACT, REDACT_PATTERNS, REDACT_SALT ?? ADMIN_KEY]);
  if (opened?.key === key) return opened;
  const salt = REDACT_SALT ?? `gatelog redaction ${ADMIN_KEY}`;
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${salt} ids`));
  const fingerprint = openFingerprint(new Uint8Array(digest).subarray(0, FINGERPRINT_KEY_BYTES));
  try {
    opened = { key, redact: redactionOf({ REDACT, REDACT_PATTERNS }, salt), fingerprint };
    return opened;
  } catch (error) {
    throw new Problem('not_configured', error instanceof Error ? error.message : String(error));
  }
}

let opened: (Secrecy & { readonly key: string }) | null = null;

/** The keys of a database that this isolate has seen of late. */
function keyCacheOf(database: D1Database): KeyCache {
  const cache = keyCaches.get(database) ?? new Map();
  keyCaches.set(database, cache);
  return cache;
}

const keyCaches = new WeakMap<D1Database, KeyCache>();

/** Builds the app; it keeps no state of its own between requests. */
export function createApp(): Hono<GateEnv> {
  return createGate(
    async (context, next) => {
      const { DB, INGEST, PAYLOADS, RATE_LIMITER } = context.env as Bindings;
      const { meter } = context.var;
      // First, so that whatever is refused from here on is logged and told without credentials.
      const { redact, fingerprint } = await secrecyOf(context.env);
      context.set('redact', redact);
      context.set('fingerprint', fingerprint);
      context.set('limiterOf', (name) => RATE_LIMITER.getByName(name));
      const session = DB.withSession(bookmarkOf(context) ?? 'first-unconstrained');
      const payloads = PAYLOADS === undefined ? null : openPayloadObjects(PAYLOADS);
      const searched = openDatabase(session, meter, searchSettings(context.env));
      context.set('reader', openEventReader(searched, payloads));
      // Keys are read where they are written: a replica may not know yet that one was minted or revoked.
      context.set('keys', cachedKeys(openKeyStore(openDatabase(DB, meter)), keyCacheOf(DB)));
      context.set('audit', openAuditLog(openDatabase(DB, meter)));
      const retention = openRetentionStore(openDatabase(DB, meter), () => retentionDefaults(context.env));
      context.set('retention', retention);
      const writer = openWriterMonitor(INGEST, (call) => context.executionCtx.waitUntil(call));
      context.set('writer', writer);
      context.set('deadLetters', openDeadLetters(INGEST));
      context.set('gauges', [retentionGauges(retention)]);
      context.set('intake', openEventIntake(INGEST, redact, writer));
      await next();
      writer.count({
        [seriesOf('requests', `${Math.floor(context.res.status / 100)}xx`)]: 1,
        ...spentOf(meter, 'requests'),
      });
      const bookmark = session.getBookmark();
      if (bookmark !== null) context.header(BOOKMARK_HEADER, bookmark);
    },
    [...dialects, ...doorSurfaces, ownSurface],
  );
}
