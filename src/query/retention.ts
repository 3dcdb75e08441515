/** Retention: for how many days payloads and rows are kept, by kind and project, and the port to what was set. */
import { KINDS, type Kind } from '../event/event.ts';

/** The most days that can be set: ten years. */
export const RETENTION_DAYS_MAX = 3650;

/** Projects of one kind that may have days of their own: a run looks after each different pair of days in turn. */
export const RETENTION_PROJECTS_MAX = 100;

/** What a payload is: the fields that hold what was said, or may, and that go first. */
export const PAYLOAD_FIELDS = {
  tool_call: ['arguments', 'result', 'metadata'],
  request: ['metadata'],
  server_log: ['metadata'],
} as const satisfies Record<Kind, readonly string[]>;

/** The days in force: a payload goes after the first number, its row after the second. */
export type Retention = { readonly payloadDays: number; readonly rowDays: number };

/** What was set for a kind, or for one project of a kind; null stands for the default. */
export type RetentionPolicy = {
  readonly kind: Kind;
  /** Null sets what holds for all projects that have nothing of their own. */
  readonly project_id: string | null;
  readonly payload_days: number | null;
  readonly row_days: number | null;
};

/** The days in force where nothing is set. */
export type RetentionDefaults = Readonly<Record<Kind, Retention>>;

/** The events of a kind that share their days: those of the named projects, or of all but those. */
export type RetentionGroup = Retention & {
  readonly kind: Kind;
  readonly projects: readonly string[];
  readonly areExcluded: boolean;
};

/** Keeps what was set. Every method may throw `StoreFailure`. */
export interface RetentionStore {
  /** All that was set; the bounds of what may be set are few enough for one answer. */
  policies(): Promise<readonly RetentionPolicy[]>;
  /**
   * Sets the days of a kind or a project, and says so in the audit log in the same transaction.
   * @param actor the id of the credential that sets them
   * @returns false when `RETENTION_PROJECTS_MAX` projects have days of their own already
   */
  set(policy: RetentionPolicy, now: number, actor: string): Promise<boolean>;
  /** By how many seconds the oldest event of each kind is overdue; 0 when none is. */
  backlog(now: number): Promise<Readonly<Record<Kind, number>>>;
}

/** The variables of a deployment that set its defaults (README, "Settings"). */
export type RetentionSettings = {
  readonly RETENTION_PAYLOAD_DAYS?: string;
  readonly RETENTION_ROW_DAYS?: string;
  readonly RETENTION_LINE_DAYS?: string;
};

/**
 * The defaults of a deployment.
 * @throws Error that names the variable, when one is no number of days: guessing would delete what should be kept
 */
export function retentionDefaults(settings: RetentionSettings): RetentionDefaults {
  const days = (name: keyof RetentionSettings, fallback: number, min: number): number => {
    const text = settings[name] ?? '';
    if (text === '') return fallback;
    const value = /^\d{1,4}$/.test(text) ? Number(text) : Infinity;
    if (value >= min && value <= RETENTION_DAYS_MAX) return value;
    throw new Error(`${name}: must be a number of days from ${min} to ${RETENTION_DAYS_MAX}`);
  };
  const payloadDays = days('RETENTION_PAYLOAD_DAYS', 30, 0);
  const rowDays = days('RETENTION_ROW_DAYS', 365, 1);
  return {
    tool_call: { payloadDays, rowDays },
    request: { payloadDays, rowDays },
    server_log: { payloadDays, rowDays: days('RETENTION_LINE_DAYS', 30, 1) },
  };
}

/** The days in force for a policy's own events: what it leaves open follows its kind's, and then the defaults. */
export function retentionOf(
  policy: RetentionPolicy,
  policies: readonly RetentionPolicy[],
  defaults: RetentionDefaults,
): Retention {
  const all = policies.find(({ kind, project_id }) => kind === policy.kind && project_id === null);
  const fallback = defaults[policy.kind];
  return {
    payloadDays: policy.payload_days ?? all?.payload_days ?? fallback.payloadDays,
    rowDays: policy.row_days ?? all?.row_days ?? fallback.rowDays,
  };
}

/** Every event in exactly one group. Projects whose days are those of their kind need no group of their own. */
export function retentionGroups(
  policies: readonly RetentionPolicy[],
  defaults: RetentionDefaults,
): readonly RetentionGroup[] {
  return KINDS.flatMap((kind) => groupsOfKind(kind, policies, defaults));
}

function groupsOfKind(
  kind: Kind,
  policies: readonly RetentionPolicy[],
  defaults: RetentionDefaults,
): readonly RetentionGroup[] {
  const open = { kind, project_id: null, payload_days: null, row_days: null };
  const everyone = retentionOf(open, policies, defaults);
  const own = new Map<string, RetentionGroup>();
  for (const policy of policies) {
    if (policy.kind !== kind || policy.project_id === null) continue;
    const days = retentionOf(policy, policies, defaults);
    if (days.payloadDays === everyone.payloadDays && days.rowDays === everyone.rowDays) continue;
    const key = `${days.payloadDays} ${days.rowDays}`;
    const projects = [...(own.get(key)?.projects ?? []), policy.project_id];
    own.set(key, { kind, ...days, projects, areExcluded: false });
  }
  const groups = [...own.values()];
  const excluded = groups.flatMap(({ projects }) => projects);
  return [{ kind, ...everyone, projects: excluded, areExcluded: true }, ...groups];
}
