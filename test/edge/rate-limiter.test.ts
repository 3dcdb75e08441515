/** The limiter object: how it counts a window and who is inside, and what outlives its memory. */
import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, test, vi } from 'vitest';
import type { Entry, Verdict } from '../../src/edge/limits.ts';

const MINUTE = { perMinute: 100, concurrent: null, lease: '', isKept: true };

afterEach(() => {
  vi.useRealTimers();
});

function limiter() {
  return env.RATE_LIMITER.getByName(crypto.randomUUID());
}

async function enterTimes(times: number, enter: (entry: Entry) => Promise<Verdict>, entry: Entry = MINUTE) {
  return Promise.all(Array.from({ length: times }, (_, place) => enter({ ...entry, lease: `l${place}` })));
}

test('exactly the hundredth request is the last, however many come at once', async () => {
  const object = limiter();
  const verdicts = await enterTimes(130, async (entry) => object.enter(entry));
  expect(verdicts.filter(({ refusedBy }) => refusedBy === null).length).toBe(100);
  expect(verdicts.filter(({ refusedBy }) => refusedBy === 'minute').length).toBe(30);
  expect(verdicts.map(({ remaining }) => remaining)).toEqual([
    ...Array.from({ length: 100 }, (_, place) => 99 - place),
    ...Array.from({ length: 30 }, () => 0),
  ]);
});

test('a window opens with its first request and ends sixty seconds later, to the millisecond', async () => {
  const object = limiter();
  const start = Date.now() + 1_000_000;
  vi.setSystemTime(start);
  expect(await object.enter({ ...MINUTE, perMinute: 1 })).toEqual({
    refusedBy: null,
    remaining: 0,
    resetMilliseconds: 60_000,
  });
  vi.setSystemTime(start + 59_999);
  expect(await object.enter({ ...MINUTE, perMinute: 1 })).toEqual({
    refusedBy: 'minute',
    remaining: 0,
    resetMilliseconds: 1,
  });
  vi.setSystemTime(start + 60_000);
  expect(await object.enter({ ...MINUTE, perMinute: 1 })).toEqual({
    refusedBy: null,
    remaining: 0,
    resetMilliseconds: 60_000,
  });
});

test('a clock that was set back does not keep anybody out for longer than a window', async () => {
  const object = limiter();
  const start = Date.now() + 1_000_000;
  vi.setSystemTime(start);
  await object.enter({ ...MINUTE, perMinute: 1 });
  vi.setSystemTime(start - 500_000);
  expect((await object.enter({ ...MINUTE, perMinute: 1 })).refusedBy).toBeNull();
});

test('an eviction does not open the window anew', async () => {
  const object = limiter();
  await enterTimes(98, async (entry) => object.enter(entry));
  await evictDurableObject(object);
  expect(await object.enter(MINUTE)).toMatchObject({ refusedBy: null, remaining: 1 });
  await evictDurableObject(object);
  expect(await object.enter(MINUTE)).toMatchObject({ refusedBy: null, remaining: 0 });
  await evictDurableObject(object);
  expect(await object.enter(MINUTE)).toMatchObject({ refusedBy: 'minute', remaining: 0 });
});

test('a high limit is written down a hundred times at most, and evictions never let more in', async () => {
  const object = limiter();
  const entry: Entry = { ...MINUTE, perMinute: 2000 };
  expect((await object.enter(entry)).remaining).toBe(1999);
  await evictDurableObject(object);
  expect((await object.enter(entry)).remaining).toBe(2000 - 20 - 1);
  let letIn = 2;
  for (let life = 0; life < 30; life++) {
    const verdicts = await enterTimes(70, async (each) => object.enter(each), entry);
    letIn += verdicts.filter(({ refusedBy }) => refusedBy === null).length;
    await evictDurableObject(object);
  }
  expect(letIn).toBeLessThanOrEqual(2000);
  expect(letIn).toBeGreaterThanOrEqual(2000 - 31 * 19);
  expect((await object.enter(entry)).refusedBy).toBe('minute');
});

test('what is not kept leaves nothing behind', async () => {
  const object = limiter();
  await object.enter({ ...MINUTE, isKept: false });
  await evictDurableObject(object);
  expect((await object.enter({ ...MINUTE, isKept: false })).remaining).toBe(99);
});

test('ten are inside at a time; who leaves makes room for one, and a refused one is not counted', async () => {
  const object = limiter();
  const entry: Entry = { ...MINUTE, concurrent: 10 };
  const verdicts = await enterTimes(12, async (each) => object.enter(each), entry);
  expect(verdicts.map(({ refusedBy }) => refusedBy)).toEqual([
    ...Array.from({ length: 10 }, () => null),
    'concurrent',
    'concurrent',
  ]);
  expect(verdicts.at(-1)?.remaining).toBe(90);
  await object.leave('l3');
  await object.leave('nobody');
  expect((await object.enter({ ...entry, lease: 'a' })).refusedBy).toBeNull();
  expect((await object.enter({ ...entry, lease: 'b' })).refusedBy).toBe('concurrent');
});

test('a place whose request was lost is free again after a minute', async () => {
  const object = limiter();
  const entry: Entry = { perMinute: null, concurrent: 1, lease: 'lost', isKept: true };
  const start = Date.now() + 1_000_000;
  vi.setSystemTime(start);
  expect((await object.enter(entry)).refusedBy).toBeNull();
  vi.setSystemTime(start + 59_999);
  expect((await object.enter({ ...entry, lease: 'early' })).refusedBy).toBe('concurrent');
  vi.setSystemTime(start + 60_000);
  expect(await object.enter({ ...entry, lease: 'late' })).toMatchObject({ refusedBy: null, remaining: null });
});
