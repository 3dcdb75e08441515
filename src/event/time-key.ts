/** The time key: one integer that orders all events of a kind by time and then by arrival. */

/** 2020-01-01T00:00:00Z in epoch milliseconds: the zero of the key, so that it stays below 2^53 until 2054. */
export const TIME_KEY_EPOCH = 1_577_836_800_000;

/** The low bits of a key that tell events of one millisecond apart. */
export const SLOT_BITS = 13;

/** Keys in one millisecond; an event that finds its millisecond full moves to the next one. */
export const SLOTS_PER_MILLISECOND = 2 ** SLOT_BITS;

/** The earliest time that fits the key's 53 bits, with a margin: 1986-01-01T00:00:00Z. */
export const EARLIEST_TIME = 504_921_600_000;

/** The latest time that fits the key's 53 bits, with a margin: 2054-01-01T00:00:00Z. */
export const LATEST_TIME = 2_650_838_400_000;

/**
 * The first key of a millisecond: what lies at or above it happened at that time or later.
 * @param time epoch milliseconds; it is clamped to what a key can hold
 */
export function firstKeyAt(time: number): number {
  const bounded = Math.min(Math.max(time, EARLIEST_TIME), LATEST_TIME);
  return (Math.ceil(bounded) - TIME_KEY_EPOCH) * SLOTS_PER_MILLISECOND;
}

/** The epoch milliseconds of a key. */
export function timeOfKey(key: number): number {
  return Math.floor(key / SLOTS_PER_MILLISECOND) + TIME_KEY_EPOCH;
}
