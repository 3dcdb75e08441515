/** Credentials inside a text: by their form anywhere, and by their name in JSON, query strings, headers and settings. */
import { beforeRedacted, FormSearch, HINT, isRedactedAt, matchAt, type Finding } from './credential-form.ts';
import { credentialNamedBy, NAME_CHARACTERS_MAX } from './credential-name.ts';

/** No shorter text holds a credential and what tells it: `a://b@c` and `secret=x` are the shortest. */
const CHARACTERS_MIN = 7;

const NONE: readonly Finding[] = [];

const OPENING = /[=>]{0,2}[ \t]{0,8}(\[[ \t]{0,8}(?=\\{0,15}["'`]))?(\\{0,15}["'`])?/y;
const NEXT_ITEM = /[ \t]{0,8},[ \t]{0,8}(\\{0,15}["'`])/y;
const NUMBER = /-?\d[\d.eE+-]*/y;
/** As far as something redacted. */
const WORD = /[^\s"'`&\\[]*(?:\[(?!redacted:)[^\s"'`&\\[]*)*/y;
const COOKIES = /[^\s"'`\\=:;,]{1,128}=[^"'`\\\r\n]*/y;
const SCHEME = /(?:Bearer|Basic|ApiKey|Token|Digest)[ \t]{1,4}/iy;
const CLOSING = ',;)}]>';
/** What stands where a value would, without being one. */
const NO_VALUE =
  /^(?:(?:true|false|null|none|undefined)$|process\.env|import\.meta|os\.(?:environ|getenv)|\$\{)/i;
/** After a colon a word is prose (`password: required`) unless it has a digit or an odd letter. */
const ODD = /[^A-Za-z_.()[\]{}$<>:]/;
const WORD_CHARACTERS_MIN = 6;
/** What is longer is neither prose nor code, so that no stretch of a text is passed over twice. */
const WORD_CHARACTERS_MAX = 64;

/**
 * Finds the credentials of a text, in their order and never overlapping; what is redacted already is among them
 * with a null kind. Takes time in proportion to the text, whatever it holds.
 */
export function credentialsIn(text: string): readonly Finding[] {
  if (text.length < CHARACTERS_MIN) return NONE;
  let found: Finding[] | null = null;
  let forms: FormSearch | null = null;
  let from = 0;
  HINT.lastIndex = 0;
  for (let hit = HINT.exec(text); hit !== null; hit = HINT.exec(text)) {
    const at = hit.index;
    const isSign = hit[0] === ':' || hit[0] === '=';
    let findings: readonly Finding[] = isSign ? valuesAfter(text, at, from) : NONE;
    if (findings.length === 0 && hit[0] !== '=' && (!isSign || isSlash(text, at + 1))) {
      forms ??= new FormSearch(text);
      const finding = forms.at(at, from);
      findings = finding === null ? NONE : [finding];
    }
    from = findings.at(-1)?.end ?? from;
    if (findings.length > 0) (found ??= []).push(...findings);
    HINT.lastIndex = Math.max(from, at + 1);
  }
  return found ?? NONE;
}

/** The secret itself: a header's value without its scheme, so that it is the same wherever it is met. */
export function withoutScheme(value: string): string {
  const scheme = matchAt(SCHEME, value, 0)?.[0] ?? '';
  return scheme.length < value.length ? value.slice(scheme.length) : value;
}

/** What a name before a `:` or `=` names: `"api_key": "…"` at any depth of escapes, `?api_key=…`, `x-api-key: …`. */
function valuesAfter(text: string, at: number, from: number): readonly Finding[] {
  const name = nameBefore(text, at, from);
  const opening = name === null ? null : matchAt(OPENING, text, at + 1);
  if (name === null || opening === null) return NONE;
  const start = at + 1 + opening[0].length;
  if (isRedactedAt(text, start)) return NONE;
  const quote = opening[2];
  const quoted =
    quote === undefined ? NONE : quotedValues(text, start, quote, name.kind, opening[1] !== undefined);
  if (quoted.length > 0 || quote?.endsWith('"') === true) return quoted;
  const value = name.quote === '' ? bareValue(text, at, start, name.kind) : numberAt(text, start);
  return value === null ? NONE : [{ ...value, kind: name.kind, quote: name.quote }];
}

function nameBefore(text: string, at: number, from: number): { kind: string; quote: string } | null {
  let end = at;
  while (end > from && at - end < 4 && text[end - 1] === ' ') end--;
  let name = end;
  if (name > from && /["'`]/.test(text.charAt(name - 1))) name--;
  while (name < end && name > from && text[name - 1] === '\\') name--;
  if (name === from) return null;
  const kind = credentialNamedBy(text.slice(Math.max(from, name - NAME_CHARACTERS_MAX), name));
  return kind === null ? null : { kind, quote: text.slice(name, end) };
}

/** One quoted value, or the values of a list of them. */
function quotedValues(
  text: string,
  start: number,
  quote: string,
  kind: string,
  isList: boolean,
): readonly Finding[] {
  const found: Finding[] = [];
  for (let next = start; ;) {
    const { end, isClosed } = endOfQuoted(text, next, quote);
    const isCutOff = !isClosed && (!quote.endsWith('"') || text.startsWith('-----BEGIN', next));
    if (end > next && !isCutOff && !isRedactedAt(text, next)) found.push({ kind, start: next, end });
    const item = isList && isClosed ? matchAt(NEXT_ITEM, text, end + quote.length) : null;
    if (item === null || item[1] !== quote) return found;
    next = end + quote.length + item[0].length;
  }
}

/**
 * The end of a quoted value on its line. In JSON inside JSON every quote and backslash is escaped once more, so with
 * `k` backslashes before the opening quote the closing one has `k` too, after any that are the value's own.
 */
function endOfQuoted(text: string, start: number, quote: string): { end: number; isClosed: boolean } {
  const sign = quote.charCodeAt(quote.length - 1);
  const depth = quote.length - 1;
  let escapes = 0;
  for (let place = start; place < text.length; place++) {
    const code = text.charCodeAt(place);
    if (code === sign && escapes % (2 * (depth + 1)) === depth) return { end: place - depth, isClosed: true };
    if (code === 10) return { end: place, isClosed: false };
    escapes = code === 92 ? escapes + 1 : 0;
  }
  return { end: text.length, isClosed: false };
}

function numberAt(text: string, start: number): { start: number; end: number } | null {
  const number = matchAt(NUMBER, text, start);
  return number === null ? null : { start, end: start + number[0].length };
}

function bareValue(
  text: string,
  at: number,
  start: number,
  kind: string,
): { start: number; end: number } | null {
  const isHeader = text[at] === ':';
  if (kind.endsWith('cookie') && isHeader) {
    const cookies = beforeRedacted(matchAt(COOKIES, text, start)?.[0] ?? '');
    return cookies.includes('=') ? { start, end: start + cookies.length } : null;
  }
  const scheme = kind.endsWith('authorization') ? (matchAt(SCHEME, text, start)?.[0] ?? '') : '';
  const first = start + scheme.length;
  const word = withoutClosing(matchAt(WORD, text, first)?.[0] ?? '');
  const value = { start: first, end: first + word.length };
  if (word.length > WORD_CHARACTERS_MAX) return value;
  if (word === '' || NO_VALUE.test(word)) return null;
  const isProse = isHeader && scheme === '' && (word.length < WORD_CHARACTERS_MIN || !ODD.test(word));
  return isProse ? null : value;
}

/** A word without the punctuation of the sentence or call around it. */
function withoutClosing(word: string): string {
  let end = word.length;
  while (end > 0 && CLOSING.includes(word.charAt(end - 1))) end--;
  return word.slice(0, end);
}

function isSlash(text: string, at: number): boolean {
  return text[at] === '/' || text[at] === '\\';
}
