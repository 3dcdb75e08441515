/** Random schedules of calls and faults: whatever fails in whatever order, what was acknowledged is there exactly once. */
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { audit, drain, empty, type Findings } from './audit.ts';
import { heal, struck } from './faulty-d1.ts';
import { run } from './run.ts';
import { anySchedule } from './schedule.ts';

declare global {
  namespace Cloudflare {
    interface Env {
      /** How many schedules to run. */
      FAULT_SCHEDULES: string;
      /** The seed that they are drawn from; '' takes any. */
      FAULT_SEED: string;
    }
  }
}

/** Schedules that are tried to make a failing one smaller. */
const SHRINKS_MAX = 60;

const NONE: Findings = { lost: [], doubled: [], merged: [], orphans: [], counters: [], lists: [] };
const NAMES = Object.keys(NONE) as (keyof Findings)[];

test('after any schedule each acknowledged event is there once, and counters and indexes agree with the rows', async () => {
  const print = console.info.bind(console);
  // The Worker tells of every request and every failed flush: here thousands of them.
  for (const method of ['log', 'error'] as const) vi.spyOn(console, method).mockReturnValue(undefined);
  const seed = env.FAULT_SEED === '' ? Math.floor(Math.random() * 2 ** 31) : Number(env.FAULT_SEED);
  const schedules = Number(env.FAULT_SCHEDULES);
  print(`${schedules} fault schedules, FAULT_SEED=${seed}`);
  const startedAt = Date.now();
  let [ran, acked, failed] = [0, 0, 0];
  const found = { lost: 0, doubled: 0, merged: 0, orphans: 0, counters: 0, lists: 0 };
  const property = fc.asyncProperty(anySchedule, async (steps) => {
    if (failed > 0 && failed++ > SHRINKS_MAX) return;
    try {
      const left = await run(steps);
      await drain(left);
      const findings = await audit(left);
      for (const name of NAMES) found[name] += findings[name].length;
      expect(findings, JSON.stringify(findings)).toEqual(NONE);
      ran += 1;
      acked += left.acked;
    } catch (error) {
      if (failed === 0) print(`schedule ${ran + 1} failed and is being made smaller: ${String(error)}`);
      failed ||= 1;
      throw error;
    }
  });
  try {
    await fc.assert(property.beforeEach(fresh), { numRuns: schedules, seed });
  } finally {
    const faults = [...struck].map(([fault, times]) => `${fault} ${times}`).toSorted();
    print(
      `${ran} schedules in ${Math.round((Date.now() - startedAt) / 1000)} s; faults: ${faults.join(', ')}; ` +
        `events acked ${acked}, lost ${found.lost}, doubled ${found.doubled}, wrongly merged ${found.merged}, ` +
        `orphans ${found.orphans}, counters off ${found.counters}, lists off ${found.lists}`,
    );
  }
  expect(ran).toBe(schedules);
});

async function fresh(): Promise<void> {
  heal();
  await empty();
}
