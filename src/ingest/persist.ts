/** Persist: moves logged events into D1, again and again until D1 has them. */
import { merge } from '../event/merge.ts';
import { KINDS, type Kind } from '../event/event.ts';
import { StoreFailure } from '../query/event-reader.ts';
import { arrivalOfRow, toRow, type RowValues } from '../store/event-rows.ts';
import type { EventWriter, Flush } from '../store/event-writer.ts';
import type { LoggedRow, NumberedEntry, WriteAheadLog } from './write-ahead-log.ts';

/** Events of one flush: more gain nothing, and a failed flush repeats them all. */
export const FLUSH_EVENTS_MAX = 1000;

/** Bytes of one flush: they are one parameter, which D1 takes up to 2,000,000, and the ids are a second. */
export const FLUSH_BYTES_MAX = 1_800_000;

/**
 * Flushes the oldest entries of the log and forgets them once D1 has them. Entries of one event are merged first.
 * @returns the number of the last flushed entry; null when the log was empty
 * @throws StoreFailure when D1 fails; the log is unchanged then, and a repetition is harmless
 */
export async function flushOldest(log: WriteAheadLog, writer: EventWriter): Promise<number | null> {
  const entries = log.oldest(FLUSH_EVENTS_MAX, FLUSH_BYTES_MAX);
  const last = entries.at(-1);
  if (last === undefined) return null;
  await writeOrPark(mergedRows(entries), log, writer);
  log.removeThrough(last.number);
  return last.number;
}

/** Halves what D1 refuses until the culprits stand alone, and parks those; any other failure is thrown on. */
async function writeOrPark(
  rows: readonly LoggedRow[],
  log: WriteAheadLog,
  writer: EventWriter,
): Promise<void> {
  try {
    await writer.write(byKind(rows));
  } catch (error) {
    if (!(error instanceof StoreFailure) || error.reason !== 'refused') throw error;
    const [only] = rows;
    if (rows.length === 1 && only !== undefined) {
      log.park(only, error.detail, Date.now());
      return;
    }
    const middle = Math.ceil(rows.length / 2);
    await writeOrPark(rows.slice(0, middle), log, writer);
    await writeOrPark(rows.slice(middle), log, writer);
  }
}

function mergedRows(entries: readonly NumberedEntry[]): readonly LoggedRow[] {
  const logged = entries.flatMap((entry) => JSON.parse(entry.body) as LoggedRow[]);
  const merged = new Map<string, LoggedRow>();
  for (const [kind, row] of logged) {
    const identity = JSON.stringify([kind, ...row.slice(0, 3)]);
    const earlier = merged.get(identity);
    merged.set(identity, [kind, earlier === undefined ? row : mergedRow(kind, earlier[1], row)]);
  }
  return [...merged.values()];
}

function mergedRow(kind: Kind, earlier: RowValues, later: RowValues): RowValues {
  return toRow(merge(arrivalOfRow(kind, earlier), arrivalOfRow(kind, later)));
}

function byKind(rows: readonly LoggedRow[]): Flush {
  return Object.fromEntries(
    KINDS.map((kind) => [kind, rows.filter((row) => row[0] === kind).map((row) => row[1])]),
  );
}
