/** The Worker's end of the ingest: admits a call, hands it to the object, and never answers for more than is durable. */
import type { EventIntake, Receipt } from '../event/intake.ts';
import type { Redaction } from '../event/redaction.ts';
import { seriesOf } from '../query/counts.ts';
import type { WriterMonitor } from '../query/writer-monitor.ts';
import { toRow } from '../store/event-rows.ts';
import { admit } from './admit.ts';
import type { Appended, Ingest } from './ingest.ts';
import { callObject, OVERLOADED_SECONDS } from './object-call.ts';
import { screen } from './screen.ts';
import { ENTRY_BYTES_MAX, ROW_BYTES_MAX, type Entry, type LoggedRow } from './write-ahead-log.ts';

/**
 * Opens the intake over the object's namespace.
 * @param redact takes credentials out of every body before anything else happens to it
 * @param monitor counts what never reaches the object; the rest is counted there
 */
export function openEventIntake(
  namespace: DurableObjectNamespace<Ingest>,
  redact: Redaction,
  monitor: WriterMonitor,
): EventIntake {
  return {
    async take(intake) {
      const posted = await screen(intake.posted, intake.isMetadataOnly, redact);
      const { accepted, arrivals, rejected, counts } = admit({ ...intake, posted }, Date.now());
      const receipt: Receipt = { accepted, rejected };
      if (accepted === 0) {
        monitor.count(counts);
        return { outcome: 'kept', receipt, bookmark: null };
      }
      const entries = entriesOf(arrivals.map((arrival) => [arrival.event.kind, toRow(arrival)]));
      if ('tooLarge' in entries) return { outcome: 'too_large', detail: entries.tooLarge };
      const { credentialId: credential, idempotencyKey: key, wait } = intake;
      const idempotency = key === null ? null : { credential, key };
      const appended = await callObject<Appended>(namespace, async (object) =>
        object.append({ entries, receipt, idempotency, wait, counts }),
      );
      if (appended !== null) return appended;
      monitor.count({ [seriesOf('events_rejected', 'behind')]: accepted });
      return { outcome: 'behind', retryAfterSeconds: OVERLOADED_SECONDS };
    },
    async remove(kind, ids, bounds) {
      return (
        (await callObject<boolean>(namespace, async (object) => object.remove(kind, ids, bounds))) ?? false
      );
    },
  };
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
