/** The Worker's end of the counts: what happens outside the object is gathered here, and handed over now and then. */
import { sumOf, type Counts } from '../query/counts.ts';
import type { WriterMonitor, WriterState } from '../query/writer-monitor.ts';
import type { Ingest } from './ingest.ts';
import { answered, callObject } from './object-call.ts';

/** How often one isolate hands over what it counted, in milliseconds: a flood of requests is two calls a minute. */
const HAND_OVER_MILLISECONDS = 30_000;

/** What this isolate has counted and not handed over; the runtime may end it, and that is all that is lost then. */
const isolate = { counts: {} as Counts, handedOverAt: 0 };

/**
 * Opens the monitor over the object's namespace.
 * @param later keeps a call alive that nobody waits for
 */
export function openWriterMonitor(
  namespace: DurableObjectNamespace<Ingest>,
  later: (call: Promise<void>) => void,
): WriterMonitor {
  return {
    async state() {
      return answered(await callObject<WriterState>(namespace, async (object) => object.state()));
    },
    async counts() {
      return answered(
        await handOver((counts) =>
          callObject<Counts>(namespace, async (object) => object.countsWith(counts)),
        ),
      );
    },
    count(counts) {
      isolate.counts = sumOf([isolate.counts, counts]);
      if (Date.now() - isolate.handedOverAt < HAND_OVER_MILLISECONDS) return;
      // What could not be handed over stays here; whoever is to hear of the failure hears of it elsewhere.
      const call = handOver((gathered) => callObject(namespace, async (object) => object.count(gathered)));
      const done = call.then(() => undefined).catch(() => undefined);
      try {
        later(done);
      } catch {
        // Outside of a request of the runtime nothing ends a call early.
      }
    },
  };
}

/** Hands over what was counted; what does not arrive is counted again. */
async function handOver<T>(give: (counts: Counts) => Promise<T | null>): Promise<T | null> {
  const { counts } = isolate;
  isolate.counts = {};
  isolate.handedOverAt = Date.now();
  let taken: T | null = null;
  try {
    taken = await give(counts);
    return taken;
  } finally {
    if (taken === null) isolate.counts = sumOf([counts, isolate.counts]);
  }
}
