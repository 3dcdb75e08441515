/** Requests made from the contracts themselves, against every route: no 500, no hang, no answer that breaks its contract. */
import { env } from 'cloudflare:workers';
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { createApp } from '../../src/app.ts';
import { check, type Destination } from './answers.ts';
import { plansOf, type Plan } from './plans.ts';
import { ROUTES } from './routes.ts';
import { seed } from './seeds.ts';
import { answerTo, Hang, Memory, prepared, type Answer, type Sent } from './sending.ts';

declare global {
  namespace Cloudflare {
    interface Env {
      /** How many requests are sent. */
      FUZZ_REQUESTS: string;
      /** What they are made from; empty for any. */
      FUZZ_SEED: string;
    }
  }
}

/** How long a run may take, in milliseconds: many times what its requests have taken, and what shrinking adds. */
const RUN_MILLISECONDS_MAX = 120_000 + Number(env.FUZZ_REQUESTS) * 100;

/** How long a failing request is made smaller, in milliseconds. */
const SHRINKING_MILLISECONDS_MAX = 60_000;

/** From so many requests a route on, each must have been answered with a success at least once. */
const REQUESTS_PER_ROUTE_MIN = 40;

/** Characters of a body that a failure shows. */
const SHOWN_CHARACTERS = 2000;

const app = createApp();

/** The routes of the app itself; those for all methods are middleware. */
const routesOfApp = [
  ...new Set(app.routes.flatMap(({ method, path }) => (method === 'ALL' ? [] : [`${method} ${path}`]))),
];

/** Those that can be answered with a success. */
const reachable = routesOfApp.filter((route) => ROUTES[route]?.failsBecause === undefined);

/** Where the app's own router leads a request. */
function destinationOf({ url, method }: Sent): Destination {
  const path = app.getPath(new Request(url));
  const asked = method === 'HEAD' ? 'GET' : method;
  const [found] = app.router
    .match(asked, path)[0]
    .flatMap(([[, route]]) => (route.method === asked ? [route] : []));
  return { path, route: found === undefined ? null : `${asked} ${found.path}` };
}

function shown(sent: Sent | null, answer: Answer | null): string {
  if (sent === null) return 'nothing was sent';
  const { method, url, headers, body } = sent;
  const text = body === null ? '' : new TextDecoder('latin1').decode(body).slice(0, SHOWN_CHARACTERS);
  const said = answer === null ? 'none' : `${answer.status} ${answer.text.slice(0, SHOWN_CHARACTERS)}`;
  return `${method} ${url.href}\n${JSON.stringify(headers)}\n${JSON.stringify(text)}\nanswer: ${said}`;
}

test('every route of the app is in the table, and no other', () => {
  expect(Object.keys(ROUTES).toSorted()).toEqual(routesOfApp.toSorted());
});

test(
  'no request breaks the service',
  async () => {
    const requests = Number(env.FUZZ_REQUESTS);
    const seedOfRun = env.FUZZ_SEED === '' ? Math.floor(Math.random() * 2 ** 31) : Number(env.FUZZ_SEED);
    const print = (line: string): void => void process.stdout.write(`${line}\n`);
    print(`fuzz: ${requests} requests, FUZZ_SEED=${seedOfRun}`);
    let logged = 'nothing';
    const error = (line: string): void => void (logged = line);
    vi.stubGlobal('console', { ...console, log: () => undefined, error });
    vi.stubGlobal('fetch', () => Promise.resolve(Response.json({ keys: [] })));
    const seeds = await seed();
    const memory = new Memory();
    const count = { requests: 0, statuses: new Map<string, number>(), 500: 0, hangs: 0, breaks: 0 };
    const successes = new Set<string>();
    let last: { sent: Sent | null; answer: Answer | null } = { sent: null, answer: null };
    let failedAt = Number.POSITIVE_INFINITY;
    const plans = fc.oneof(
      ...Object.entries(ROUTES).map(([name, { ways }]) => {
        const [method = '', pattern = ''] = name.split(' ');
        return plansOf(method, pattern, ways);
      }),
    );
    const property = fc.asyncProperty(plans, async (plan: Plan) => {
      fc.pre(Date.now() < failedAt + SHRINKING_MILLISECONDS_MAX);
      const sent = await prepared(plan, seeds, memory);
      const trial: { sent: Sent; answer: Answer | null } = { sent, answer: null };
      count.requests += 1;
      try {
        trial.answer = await answerTo(sent);
        const status = `${String(trial.answer.status).charAt(0)}xx`;
        count.statuses.set(status, (count.statuses.get(status) ?? 0) + 1);
        const destination = destinationOf(sent);
        await check(sent, trial.answer, destination, seeds, memory);
        if (trial.answer.status < 300) successes.add(destination.route ?? '');
      } catch (failure) {
        // What follows the first failure are smaller requests that fail like it.
        if (failedAt === Number.POSITIVE_INFINITY) {
          failedAt = Date.now();
          if (failure instanceof Hang) count.hangs += 1;
          else if (trial.answer?.status === 500) count[500] += 1;
          else count.breaks += 1;
        }
        last = trial;
        throw failure;
      }
    });
    const result = await fc.check(property, { numRuns: requests, seed: seedOfRun });
    vi.unstubAllGlobals();
    const statuses = [...count.statuses]
      .map(([status, times]) => `${status} ${times}`)
      .toSorted()
      .join(', ');
    print(
      `fuzz: ${count.requests} requests sent, FUZZ_SEED=${seedOfRun}: ${statuses}; 500s ${count[500]}, hangs ${count.hangs}, contract breaks ${count.breaks}`,
    );
    const why = result.errorInstance instanceof Error ? result.errorInstance.message : '';
    expect(
      result.failed,
      `FUZZ_SEED=${seedOfRun}: ${why}\n${shown(last.sent, last.answer)}\nlogged: ${logged}`,
    ).toBe(false);
    if (requests >= REQUESTS_PER_ROUTE_MIN * routesOfApp.length)
      expect(reachable.filter((route) => !successes.has(route))).toEqual([]);
  },
  RUN_MILLISECONDS_MAX,
);
