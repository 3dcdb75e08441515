/** Python's `repr` of plain data, read back: what `str(dict)` wrote where JSON was meant. */
import type { Json } from '../event/event.ts';

/** The deepest nesting that is read: reading recurses. */
const NESTING_LEVELS_MAX = 100;

/** The longest text that is read, in characters: an event may not be larger. */
const CHARACTERS_MAX = 1024 * 1024;

const WORDS: ReadonlyMap<string, Json> = new Map([
  ['None', null],
  ['True', true],
  ['False', false],
]);

/** One token at a place: a mark, a quoted string, a number or a word. */
const TOKEN =
  /\s*(?:([[\](){},:])|('[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")|(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(None|True|False)\b)\s*/suy;

const ESCAPE = /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([\s\S]))/gi;
const ESCAPED: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

class NotALiteral extends Error {}

/**
 * Reads the dicts, lists, tuples, strings, numbers, booleans and `None` that a text consists of.
 * @returns undefined when it holds anything else, such as the `repr` of another class
 */
export function pythonLiteral(text: string): Json | undefined {
  const tokens = text.length > CHARACTERS_MAX ? null : tokensOf(text);
  if (tokens === null) return undefined;
  let place = 0;
  const take = (): string => tokens[place++] ?? '';
  const read = (levels: number): Json => {
    if (levels === 0) throw new NotALiteral();
    const token = take();
    if (token === '{') return readDict(levels);
    if (token === '[' || token === '(') return readList(token === '[' ? ']' : ')', levels);
    return scalarOf(token);
  };
  const readList = (end: string, levels: number): Json => {
    const items: Json[] = [];
    while (tokens[place] !== end) {
      items.push(read(levels - 1));
      if (tokens[place] !== end && take() !== ',') throw new NotALiteral();
    }
    place++;
    return items;
  };
  const readDict = (levels: number): Json => {
    const entries: [string, Json][] = [];
    while (tokens[place] !== '}') {
      const key = scalarOf(take());
      if (take() !== ':') throw new NotALiteral();
      entries.push([typeof key === 'string' ? key : JSON.stringify(key), read(levels - 1)]);
      if (tokens[place] !== '}' && take() !== ',') throw new NotALiteral();
    }
    place++;
    return Object.fromEntries(entries);
  };
  try {
    const value = read(NESTING_LEVELS_MAX);
    return place === tokens.length ? value : undefined;
  } catch (error) {
    if (error instanceof NotALiteral) return undefined;
    throw error;
  }
}

function tokensOf(text: string): readonly string[] | null {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) return null;
    tokens.push(match[0].trim());
  }
  return tokens;
}

function scalarOf(token: string): Json {
  const word = WORDS.get(token);
  if (word !== undefined) return word;
  if (token.startsWith("'") || token.startsWith('"')) return unescaped(token.slice(1, -1));
  const number = token === '' ? NaN : Number(token);
  if (!Number.isFinite(number)) throw new NotALiteral();
  return number;
}

function unescaped(text: string): string {
  return text.replace(ESCAPE, (_, x?: string, u?: string, U?: string, plain?: string) => {
    const digits = x ?? u ?? U;
    if (digits === undefined) return ESCAPED.get(plain ?? '') ?? plain ?? '';
    const code = Number.parseInt(digits, 16);
    return code > 0x10_ff_ff ? '\uFFFD' : String.fromCodePoint(code);
  });
}
