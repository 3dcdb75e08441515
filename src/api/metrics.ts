/** `GET /metrics`: the writer's sums and how far behind it is, in Prometheus's text format. */
import { Hono } from 'hono';
import { authenticate } from '../edge/authenticate.ts';
import type { GateEnv } from '../edge/env.ts';
import { Problem } from '../edge/problem.ts';
import { PROMETHEUS_CONTENT_TYPE, toPrometheus, type Family } from '../formats/prometheus.ts';
import { isBounded } from '../query/bounds.ts';
import { allSeriesOf, COUNTERS, seriesOf, type Counter, type Counts } from '../query/counts.ts';
import { gauge, type Gauge } from '../query/gauge.ts';
import type { WriterState } from '../query/writer-monitor.ts';
import { OWN_CARRIERS } from './events.ts';
import { partInTime } from './part-in-time.ts';

/** What every metric's name begins with. */
const PREFIX = 'gatelog_';

/** The route; it needs `metrics` or `admin`, without bounds, since the sums are those of all projects. */
export const metricsRoutes = new Hono<GateEnv>().get(
  '/metrics',
  authenticate(OWN_CARRIERS, 'metrics'),
  async (context) => {
    const { writer, gauges, credential } = context.var;
    if (isBounded(credential.bounds))
      throw new Problem('forbidden', 'metrics tell of all projects; read them with an unbounded key');
    const [state, counts, ...others] = await Promise.all([
      writer.state(),
      writer.counts(),
      // A scrape must not fail because one source does, least of all when D1 is what is down.
      ...gauges.map((read) => partInTime(read()).catch(() => [])),
    ]);
    const families = [
      ...countersOf(counts),
      ...[...gaugesOf(state, Date.now()), ...others.flat()].map(familyOf),
    ];
    return context.body(toPrometheus(families), 200, { 'content-type': PROMETHEUS_CONTENT_TYPE });
  },
);

function countersOf(counts: Counts): readonly Family[] {
  return (Object.keys(COUNTERS) as Counter[]).map((counter) => {
    const { says, labels } = COUNTERS[counter];
    const names = Object.keys(labels);
    return {
      name: `${PREFIX}${counter}_total`,
      type: 'counter',
      help: says,
      samples: allSeriesOf(counter).map((values) => ({
        labels: Object.fromEntries(names.map((name, place) => [name, values[place] ?? ''])),
        value: counts[seriesOf(counter, ...values)] ?? 0,
      })),
    };
  });
}

function gaugesOf({ backlog, deadLetters, lastFlush }: WriterState, now: number): readonly Gauge[] {
  const age = backlog.oldest === null ? 0 : Math.max(0, now - backlog.oldest);
  return [
    gauge('backlog_bytes', 'Acknowledged and not yet in D1.', backlog.bytes),
    gauge('backlog_age_seconds', 'How long the oldest of them has waited.', age / 1000),
    gauge(
      'backlog_fullness_ratio',
      'The backlog against its bounds; beyond 1 posts are answered with 503.',
      backlog.fullness,
    ),
    gauge('dead_letters', 'Events that D1 refused and that wait for a decision.', deadLetters.count),
    gauge('dead_letters_bytes', 'The same in bytes.', deadLetters.bytes),
    gauge(
      'dead_letters_fullness_ratio',
      'Dead letters against their bounds; at 1 the next refused event stops the flush.',
      deadLetters.fullness,
    ),
    ...(lastFlush === null ? [] : flushGauges(lastFlush)),
  ];
}

function flushGauges({ at, lagMilliseconds }: NonNullable<WriterState['lastFlush']>): readonly Gauge[] {
  return [
    gauge(
      'flush_lag_seconds',
      'How long the oldest event of the newest flush had waited for D1.',
      lagMilliseconds / 1000,
    ),
    gauge('last_flush_timestamp_seconds', 'When D1 last took events.', at / 1000),
  ];
}

function familyOf({ name, says, readings }: Gauge): Family {
  return { name: `${PREFIX}${name}`, type: 'gauge', help: says, samples: readings };
}
