/** Fingerprints are FNV-1a of 64 bits, by its authors' vectors and by big integers. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprint } from '../../src/event/fingerprint.ts';

test('the vectors of the algorithm', () => {
  expect(fingerprint('')).toBe('cbf29ce484222325');
  expect(fingerprint('a')).toBe('af63dc4c8601ec8c');
  expect(fingerprint('foobar')).toBe('85944171f73967e8');
});

test('any text gives what big integers give', () => {
  const expected = (text: string) => {
    let hash = 0xcbf29ce484222325n;
    for (const byte of new TextEncoder().encode(text))
      hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
    return hash.toString(16).padStart(16, '0');
  };
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => fingerprint(text) === expected(text)),
  );
});
