/** Fingerprints: short digests by which the same text is known again. They are no proof against forgery. */

const OFFSET_HIGH = 0xcbf29ce4;
const OFFSET_LOW = 0x84222325;

/** The 64-bit FNV prime is 2^40 + 435: the power is a shift of the low half into the high one. */
const PRIME_LOW = 435;
const PRIME_SHIFT = 8;

const HALF = 2 ** 32;

/**
 * FNV-1a of 64 bits over the text's UTF-8, in sixteen hexadecimal digits. It is kept in two halves of 32 bits, whose
 * products fit a number exactly.
 */
export function fingerprint(text: string): string {
  let high = OFFSET_HIGH;
  let low = OFFSET_LOW;
  for (const byte of new TextEncoder().encode(text)) {
    low = (low ^ byte) >>> 0;
    const product = low * PRIME_LOW;
    const productLow = product >>> 0;
    const carry = (product - productLow) / HALF;
    high = (Math.imul(high, PRIME_LOW) + carry + (low << PRIME_SHIFT)) >>> 0;
    low = productLow;
  }
  return hexadecimal(high) + hexadecimal(low);
}

function hexadecimal(half: number): string {
  return half.toString(16).padStart(8, '0');
}
