/** A small random number generator: the same seed gives the same data on every machine. */

/** Gives the next number, from 0 inclusive to 1 exclusive. */
export type Random = () => number;

/**
 * A generator of its own for each place of a series, so that any slice of the series can be made alone (mulberry32).
 * @param series tells apart series that share places
 */
export function randomAt(series: number, place: number): Random {
  let state = Math.imul(series + 1, 0x9e3779b1) ^ Math.imul(place + 1, 0x85ebca6b);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  // Neighbouring seeds begin alike; one step apart they no longer do.
  next();
  return next;
}

/** A whole number from 0 inclusive to `count` exclusive. */
export function below(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/** A place among `count` that are ever rarer: the n-th has a weight of 1/n. */
export function zipf(count: number): (random: Random) => number {
  const sums: number[] = [];
  let sum = 0;
  for (let place = 1; place <= count; place++) sums.push((sum += 1 / place));
  return (random) => {
    const wanted = random() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** A number between the two, whose logarithm is spread evenly. */
export function logUniform(random: Random, min: number, max: number): number {
  return min * (max / min) ** random();
}

/** A number whose logarithm is normally distributed around that of `median`. */
export function logNormal(random: Random, median: number, sigma: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(sigma * normal);
}
