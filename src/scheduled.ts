/** The cron: wires a run of retention over the bindings, and tells what it did in one line for each kind. */
import type { Bindings } from './app.ts';
import { encodeJsonl } from './formats/jsonl.ts';
import { createMeter } from './query/meter.ts';
import { retentionDefaults } from './query/retention.ts';
import { openArchive } from './store/archive.ts';
import { sweepCounters } from './store/counter-sweep.ts';
import { openDatabase } from './store/database.ts';
import { openPayloadObjects } from './store/payload-objects.ts';
import { sweepPayloads } from './store/payload-sweep.ts';
import { runRetention } from './store/retention-run.ts';
import { searchSettings } from './store/text-index.ts';

/**
 * Runs what is due.
 * @param now epoch milliseconds
 * @throws what ended the run; the platform shows it as a failed invocation, and the next run goes on where this one ended
 */
export async function runScheduled(env: Bindings, now: number): Promise<void> {
  const startedAt = Date.now();
  const meter = createMeter();
  const archive = env.ARCHIVE === undefined ? null : openArchive(env.ARCHIVE, encodeJsonl);
  const payloads = env.PAYLOADS === undefined ? null : openPayloadObjects(env.PAYLOADS);
  const database = openDatabase(env.DB, meter, searchSettings(env));
  try {
    const reports = await runRetention(
      { database, archive, payloads, defaults: retentionDefaults(env) },
      now,
    );
    const cost = { duration_ms: Date.now() - startedAt, rows_read: meter.rowsRead };
    if (reports === null)
      console.log(JSON.stringify({ message: 'retention', skipped: 'another run', ...cost }));
    for (const report of reports ?? [])
      console.log(
        JSON.stringify({ message: 'retention', ...report, ...cost, rows_written: meter.rowsWritten }),
      );
    if (reports === null) return;
    const counters = await sweepCounters(database);
    const objects = payloads === null ? 0 : await sweepPayloads(database, payloads, now);
    console.log(JSON.stringify({ message: 'sweep', counters, objects }));
  } catch (error) {
    console.error(JSON.stringify({ message: 'retention failed', error: String(error) }));
    throw error;
  }
}
