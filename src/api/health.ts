/** Health: `/healthz` tells that the Worker runs, `/readyz` that it can read and write. Both are open. */
import { Hono } from 'hono';
import type { GateEnv } from '../edge/env.ts';
import { ALL_TIME } from '../query/filter.ts';

/** The routes of both. */
export const healthRoutes = new Hono<GateEnv>()
  .get('/healthz', (context) => context.json({ status: 'ok' }))
  .get('/readyz', async (context) => {
    const question = { kind: 'tool_call', bounds: {}, filter: { time: ALL_TIME, conditions: [] } } as const;
    const [database, ingest] = await Promise.allSettled([
      context.var.reader.exists(question),
      context.var.intake.ping(),
    ]);
    const isReady = database.status === 'fulfilled' && ingest.status === 'fulfilled';
    return context.json(
      { status: isReady ? 'ok' : 'failing', database: stateOf(database), ingest: stateOf(ingest) },
      isReady ? 200 : 503,
    );
  });

function stateOf(part: PromiseSettledResult<unknown>): 'ok' | 'failing' {
  return part.status === 'fulfilled' ? 'ok' : 'failing';
}
