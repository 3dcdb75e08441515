/**
 * `npm run load`: posts at the highest rate that this machine holds, and then counts what was acknowledged. It prints the
 * rate, the latencies and the memory of the runtime. `LOAD_SECONDS` (600) and `LOAD_CLIENTS` (8) change how long and how
 * many; everything stays on loopback, and the data go when it ends.
 */
import { eventAt, wireOf } from '../bench/data.ts';
import { startGatelog, type Gatelog } from '../bench/gatelog.ts';
import { median, quantile } from '../bench/measure.ts';
import { fine, table, whole } from '../bench/table.ts';
import { residentMemory, type Resident } from './memory-of-runtime.ts';

/** The longest load, in seconds, and the most clients: beyond them the disk of a small machine fills up. */
const SECONDS_MAX = 600;
const CLIENTS_MAX = 64;

/** Events of one call. */
const CALL_EVENTS = 100;

/** Different bodies; a call takes one and makes its ids new. */
const BODIES = 100;

/** What stands for the number of the call in the ids of a body. */
const CALL_MARK = '@call@';

/** How often memory is looked at, in milliseconds. */
const SAMPLE_MILLISECONDS = 5000;

/** The share of the load after which the runtime counts as warm. */
const WARM_SHARE = 0.2;

/** How often, and how long, the acknowledged events are looked for, in milliseconds: the log holds a minute at most. */
const POLL_MILLISECONDS = 500;
const READABLE_MILLISECONDS_MAX = 180_000;

const MEGABYTE = 1_000_000;
const MINUTE = 60_000;

/** Calls of the empty handler: the runtime keeps some memory of every request, whoever answers it. */
const EMPTY_CALLS = 4000;

type Sample = Resident & { readonly at: number };

type Load = {
  readonly acked: number;
  readonly seconds: number;
  readonly latencies: readonly number[];
  readonly refused: number;
  readonly samples: readonly Sample[];
};

const seconds = numberOf('LOAD_SECONDS', SECONDS_MAX, SECONDS_MAX);
const clients = numberOf('LOAD_CLIENTS', 8, CLIENTS_MAX);
const gatelog = await startGatelog();
try {
  const emptyBytes = await emptyGrowth(gatelog);
  console.log(`posting ${CALL_EVENTS} events a call from ${clients} clients for ${seconds} s`);
  const load = await post(gatelog);
  const readableSeconds = await untilCounted(gatelog, load.acked);
  console.log(reportOf(load, readableSeconds, emptyBytes));
} finally {
  await gatelog.stop();
}

function numberOf(name: string, otherwise: number, most: number): number {
  const value = Number(process.env[name] ?? otherwise);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Error(`${name}: must be an integer from 1 to ${most}`);
}

/** Bytes by which the runtime grows with each call of a handler that does nothing, once it is warm: the floor. */
async function emptyGrowth(running: Gatelog): Promise<number> {
  const ask = async (): Promise<void> => {
    for (let call = 0; call < EMPTY_CALLS / clients; call++) await running.ask({ path: '/bench/nothing' });
  };
  const round = (): Promise<unknown> => Promise.all(Array.from({ length: clients }, ask));
  await round();
  const before = residentMemory()?.anonymous ?? NaN;
  await round();
  return ((residentMemory()?.anonymous ?? NaN) - before) / EMPTY_CALLS;
}

async function post(running: Gatelog): Promise<Load> {
  const bodies = Array.from({ length: BODIES }, (_, body) => bodyAt(body));
  const latencies: number[] = [];
  const samples: Sample[] = [];
  let [calls, acked, refused] = [0, 0, 0];
  const startedAt = performance.now();
  const sample = (): void => {
    const memory = residentMemory();
    if (memory !== null) samples.push({ ...memory, at: performance.now() - startedAt });
  };
  const client = async (): Promise<void> => {
    while (performance.now() - startedAt < seconds * 1000) {
      const call = calls++;
      const body = (bodies[call % BODIES] ?? '').replaceAll(CALL_MARK, String(call));
      const answer = await running.ask({ path: '/v1/events', body });
      if (answer.status === 503) {
        refused += 1;
        await pause(Math.max(answer.retryAfterSeconds, 1) * 1000);
        continue;
      }
      if (answer.status !== 202)
        throw new Error(`POST /v1/events: ${answer.status} ${answer.text.slice(0, 200)}`);
      latencies.push(answer.milliseconds);
      acked += CALL_EVENTS;
    }
  };
  sample();
  const sampling = setInterval(sample, SAMPLE_MILLISECONDS);
  try {
    await Promise.all(Array.from({ length: clients }, client));
  } finally {
    clearInterval(sampling);
  }
  sample();
  return { acked, seconds: (performance.now() - startedAt) / 1000, latencies, refused, samples };
}

