/** A gauge: how something is right now, in numbers, for whoever operates the store. */

/** One of its numbers, with the labels that tell it from the others. */
export type Reading = { readonly labels: Readonly<Record<string, string>>; readonly value: number };

/** Its name without the prefix of all our metrics, what it means, and its values in the unit that the name ends with. */
export type Gauge = { readonly name: string; readonly says: string; readonly readings: readonly Reading[] };

/** Reads gauges. One that throws leaves its gauges out of the answer; the others are told all the same. */
export type GaugeSource = () => Promise<readonly Gauge[]>;

/** A gauge of one number. */
export function gauge(name: string, says: string, value: number): Gauge {
  return { name, says, readings: [{ labels: {}, value }] };
}
