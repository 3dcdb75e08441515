/** Fingerprints: short digests by which the same text is known again, and which nobody can make without the key. */

/** Digests a text to sixteen hexadecimal digits. */
export type Fingerprint = (text: string) => string;

/** The bytes of a key. */
export const FINGERPRINT_KEY_BYTES = 16;

/** "somepseudorandomlygeneratedbytes", in the halves of four numbers of 64 bits. */
const INITIAL = [
  0x736f6d65, 0x70736575, 0x646f7261, 0x6e646f6d, 0x6c796765, 0x6e657261, 0x74656462, 0x79746573,
];

const HALF = 2 ** 32;

/**
 * Opens SipHash-2-4 over the UTF-8 of texts. An id derived from a log line must not tell what a short secret in that
 * line was, so the digest has a key; and it is needed at once, where the digests of the platform are asynchronous.
 * @param key `FINGERPRINT_KEY_BYTES` bytes
 */
export function openFingerprint(key: Uint8Array): Fingerprint {
  const words = new DataView(key.buffer, key.byteOffset, FINGERPRINT_KEY_BYTES);
  // High half, low half of the key's two numbers, which are little-endian.
  const parts = [4, 0, 12, 8].map((place) => words.getUint32(place, true));
  const start = INITIAL.map((half, place) => (half ^ (parts[place % 4] ?? 0)) >>> 0);
  return (text) => {
    const state = Uint32Array.from(start);
    absorb(state, padded(new TextEncoder().encode(text)));
    state[5] = at(state, 5) ^ 0xff;
    for (let round = 0; round < 4; round++) mix(state);
    const high = at(state, 0) ^ at(state, 2) ^ at(state, 4) ^ at(state, 6);
    const low = at(state, 1) ^ at(state, 3) ^ at(state, 5) ^ at(state, 7);
    return hexadecimal(high) + hexadecimal(low);
  };
}

/** The bytes, zeros up to a multiple of eight, and in the last of them the number of bytes. */
function padded(bytes: Uint8Array): DataView {
  const whole = new Uint8Array((bytes.length & ~7) + 8);
  whole.set(bytes);
  whole[whole.length - 1] = bytes.length & 0xff;
  return new DataView(whole.buffer);
}

function absorb(state: Uint32Array, message: DataView): void {
  for (let place = 0; place < message.byteLength; place += 8) {
    const low = message.getUint32(place, true);
    const high = message.getUint32(place + 4, true);
    state[6] = at(state, 6) ^ high;
    state[7] = at(state, 7) ^ low;
    mix(state);
    mix(state);
    state[0] = at(state, 0) ^ high;
    state[1] = at(state, 1) ^ low;
  }
}

/** One round over the four numbers v0 to v3, whose high halves are the even places. */
function mix(state: Uint32Array): void {
  halfRound(state, 0, 2, 13, 4, 6, 16);
  swap(state, 0);
  halfRound(state, 4, 2, 17, 0, 6, 21);
  swap(state, 4);
}

/** `a += b; b = b <<< shift ^ a`, and the same of `c` and `d`. */
function halfRound(
  state: Uint32Array,
  a: number,
  b: number,
  shift: number,
  c: number,
  d: number,
  other: number,
): void {
  addAndTurn(state, a, b, shift);
  addAndTurn(state, c, d, other);
}

/** The shift is below 32: a turn by more is a swap and a turn by the rest. */
function addAndTurn(state: Uint32Array, a: number, b: number, shift: number): void {
  const high = at(state, b);
  const low = at(state, b + 1);
  const sum = at(state, a + 1) + low;
  state[a] = at(state, a) + high + (sum >= HALF ? 1 : 0);
  state[a + 1] = sum;
  state[b] = ((high << shift) | (low >>> (32 - shift))) ^ at(state, a);
  state[b + 1] = ((low << shift) | (high >>> (32 - shift))) ^ at(state, a + 1);
}

/** A turn by 32 bits. */
function swap(state: Uint32Array, place: number): void {
  const high = at(state, place);
  state[place] = at(state, place + 1);
  state[place + 1] = high;
}

function at(state: Uint32Array, place: number): number {
  return state[place] ?? 0;
}

function hexadecimal(half: number): string {
  return (half >>> 0).toString(16).padStart(8, '0');
}
