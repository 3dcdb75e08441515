/** Idempotency keys: the first answer to a key is the answer to it for a day (contracts/events.md). */
import type { Receipt } from '../event/intake.ts';

/** How long an answer is kept, in milliseconds: 24 hours. */
const KEPT_MILLISECONDS = 86_400_000;

/** Expired answers removed with each new one: more than one, so that the table shrinks again after a flood. */
const EXPIRED_REMOVED_MAX = 10;

/** The answers given to idempotency keys, in the storage of one object. */
export class IdempotencyKeys {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec(`CREATE TABLE IF NOT EXISTS idempotency (
      number INTEGER PRIMARY KEY, credential TEXT NOT NULL, key TEXT NOT NULL, answered_at INTEGER NOT NULL,
      receipt TEXT NOT NULL, UNIQUE (credential, key))`);
  }

  /** The answer that a credential got for a key within the last day; null when there is none. */
  find(credential: string, key: string, now: number): Receipt | null {
    const [row] = this.#sql
      .exec<{ receipt: string }>(
        'SELECT receipt FROM idempotency WHERE credential = ? AND key = ? AND answered_at > ?',
        credential,
        key,
        now - KEPT_MILLISECONDS,
      )
      .toArray();
    return row === undefined ? null : (JSON.parse(row.receipt) as Receipt);
  }

  /** Remembers an answer. */
  remember(credential: string, key: string, receipt: Receipt, now: number): void {
    this.#sql.exec(
      `DELETE FROM idempotency WHERE answered_at <= ?1 AND number IN (SELECT number FROM idempotency ORDER BY number LIMIT ?2)
        OR credential = ?3 AND key = ?4`,
      now - KEPT_MILLISECONDS,
      EXPIRED_REMOVED_MAX,
      credential,
      key,
    );
    this.#sql.exec(
      'INSERT INTO idempotency (credential, key, answered_at, receipt) VALUES (?, ?, ?, ?)',
      credential,
      key,
      now,
      JSON.stringify(receipt),
    );
  }
}
