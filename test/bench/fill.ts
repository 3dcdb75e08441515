/** Filling the store pass by pass, through gatelog's own writer. */
import { KINDS, type Kind } from '../../src/event/event.ts';
import { SHARES } from './data.ts';
import type { Gatelog } from './gatelog.ts';
import { bodyOf } from './measure.ts';
import { progress } from './table.ts';
import type { Filled } from './worker.ts';

/** Events of one call to the bench Worker. */
const CALL_EVENTS = 5000;

/** What one pass over one kind cost; rows and bytes are for each event. */
export type FillCost = {
  readonly kind: Kind;
  readonly size: number;
  readonly eventsPerSecond: number;
  readonly rowsWritten: number;
  readonly rowsRead: number;
  readonly bytes: number;
};

/**
 * Fills the store from one size on to another, both in tool calls.
 * @throws Error when the store does not say afterwards that it holds them all
 */
export async function fillStore(
  gatelog: Gatelog,
  end: number,
  from: number,
  size: number,
): Promise<readonly FillCost[]> {
  const costs: FillCost[] = [];
  for (const kind of KINDS) {
    const share = SHARES[kind];
    costs.push({
      ...(await fillKind(gatelog, end, kind, Math.round(from * share), Math.round(size * share))),
      size,
    });
  }
  const { pagination } = bodyOf(await gatelog.ask({ path: '/api/mcp-logs?limit=1' }));
  const total = (pagination as { total_count: number }).total_count;
  if (total !== size) throw new Error(`the store counts ${total} tool calls and was given ${size}`);
  return costs;
}

async function fillKind(
  gatelog: Gatelog,
  end: number,
  kind: Kind,
  from: number,
  until: number,
): Promise<Omit<FillCost, 'size'>> {
  const startedAt = performance.now();
  const all = until - from;
  let [rowsWritten, rowsRead] = [0, 0];
  // An empty slice tells how large the database is before.
  const { bytes: before } = (await gatelog.bench('/bench/fill', { kind, from, count: 0, end })) as Filled;
  let bytes = before;
  for (let next = from; next < until; next += CALL_EVENTS) {
    const count = Math.min(CALL_EVENTS, until - next);
    const filled = (await gatelog.bench('/bench/fill', { kind, from: next, count, end })) as Filled;
    rowsWritten += filled.meter.rowsWritten;
    rowsRead += filled.meter.rowsRead;
    ({ bytes } = filled);
    progress(`fill ${kind}`, next + count - from, all, startedAt);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    kind,
    eventsPerSecond: all / seconds,
    rowsWritten: rowsWritten / all,
    rowsRead: rowsRead / all,
    bytes: (bytes - before) / all,
  };
}
