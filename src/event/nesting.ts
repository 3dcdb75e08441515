/** How deep a JSON value is nested. */
import type { Json } from './event.ts';

/** Whether a value has objects or arrays in more than so many levels. Recursion is safe here: it ends at the limit. */
export function isDeeperThan(value: Json | undefined, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((item) => isDeeperThan(item, levels - 1));
}
