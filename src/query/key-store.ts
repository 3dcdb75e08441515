/** The port to the keys: what the gate asks of them and the keys API changes; the store room implements it. */
import type { Bounds } from './bounds.ts';
import type { Scope } from './credential.ts';

/** A key without its secret. Times are epoch milliseconds. */
export type Key = {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly bounds: Bounds;
  readonly virtualKeyName: string | null;
  /** Whether arguments, results and messages that it posts are left out. */
  readonly isMetadataOnly: boolean;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
};

/** Keeps keys by the SHA-256 of their secret, and the sessions that were ended early. */
export interface KeyStore {
  /** The key with this hash (hex), revoked and expired ones included. */
  findByHash(hash: string): Promise<Key | null>;
  find(id: string): Promise<Key | null>;
  /**
   * Adds a key, and says so in the audit log in the same transaction; false when another key has that hash already.
   * @param actor the id of the credential that adds it
   */
  add(key: Key, hash: string, actor: string): Promise<boolean>;
  /** The newest keys within the bounds that are not revoked. */
  list(limit: number, bounds: Bounds): Promise<readonly Key[]>;
  /**
   * Revokes a key, and says so in the audit log in the same transaction; false when there is none, or it was revoked
   * before.
   * @param actor the id of the credential that revokes it
   */
  revoke(id: string, now: number, actor: string): Promise<boolean>;
  isSessionEnded(sessionId: string): Promise<boolean>;
  /** Remembers an ended session until it would have expired, and forgets those that have. */
  endSession(sessionId: string, expiresAt: number, now: number): Promise<void>;
}