/** The events of one call, spread over the last thirty days as those of the bench are. */
function bodyAt(body: number): string {
  const end = Date.now();
  const events = Array.from({ length: CALL_EVENTS }, (_, place) =>
    wireOf(eventAt('tool_call', body * CALL_EVENTS + place, end), `load-${CALL_MARK}-${place}`),
  );
  return JSON.stringify(events);
}

/**
 * Waits until the API counts every acknowledged event; returns the seconds that took.
 * @throws Error when some do not appear, or more than were posted
 */
async function untilCounted(running: Gatelog, acked: number): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const { status, text } = await running.ask({ path: '/api/mcp-logs?limit=1' });
    if (status !== 200 && status !== 503)
      throw new Error(`GET /api/mcp-logs: ${status} ${text.slice(0, 200)}`);
    const counted = status === 200 ? Number(JSON.parse(text).pagination.total_count) : NaN;
    const waited = performance.now() - startedAt;
    if (counted === acked) return waited / 1000;
    if (counted > acked || waited > READABLE_MILLISECONDS_MAX)
      throw new Error(`${acked} events were acknowledged, and ${counted} are readable`);
    await pause(POLL_MILLISECONDS);
  }
}

function reportOf(
  { acked, seconds: took, latencies, refused, samples }: Load,
  readableSeconds: number,
  emptyBytes: number,
): string {
  const callsPerMinute = (latencies.length / took) * (MINUTE / 1000);
  const warm = samples.filter(({ at }) => at >= WARM_SHARE * took * 1000);
  const memoryRow = (what: string, of: (sample: Sample) => number): string[] => [
    what,
    ...[samples[0], warm[0], samples.at(-1)].map((each) => (each ? fine(of(each) / MEGABYTE) : '-')),
    fine((slopeOf(warm.map((each) => [each.at, of(each)])) * MINUTE) / MEGABYTE),
    whole((slopeOf(warm.map((each) => [each.at, of(each)])) * MINUTE) / callsPerMinute),
  ];
  return [
    table(
      'Load',
      ['events acked', 'acked/s', 'ack p50 ms', 'ack p99 ms', '503s', 'readable s after'],
      [
        [
          whole(acked),
          whole(acked / took),
          fine(median(latencies)),
          fine(quantile(latencies, 0.99)),
          whole(refused),
          fine(readableSeconds),
        ],
      ],
    ),
    table(
      'Memory of the runtime, MB',
      ['what', 'at the start', 'warm', 'at the end', 'slope a minute', 'bytes a call'],
      [
        memoryRow('resident', (each) => each.all),
        memoryRow('of it not backed by files', (each) => each.anonymous),
      ],
    ),
    `an empty handler in the same runtime: ${whole(emptyBytes)} bytes a call\n`,
    `every one of ${acked} acknowledged events is readable once`,
  ].join('\n');
}

/** The slope of the line through points that lies nearest to them; NaN for fewer than two. */
function slopeOf(points: readonly (readonly [number, number])[]): number {
  const mean = (place: 0 | 1): number => points.reduce((sum, point) => sum + point[place], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const [covered, spread] = points.reduce(
    ([xy, xx], point) => [xy + (point[0] - x) * (point[1] - y), xx + (point[0] - x) ** 2],
    [0, 0],
  );
  return (covered ?? NaN) / (spread ?? NaN);
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
