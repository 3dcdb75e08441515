/** A body of JSON records, in whatever framing its client chose and whatever its Content-Type says. */
import type { Posted } from '../event/intake.ts';
import { UnreadableDelivery } from './producer.ts';

type Parsed = { readonly value: unknown };

const OPENING = new Set(['{', '[']);
const CLOSING = new Set(['}', ']']);

/**
 * Takes a body apart into its records. The framings, in the order in which they are tried: one JSON value; one value a
 * line (NDJSON); values one after the other with nothing or any white space between them. An array gives its items in
 * all of them. Of NDJSON that is broken in places, each bad line becomes `{problem: 'line N: not JSON'}`, N from 1.
 * @param text the body; an empty one has no records
 * @throws UnreadableDelivery when no record can be read
 */
export function jsonBodies(text: string): readonly Posted[] {
  const content = text.replace(/^\uFEFF/, '').trim();
  if (content === '') return [];
  const whole = parsed(content);
  if (whole !== null) return bodiesOf(whole);
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map(recordOfLine)
    .filter((line) => line !== null);
  if (lines.every(isParsed)) return lines.flatMap(bodiesOf);
  const { records, isWhole } = concatenated(content);
  if (isWhole) return records.flatMap(bodiesOf);
  if (lines.some((line) => isParsed(line) && isStructure(line.value)))
    return lines.flatMap((line): readonly Posted[] => (isParsed(line) ? bodiesOf(line) : [line]));
  if (records.length === 0) throw new UnreadableDelivery('body: neither JSON nor one JSON value a line');
  return [...records.flatMap(bodiesOf), { problem: `record ${records.length + 1}: not JSON` }];
}

/** What a text says as JSON; null when it is none. */
export function parsed(text: string): Parsed | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

function bodiesOf({ value }: Parsed): readonly Posted[] {
  return Array.isArray(value) ? value.map((body: unknown) => ({ body })) : [{ body: value }];
}

function recordOfLine(line: string, index: number): Parsed | { readonly problem: string } | null {
  if (line.trim() === '') return null;
  return parsed(line) ?? { problem: `line ${index + 1}: not JSON` };
}

function isParsed(line: Parsed | { readonly problem: string }): line is Parsed {
  return 'value' in line;
}

function isStructure(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** Objects and arrays that follow each other, up to the first that is none; `isWhole` when nothing is left over. */
function concatenated(text: string): { readonly records: readonly Parsed[]; readonly isWhole: boolean } {
  const records: Parsed[] = [];
  let start = 0;
  while (start < text.length) {
    const end = endOfStructure(text, start);
    const record = end === null ? null : parsed(text.slice(start, end));
    if (end === null || record === null) return { records, isWhole: false };
    records.push(record);
    start = end;
    while (start < text.length && text.charAt(start).trim() === '') start++;
  }
  return { records, isWhole: true };
}

/** Where the object or array that begins at `start` ends; null when none begins there or it does not end. */
function endOfStructure(text: string, start: number): number | null {
  if (!OPENING.has(text.charAt(start))) return null;
  let depth = 0;
  let isInString = false;
  for (let place = start; place < text.length; place++) {
    const character = text.charAt(place);
    if (isInString) {
      if (character === '\\') place++;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (OPENING.has(character)) depth++;
    else if (CLOSING.has(character) && --depth === 0) return place + 1;
  }
  return null;
}
