/** What the gate gives to every handler: settings from the environment, and the ports that the app has wired. */
import type { EventIntake } from '../event/intake.ts';
import type { Credential } from '../query/credential.ts';
import type { EventReader } from '../query/event-reader.ts';
import type { KeyStore } from '../query/key-store.ts';
import type { Meter } from '../query/meter.ts';

/** The variables and secrets that a deployment may set (README, "Settings"). */
export type Settings = {
  /** The operator's key; without it the service answers 503 to everything but `/healthz`. */
  readonly ADMIN_KEY?: string;
  /** The secret of HS256 tokens. */
  readonly JWT_SECRET?: string;
  /** Where the public keys of RS256, ES256 and EdDSA tokens are. */
  readonly JWT_JWKS_URL?: string;
  /** `off` keeps no text index: searches then look through the newest events of a filter. */
  readonly SEARCH_INDEX?: string;
  /** Characters of each event that the text index holds. */
  readonly SEARCH_TEXT_CHARACTERS?: string;
  /** `off` stores credentials as they are posted. */
  readonly REDACT?: string;
  /** More forms of credentials: a JSON array of `{"name", "pattern", "flags"?}`. */
  readonly REDACT_PATTERNS?: string;
  /** What redaction marks are salted with; by default it follows from the admin key. */
  readonly REDACT_SALT?: string;
  /** `deny` refuses virtual keys on /api/mcp-logs. */
  readonly MCP_LOGS_VIRTUAL_KEYS?: string;
};

/** What handlers find in their context. */
export type Variables = {
  requestId: string;
  meter: Meter;
  reader: EventReader;
  keys: KeyStore;
  intake: EventIntake;
  /** Set by `authenticate`; a handler behind it may rely on it. */
  credential: Credential;
};

/** The environment of every router. */
export type GateEnv = { Bindings: Settings; Variables: Variables };
