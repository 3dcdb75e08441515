/** Persist: moves logged events into D1, again and again until D1 has them. */
import { merge } from '../event/merge.ts';
import { KINDS, type Kind } from '../event/event.ts';
import { seriesOf, sumOf } from '../query/counts.ts';
import { StoreFailure } from '../query/event-reader.ts';
import { arrivalOfRow, toRow, type RowValues } from '../store/event-rows.ts';
import type { EventWriter, Flush } from '../store/event-writer.ts';
import type { ParkedEvents, Refused } from './parked-events.ts';
import type { RunningCounts } from './running-counts.ts';
import { identitiesOf, type LoggedRow, type NumberedEntry, type WriteAheadLog } from './write-ahead-log.ts';

/** Events of one flush: more gain nothing, and a failed flush repeats them all. */
export const FLUSH_EVENTS_MAX = 1000;

/** Bytes of one flush: they are one parameter, which D1 takes up to 2,000,000, and the ids are a second. */
export const FLUSH_BYTES_MAX = 1_800_000;

/** Why the log stands still: D1 refuses events, and no more of them may be put aside. */
export class ParkedFull extends Error {
  override readonly name = 'ParkedFull';
}

/** What a flush works on: what waits, what was put aside, and what is counted, all in one object's storage. */
export type Ledger = {
  readonly log: WriteAheadLog;
  readonly parked: ParkedEvents;
  readonly counts: RunningCounts;
  /** A number for the next batch, higher than any before it, also of an earlier life. */
  readonly nextNumber: () => number;
  /** Runs a change as a whole or not at all. */
  readonly atomically: (change: () => void) => void;
};

/**
 * Flushes the oldest entries of the log and forgets them once D1 has them. Entries of one event are merged first, and
 * what D1 refuses for good is put aside in the same change that forgets it.
 * @returns the number of the last flushed entry; null when the log was empty
 * @throws StoreFailure when D1 fails, ParkedFull when it refuses more than may be put aside; the log is unchanged then,
 *   and a repetition is harmless
 */
export async function flushOldest(ledger: Ledger, writer: EventWriter): Promise<number | null> {
  const entries = ledger.log.oldest(FLUSH_EVENTS_MAX, FLUSH_BYTES_MAX);
  const [first, last] = [entries[0], entries.at(-1)];
  if (first === undefined || last === undefined) return null;
  const rows = mergedRows(entries);
  const outcome = await write(rows, writer, ledger.nextNumber());
  // A flush that was given up on may still come to its end, after another has moved the same entries.
  if (ledger.log.oldestNumber() === first.number)
    ledger.atomically(() => settle(ledger, entries, rows.length, outcome));
  return last.number;
}

/** What a flush has moved leaves the log, what was refused is put aside, and all of it is counted. */
function settle(
  { log, parked, counts }: Ledger,
  entries: readonly NumberedEntry[],
  rows: number,
  { added, refused }: Outcome,
): void {
  const now = Date.now();
  if (!parked.park(refused, now)) throw new ParkedFull('no room for what D1 refuses');
  log.removeThrough(entries.at(-1)?.number ?? 0);
  const logged = entries.reduce((sum, entry) => sum + entry.events, 0);
  counts.add(
    sumOf([
      ...entries.map((entry) => entry.counts),
      {
        [seriesOf('events_merged', 'log')]: logged - rows,
        [seriesOf('events_merged', 'store')]: rows - refused.length - added,
        [seriesOf('events_flushed')]: rows - refused.length,
        [seriesOf('dead_letters_moved', 'parked')]: refused.length,
        [seriesOf('flushes', 'done')]: 1,
      },
    ]),
  );
  counts.noteFlush(now, now - Math.min(...entries.map((entry) => entry.receivedAt)));
  counts.save(now);
}

/** What became of rows: how many were new in D1, and which it refuses; the others merged with what was there. */
type Outcome = { readonly added: number; readonly refused: readonly Refused[] };

/** Writes rows, halving what D1 refuses until the culprits stand alone. Any other failure is thrown on. */
async function write(rows: readonly LoggedRow[], writer: EventWriter, number: number): Promise<Outcome> {
  try {
    return { added: await writer.write(byKind(rows), number), refused: [] };
  } catch (error) {
    if (!(error instanceof StoreFailure) || error.reason !== 'refused') throw error;
    const [only] = rows;
    if (rows.length === 1 && only !== undefined)
      return { added: 0, refused: [{ row: only, reason: error.detail }] };
    const middle = Math.ceil(rows.length / 2);
    const earlier = await write(rows.slice(0, middle), writer, number);
    const later = await write(rows.slice(middle), writer, number);
    return { added: earlier.added + later.added, refused: [...earlier.refused, ...later.refused] };
  }
}

function mergedRows(entries: readonly NumberedEntry[]): readonly LoggedRow[] {
  const logged = entries.flatMap((entry) => JSON.parse(entry.body) as LoggedRow[]);
  const merged = new Map<string, LoggedRow>();
  const identities = identitiesOf(logged);
  for (const [place, [kind, row]] of logged.entries()) {
    const identity = identities[place] ?? '';
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
