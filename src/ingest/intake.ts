/** The Worker's end of the ingest: admits a call, hands it to the object, and never answers for more than is durable. */
import type { EventIntake, Receipt } from '../event/intake.ts';
import { toRow } from '../store/event-rows.ts';
import type { Redaction } from '../event/redaction.ts';
import { admit } from './admit.ts';
import type { Appended, Ingest } from './ingest.ts';
import { screen } from './screen.ts';
import { ENTRY_BYTES_MAX, ROW_BYTES_MAX, type Entry, type LoggedRow } from './write-ahead-log.ts';

/** The name of the one object: one database has one writer. */
const SHARD = 'main';

/** Further tries after the object was moved or reset; appends are idempotent, since ids are minted before them. */
const RETRIES_MAX = 2;

/** What an overloaded object is left alone for, in seconds. */
const OVERLOADED_SECONDS = 2;

/**
 * Opens the intake over the object's namespace.
 * @param redact takes credentials out of every body before anything else happens to it
 */
export function openEventIntake(namespace: DurableObjectNamespace<Ingest>, redact: Redaction): EventIntake {
  return {
    async take(intake) {
      const posted = await screen(intake.posted, intake.isMetadataOnly, redact);
      const { accepted, arrivals, rejected } = admit({ ...intake, posted }, Date.now());
      const receipt: Receipt = { accepted, rejected };
      if (accepted === 0) return { outcome: 'kept', receipt, bookmark: null };
      const entries = entriesOf(arrivals.map((arrival) => [arrival.event.kind, toRow(arrival)]));
      if ('tooLarge' in entries) return { outcome: 'too_large', detail: entries.tooLarge };
      const { credentialId: credential, idempotencyKey: key, wait } = intake;
      const idempotency = key === null ? null : { credential, key };
      const appended = await call<Appended>(namespace, async (object) =>
        object.append({ entries, receipt, idempotency, wait }),
      );
      return appended ?? { outcome: 'behind', retryAfterSeconds: OVERLOADED_SECONDS };
    },
    async remove(kind, ids, bounds) {
      return (await call<boolean>(namespace, async (object) => object.remove(kind, ids, bounds))) ?? false;
    },
    async ping() {
      await namespace.getByName(SHARD).ping();
    },
  };
}

/** Calls the object, again where that is safe; null when it is overloaded. All of its calls may be repeated. */
async function call<T>(
  namespace: DurableObjectNamespace<Ingest>,
  run: (object: DurableObjectStub<Ingest>) => Promise<T>,
): Promise<T | null> {
  for (let tries = 0; ; tries++) {
    try {
      // A stub that has failed stays broken, so each try takes a fresh one.
      return await run(namespace.getByName(SHARD));
    } catch (error) {
      if (isMarked(error, 'overloaded')) return null;
      if (!isMarked(error, 'retryable') || tries === RETRIES_MAX) throw error;
    }
  }
}

function isMarked(error: unknown, mark: 'overloaded' | 'retryable'): boolean {
  return typeof error === 'object' && error !== null && (error as Record<string, unknown>)[mark] === true;
}

/** Packs rows into entries of bounded size. */
function entriesOf(rows: readonly LoggedRow[]): readonly Entry[] | { tooLarge: string } {
  const entries: Entry[] = [];
  let packed: string[] = [];
  let bytes = 0;
  const close = (): void => {
    if (packed.length > 0) entries.push({ body: `[${packed.join(',')}]`, events: packed.length });
    packed = [];
    bytes = 0;
  };
  for (const row of rows) {
    const text = JSON.stringify(row);
    const size = new TextEncoder().encode(text).length;
    if (size > ROW_BYTES_MAX)
      return { tooLarge: `event ${String(row[1][2])}: over ${ROW_BYTES_MAX} bytes once stored; send less` };
    if (bytes + size > ENTRY_BYTES_MAX) close();
    packed.push(text);
    bytes += size;
  }
  close();
  return entries;
}
