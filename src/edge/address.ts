/** Addresses: where a request came from, as coarsely as one caller can be told from another by it. */

/** 16-bit groups of an IPv6 address, and how many of them name a network: its owner has all addresses in it. */
const GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * An IPv4 address as it is, an IPv6 address as its /64.
 * @param address as Cloudflare writes it into `cf-connecting-ip`, so that no caller can forge it
 */
export function networkOf(address: string): string {
  const text = address.trim().toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  if (mapped !== undefined) return mapped;
  if (!text.includes(':')) return text;
  const [head = '', tail] = text.split('::', 2);
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, GROUPS - left.length - right.length) }, () => '0');
  const groups = [...left, ...zeros, ...right].slice(0, NETWORK_GROUPS);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}
