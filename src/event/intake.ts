/** The port through which posted events become kept events; the ingest room answers it. */

import type { Kind } from './event.ts';

/** What one call hands in. */
export type Intake = {
  /** What was posted, in order; each is checked on its own. */
  readonly posted: readonly Posted[];
  /** Identifies the credential, so that an idempotency key belongs to one caller. */
  readonly credentialId: string;
  readonly bounds: IntakeBounds;
  /** Whether arguments, results and messages are left out. */
  readonly isMetadataOnly: boolean;
  /** The call's `Idempotency-Key`, null without one. */
  readonly idempotencyKey: string | null;
  /** Whether to answer only once the events are readable (`?wait=true`). */
  readonly wait: boolean;
};

/** One posted value: a body to check, or why its text is none. */
export type Posted = { readonly body: unknown } | { readonly problem: string };

/** The bounds of a poster: they are filled in where the event is silent and refuse it where it contradicts. */
export type IntakeBounds = {
  readonly project_id?: string | undefined;
  readonly workspace_ids?: readonly string[] | undefined;
  readonly virtual_key_id?: string | undefined;
};

/** An event that was not kept, and why. */
export type Rejection = { readonly index: number; readonly id?: string; readonly error: string };

/** The answer to a call; `accepted` events are durable. */
export type Receipt = {
  readonly accepted: number;
  readonly rejected: readonly Rejection[];
  /** Only with `wait`: whether the events could be read back before the answer. */
  readonly readable?: boolean;
};

/** What became of a call: a receipt, or why nothing of it was kept. */
export type IntakeResult =
  | {
      readonly outcome: 'kept';
      readonly receipt: Receipt;
      /** The state of the database in which the events are readable; null unless they are known to be. */
      readonly bookmark: string | null;
    }
  | { readonly outcome: 'too_large'; readonly detail: string }
  | { readonly outcome: 'behind'; readonly retryAfterSeconds: number };

/** Takes events in: when it resolves with a receipt, what that accepts survives any crash. */
export interface EventIntake {
  take(intake: Intake): Promise<IntakeResult>;
  /**
   * Removes events of a kind by their ids, as far as the bounds reach; unknown ids are no fault.
   * @returns false when the writer is too far behind to do it now
   */
  remove(kind: Kind, ids: readonly string[], bounds: IntakeBounds): Promise<boolean>;
}
