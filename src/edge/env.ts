/** What the gate gives to every handler: settings from the environment, and the ports that the app has wired. */
import type { Fingerprint } from '../event/fingerprint.ts';
import type { EventIntake } from '../event/intake.ts';
import type { Redaction } from '../event/redaction.ts';
import type { AuditLog } from '../query/audit-log.ts';
import type { Credential, Scope } from '../query/credential.ts';
import type { DeadLetters } from '../query/dead-letters.ts';
import type { EventReader } from '../query/event-reader.ts';
import type { GaugeSource } from '../query/gauge.ts';
import type { KeyStore } from '../query/key-store.ts';
import type { Meter } from '../query/meter.ts';
import type { RetentionStore } from '../query/retention.ts';
import type { WriterMonitor } from '../query/writer-monitor.ts';
import type { Admission, Limiter, Policy } from './limits.ts';
import type { ProblemCode } from './problem.ts';

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
  /** What redaction marks and derived ids are salted with; by default it follows from the admin key. */
  readonly REDACT_SALT?: string;
  /** Origins whose pages may read answers, with commas between them; without it no other origin's may. */
  readonly CORS_ORIGINS?: string;
  /** Days for which arguments, results and metadata are kept. */
  readonly RETENTION_PAYLOAD_DAYS?: string;
  /** Days for which tool calls and requests are kept. */
  readonly RETENTION_ROW_DAYS?: string;
  /** Days for which server lines are kept. */
  readonly RETENTION_LINE_DAYS?: string;
  /** `deny` refuses virtual keys on /api/mcp-logs. */
  readonly MCP_LOGS_VIRTUAL_KEYS?: string;
  /** Requests a minute for each credential: one value, or `surface=value` with commas between. */
  readonly RATE_LIMIT_PER_MINUTE?: string;
  /** Requests at a time for each credential, in the same form. */
  readonly RATE_LIMIT_CONCURRENT?: string;
};

/** What handlers find in their context. */
export type Variables = {
  requestId: string;
  meter: Meter;
  /** Takes credentials out of what is stored, logged or answered; absent until the settings were read. */
  redact: Redaction;
  /** Known to this deployment alone, so that nobody can try out what a text was. */
  fingerprint: Fingerprint;
  reader: EventReader;
  keys: KeyStore;
  intake: EventIntake;
  writer: WriterMonitor;
  deadLetters: DeadLetters;
  /** What /metrics tells beside the writer's own state. */
  gauges: readonly GaugeSource[];
  /** For the log line: the name of the surface that owns the path. */
  surface: string;
  /** For the log line: how many of the posted events were kept; absent where none were judged. */
  judged: { readonly accepted: number; readonly rejected: number };
  /** For the log line: what went wrong; absent where nothing did. */
  problemCode: ProblemCode;
  audit: AuditLog;
  retention: RetentionStore;
  /** Set by `authenticate`; a handler behind it may rely on it. */
  credential: Credential;
  /** Whoever counts under a name. */
  limiterOf: (name: string) => Limiter;
  /** The limits of a credential's requests with a scope. */
  policyOf: (scope: Scope) => Policy | undefined;
  /** Set by `authenticate`, once the limiter was asked. */
  admission: Admission;
};

/** The environment of every router. */
export type GateEnv = { Bindings: Settings; Variables: Variables };
