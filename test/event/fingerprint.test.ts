/** Fingerprints are SipHash-2-4, by its authors' vectors and by big integers. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { FINGERPRINT_KEY_BYTES, openFingerprint } from '../../src/event/fingerprint.ts';

/** The text whose UTF-8 is the bytes 0, 1, 2, … */
const counting = (length: number): string =>
  String.fromCharCode(...Array.from({ length }, (_, place) => place));

test('the vectors of the algorithm', () => {
  const fingerprint = openFingerprint(
    Uint8Array.from({ length: FINGERPRINT_KEY_BYTES }, (_, place) => place),
  );
  expect(fingerprint(counting(0))).toBe('726fdb47dd0e0e31');
  expect(fingerprint(counting(1))).toBe('74f839c593dc67fd');
  expect(fingerprint(counting(15))).toBe('a129ca6149be45e5');
  expect(fingerprint(counting(63))).toBe('958a324ceb064572');
});

test('any text under any key gives what big integers give', () => {
  const key = fc.uint8Array({ minLength: FINGERPRINT_KEY_BYTES, maxLength: FINGERPRINT_KEY_BYTES });
  fc.assert(
    fc.property(
      key,
      fc.string({ unit: 'binary', maxLength: 60 }),
      (bytes, text) => openFingerprint(bytes)(text) === expected(bytes, text),
    ),
  );
});

const turned = (value: bigint, by: bigint): bigint =>
  BigInt.asUintN(64, (value << by) | (BigInt.asUintN(64, value) >> (64n - by)));

function expected(key: Uint8Array, text: string): string {
  const bytes = [...new TextEncoder().encode(text)];
  const word = (from: readonly number[]): bigint =>
    from.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const [k0, k1] = [word([...key.subarray(0, 8)]), word([...key.subarray(8)])];
  let [a, b, c, d] = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const rounds = (times: number): void => {
    for (let round = 0; round < times; round++) {
      a = BigInt.asUintN(64, a + b);
      c = BigInt.asUintN(64, c + d);
      b = turned(b, 13n) ^ a;
      d = turned(d, 16n) ^ c;
      a = turned(a, 32n);
      c = BigInt.asUintN(64, c + b);
      a = BigInt.asUintN(64, a + d);
      b = turned(b, 17n) ^ c;
      d = turned(d, 21n) ^ a;
      c = turned(c, 32n);
    }
  };
  const length = bytes.length % 256;
  while (bytes.length % 8 !== 7) bytes.push(0);
  bytes.push(length);
  for (let place = 0; place < bytes.length; place += 8) {
    const message = word(bytes.slice(place, place + 8));
    d ^= message;
    rounds(2);
    a ^= message;
  }
  c ^= 0xffn;
  rounds(4);
  return (a ^ b ^ c ^ d).toString(16).padStart(16, '0');
}
