/** Wires the rooms: opens the ports of a request over the bindings, and puts every surface behind the gate. */
import type { Hono } from 'hono';
import { ownSurface } from './api/surface.ts';
import { dialects } from './dialects/index.ts';
import type { GateEnv, Settings } from './edge/env.ts';
import { BOOKMARK_HEADER, bookmarkOf } from './edge/bookmark.ts';
import { createGate } from './edge/gate.ts';
import { Problem } from './edge/problem.ts';
import { redactionOf } from './event/redaction-setting.ts';
import type { Redaction } from './event/redaction.ts';
import type { Ingest } from './ingest/ingest.ts';
import { openEventIntake } from './ingest/intake.ts';
import { openDatabase } from './store/database.ts';
import { openEventReader } from './store/event-reader.ts';
import { openKeyStore } from './store/key-store.ts';
import { searchSettings } from './store/text-index.ts';

/** Everything that the Worker is bound to. */
export type Bindings = Settings & {
  readonly DB: D1Database;
  readonly INGEST: DurableObjectNamespace<Ingest>;
};

/** The redaction of a deployment; its patterns are compiled once, and it is refused loudly when they are wrong. */
function redactionFor(settings: Settings): Redaction {
  const { REDACT = '', REDACT_PATTERNS = '', REDACT_SALT, ADMIN_KEY = '' } = settings;
  const key = JSON.stringify([REDACT, REDACT_PATTERNS, REDACT_SALT ?? ADMIN_KEY]);
  if (redaction?.key === key) return redaction.redact;
  try {
    const redact = redactionOf({ REDACT, REDACT_PATTERNS }, REDACT_SALT ?? `gatelog redaction ${ADMIN_KEY}`);
    redaction = { key, redact };
    return redact;
  } catch (error) {
    throw new Problem('not_configured', error instanceof Error ? error.message : String(error));
  }
}

let redaction: { readonly key: string; readonly redact: Redaction } | null = null;

/** Builds the app; it keeps no state of its own between requests. */
export function createApp(): Hono<GateEnv> {
  return createGate(
    async (context, next) => {
      const { DB, INGEST } = context.env as Bindings;
      const { meter } = context.var;
      const session = DB.withSession(bookmarkOf(context) ?? 'first-unconstrained');
      context.set('reader', openEventReader(openDatabase(session, meter, searchSettings(context.env))));
      // Keys are read where they are written: a replica may not know yet that one was minted or revoked.
      context.set('keys', openKeyStore(openDatabase(DB, meter)));
      context.set('intake', openEventIntake(INGEST, redactionFor(context.env)));
      await next();
      const bookmark = session.getBookmark();
      if (bookmark !== null) context.header(BOOKMARK_HEADER, bookmark);
    },
    [...dialects, ownSurface],
  );
}
