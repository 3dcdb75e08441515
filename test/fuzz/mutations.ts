/** Valid bodies made wrong in a few places: fields changed, lost and added, bytes flipped, cut and put in. */
import * as fc from 'fast-check';
import { hostileJson, hostileName } from './values.ts';

/** One change of a JSON value: at the place of that number, counted from its root. */
type Change = {
  readonly place: number;
  readonly how: 'replace' | 'remove' | 'add';
  readonly name: string;
  readonly value: unknown;
};

const change: fc.Arbitrary<Change> = fc.record({
  place: fc.nat(60),
  how: fc.constantFrom('replace', 'replace', 'remove', 'add'),
  name: hostileName,
  value: hostileJson,
});

/** JSON values with up to three changes each. */
export function mutated(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(values, fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([value, changes]) => changes.reduce(changed, value));
}

function changed(root: unknown, { place, how, name, value }: Change): unknown {
  const wanted = place % sizeOf(root);
  let at = -1;
  return visit(root) ?? null;

  function visit(node: unknown): unknown {
    at++;
    if (at === wanted) return replaced(node);
    if (Array.isArray(node)) return node.map(visit).filter((item) => item !== undefined);
    if (typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node).map(([key, item]) => [key, visit(item)] as const);
    return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
  }

  /** Undefined is what its parent leaves out. */
  function replaced(node: unknown): unknown {
    if (how === 'remove') return undefined;
    if (how === 'replace') return value;
    if (Array.isArray(node)) return [...(node as readonly unknown[]), value];
    return typeof node === 'object' && node !== null
      ? Object.fromEntries([...Object.entries(node), [name, value]])
      : value;
  }
}

function sizeOf(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 1;
  return Object.values(node).reduce<number>((sum, item) => sum + sizeOf(item), 1);
}

/** Bytes with up to three changes each: flipped, cut off, taken out, put in. */
export function mutatedBytes(values: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const cut = fc.record({
    how: fc.constantFrom('flip', 'flip', 'cut', 'remove', 'insert'),
    place: fc.nat(4000),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 5 }),
  });
  return fc
    .tuple(values, fc.array(cut, { minLength: 1, maxLength: 3 }))
    .map(([bytes, changes]) => changes.reduce(changedBytes, bytes));
}

function changedBytes(
  bytes: Uint8Array,
  { how, place, bytes: more }: { readonly how: string; readonly place: number; readonly bytes: Uint8Array },
): Uint8Array {
  const at = bytes.length === 0 ? 0 : place % bytes.length;
  switch (how) {
    case 'cut':
      return bytes.slice(0, at);
    case 'remove':
      return joined(bytes.slice(0, at), bytes.slice(at + more.length));
    case 'insert':
      return joined(bytes.slice(0, at), more, bytes.slice(at));
    default:
      return joined(bytes.slice(0, at), more, bytes.slice(at + more.length));
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
