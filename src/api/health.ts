/** Health: `/healthz` tells that the Worker runs, `/readyz` which of its parts fails. Both are open. */
import { Hono } from 'hono';
import type { GateEnv } from '../edge/env.ts';
import { ALL_TIME } from '../query/filter.ts';
import type { WriterState } from '../query/writer-monitor.ts';
import { partInTime } from './part-in-time.ts';

/** How full the backlog or the dead letters may be before it is told. */
const DEGRADED_FROM = 0.5;

type State = 'ok' | 'degraded' | 'failing';

/** One part, and in words for anybody what is wrong with it. */
type Part = { readonly state: State; readonly says?: string };

/** `/healthz`: no setting and no header can make it fail. */
export const livenessRoutes = new Hono<GateEnv>().get('/healthz', (context) =>
  context.json({ status: 'ok' }),
);

/** `/readyz`: 200 while it can read and write, 503 as soon as one part fails. */
export const readinessRoutes = new Hono<GateEnv>().get('/readyz', async (context) => {
  const question = { kind: 'tool_call', bounds: {}, filter: { time: ALL_TIME, conditions: [] } } as const;
  const [read, asked] = await Promise.allSettled([
    partInTime(context.var.reader.exists(question)),
    partInTime(context.var.writer.state()),
  ]);
  const parts: Readonly<Record<string, Part>> = {
    database: read.status === 'fulfilled' ? { state: 'ok' } : failing('does not answer'),
    ingest: asked.status === 'fulfilled' ? { state: 'ok' } : failing('does not answer'),
    ...(asked.status === 'fulfilled' ? partsOf(asked.value) : {}),
  };
  const states = new Set(Object.values(parts).map(({ state }) => state));
  const status = (['failing', 'degraded', 'ok'] as const).find((state) => states.has(state)) ?? 'ok';
  const reasons = Object.entries(parts).flatMap(([name, { says }]) =>
    says === undefined ? [] : [`${name}: ${says}`],
  );
  return context.json(
    {
      status,
      ...Object.fromEntries(Object.entries(parts).map(([name, { state }]) => [name, state])),
      ...(reasons.length === 0 ? {} : { reasons }),
    },
    status === 'failing' ? 503 : 200,
  );
});

function partsOf({ backlog, deadLetters }: WriterState): Record<'backlog' | 'dead_letters', Part> {
  return {
    backlog: partOf(
      backlog.fullness,
      backlog.fullness > 1,
      'events wait for the database',
      'too many events wait for the database; new ones are refused',
    ),
    dead_letters: partOf(
      deadLetters.fullness,
      deadLetters.fullness >= 1,
      'many events wait for a decision',
      'no more events can be put aside',
    ),
  };
}

function partOf(fullness: number, isFull: boolean, degraded: string, full: string): Part {
  if (isFull) return failing(full);
  return fullness >= DEGRADED_FROM ? { state: 'degraded', says: degraded } : { state: 'ok' };
}

function failing(says: string): Part {
  return { state: 'failing', says };
}
