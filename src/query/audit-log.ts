/** The audit log: who changed what about the store itself, in the order in which it happened; nothing leaves it. */
import type { JsonObject } from '../event/event.ts';

/** What is recorded. */
export const AUDIT_ACTIONS = [
  'key.minted',
  'key.revoked',
  'retention.changed',
  'logs.deleted',
  'dead_letter.resent',
  'dead_letter.dropped',
] as const;

/** One recorded change. */
export type AuditEntry = {
  /** Rises with every entry. */
  readonly number: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The id of the credential that did it; never a secret. */
  readonly actor: string;
  readonly action: (typeof AUDIT_ACTIONS)[number];
  /** The id of what was changed, null where there are several. */
  readonly target: string | null;
  /** What more there is to say, without secrets and without content of logs. */
  readonly detail: JsonObject;
};

/** What is said of a change when it is recorded. */
export type AuditRecord = Omit<AuditEntry, 'number' | 'at'>;

/** Records and reads. */
export interface AuditLog {
  /**
   * Appends one entry; its number and time are given here.
   * @throws StoreFailure when the database fails
   */
  record(entry: AuditRecord): Promise<void>;
  /**
   * The newest entries first.
   * @param before only entries with smaller numbers; null begins at the newest
   * @throws StoreFailure when the database fails
   */
  page(limit: number, before: number | null): Promise<readonly AuditEntry[]>;
}
