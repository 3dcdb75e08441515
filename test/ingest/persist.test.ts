/** One flush, by itself: it settles what it has moved once, even when another has overtaken it. */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { ParkedEvents } from '../../src/ingest/parked-events.ts';
import { flushOldest, type Ledger } from '../../src/ingest/persist.ts';
import { RunningCounts } from '../../src/ingest/running-counts.ts';
import { WriteAheadLog, type LoggedRow } from '../../src/ingest/write-ahead-log.ts';
import { StoreFailure } from '../../src/query/event-reader.ts';
import type { EventWriter } from '../../src/store/event-writer.ts';

/** A ledger of its own, in the storage of an object that nobody else uses. */
function withLedger(run: (ledger: Ledger) => Promise<void>): Promise<void> {
  const object = env.INGEST.getByName(crypto.randomUUID());
  return runInDurableObject(object, (_instance, { storage }) =>
    run({
      log: new WriteAheadLog(storage.sql),
      parked: new ParkedEvents(storage.sql),
      counts: new RunningCounts(storage.sql),
      nextNumber: () => 1,
      atomically: (change) => storage.transactionSync(change),
    }),
  );
}

function rowOf(id: string): LoggedRow {
  return ['tool_call', ['', '', id, Date.now(), Date.now(), 1, 0, 'success']];
}

function log(ledger: Ledger, id: string): void {
  ledger.log.append([{ body: JSON.stringify([rowOf(id)]), events: 1 }], Date.now(), {
    'events_accepted x': 1,
  });
}

/** A writer that refuses everything as soon as it is let go. */
function refusingWriter(): { writer: EventWriter; letGo: () => void } {
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const write = async (): Promise<number> => {
    await gate;
    throw new StoreFailure('refused', 'constraint failed');
  };
  return { writer: { write } as unknown as EventWriter, letGo };
}

test('a flush that was given up on, and ends after its successor, settles nothing a second time', async () => {
  await withLedger(async (ledger) => {
    const [slow, quick] = [refusingWriter(), refusingWriter()];
    log(ledger, 'a');
    const overtaken = flushOldest(ledger, slow.writer);
    log(ledger, 'b');
    quick.letGo();
    await flushOldest(ledger, quick.writer);
    log(ledger, 'c');
    slow.letGo();
    await overtaken;
    expect(ledger.parked.since(0).map(([, row]) => row[2])).toEqual(['a', 'b']);
    expect(ledger.log.oldest(10, 1_000_000).map((entry) => entry.number)).toEqual([3]);
    expect(ledger.counts.counts).toMatchObject({ 'events_accepted x': 2, 'dead_letters_moved parked': 2 });
  });
});

test('a flush that is overtaken but ends first leaves the rest to its successor', async () => {
  await withLedger(async (ledger) => {
    const [slow, quick] = [refusingWriter(), refusingWriter()];
    log(ledger, 'a');
    const overtaken = flushOldest(ledger, slow.writer);
    log(ledger, 'b');
    const successor = flushOldest(ledger, quick.writer);
    slow.letGo();
    await overtaken;
    quick.letGo();
    await successor;
    expect(ledger.parked.since(0).map(([, row]) => row[2])).toEqual(['a']);
    expect(ledger.log.oldest(10, 1_000_000).map((entry) => entry.number)).toEqual([2]);
    await flushOldest(ledger, quick.writer);
    expect(ledger.parked.since(0).map(([, row]) => row[2])).toEqual(['a', 'b']);
    expect(ledger.counts.counts).toMatchObject({ 'events_accepted x': 2, 'dead_letters_moved parked': 2 });
  });
});
