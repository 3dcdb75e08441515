/** Lines of logfmt, as slog, logrus and go-kit write them: `time=… level=info msg="a message" key=value`. */
import { readFields } from './line-fields.ts';
import { parsedLine, type ParsedLine } from './parsed-line.ts';

const KEY = /[^\s="]{1,200}=/y;
const BARE_VALUE = /[^\s"]*(?=\s|$)/y;
const WHITE_SPACE = /\s*/y;

const LEVEL_KEY = /^(?:level|lvl)=/;
const FURTHER_LEVEL_KEY = /\s(?:level|lvl)=/;
const MESSAGE_KEY = /^msg=/;
const FURTHER_MESSAGE_KEY = /\smsg=/;

/**
 * Reads a line of logfmt: one that begins with a pair and has a level (`level`, `lvl`) and a `msg`. Where words stand
 * between the pairs, as in `level=error msg=no quotes here`, or a quote is cut off, the text itself is the message, so
 * that none is lost.
 * @returns null for any other line
 */
export function readLogfmt(text: string): ParsedLine | null {
  if (!LEVEL_KEY.test(text) && !FURTHER_LEVEL_KEY.test(text)) return null;
  if (!MESSAGE_KEY.test(text) && !FURTHER_MESSAGE_KEY.test(text)) return null;
  const pairs = readPairs(text);
  if (pairs === null || (pairs.isWhole && !pairs.fields.has('msg'))) return null;
  if (!pairs.fields.has('level') && !pairs.fields.has('lvl')) return null;
  const parsed = readFields(Object.fromEntries(pairs.fields), text);
  if (parsed === null || pairs.isWhole) return parsed;
  return parsedLine(parsed.timestamp, parsed.level, text);
}

/** The pairs of a line, the first of each key; `isWhole` when nothing else stands in it. Null when it begins with none. */
function readPairs(text: string): { fields: ReadonlyMap<string, string>; isWhole: boolean } | null {
  const fields = new Map<string, string>();
  let isWhole = true;
  let place = 0;
  while (place < text.length) {
    const key = matchAt(KEY, text, place);
    const value = key === null ? null : valueAt(text, place + key.length);
    if (key !== null && value !== null) {
      const name = key.slice(0, -1);
      if (!fields.has(name)) fields.set(name, value.text);
      place = value.end;
    } else {
      if (fields.size === 0) return null;
      isWhole = false;
      place = endOfWord(text, place);
    }
    place += matchAt(WHITE_SPACE, text, place)?.length ?? 0;
  }
  return { fields, isWhole };
}

/** A value: bare up to white space, or quoted; null when it is neither. */
function valueAt(text: string, place: number): { text: string; end: number } | null {
  if (text[place] !== '"') {
    const bare = matchAt(BARE_VALUE, text, place);
    return bare === null ? null : { text: bare, end: place + bare.length };
  }
  const end = endOfQuoted(text, place);
  if (end === null || (end < text.length && text.charAt(end).trim() !== '')) return null;
  return { text: unquoted(text.slice(place, end)), end };
}

/** Where the quoted text that opens at a place ends, after its quote; null when it does not. */
function endOfQuoted(text: string, open: number): number | null {
  for (let place = open + 1; place < text.length; place++) {
    if (text[place] === '\\') place++;
    else if (text[place] === '"') return place + 1;
  }
  return null;
}

/** Go quotes as JSON does, but for escapes that JSON does not know; those lose their backslash. */
function unquoted(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted.slice(1, -1).replace(/\\(.)/g, '$1');
  }
}

function endOfWord(text: string, start: number): number {
  let place = start;
  while (place < text.length && text.charAt(place).trim() !== '') place++;
  return place;
}

function matchAt(pattern: RegExp, text: string, place: number): string | null {
  pattern.lastIndex = place;
  return pattern.exec(text)?.[0] ?? null;
}
