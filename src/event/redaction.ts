/** Redaction: takes every credential out of a JSON value and leaves a mark by which the same secret can be followed. */
import { isRedacted, type Finding } from './credential-form.ts';
import { credentialNamedBy } from './credential-name.ts';
import { credentialsIn, withoutScheme } from './credential-text.ts';
import { isJsonObject, NESTING_LEVELS_MAX } from './draft-schema.ts';
import type { Json, JsonObject } from './event.ts';
import { withKeyHeaders } from './key-lines.ts';

/** A deployment's own pattern; `pattern` has the flag `g` and never matches the empty text. */
export type RedactionPattern = { readonly name: string; readonly pattern: RegExp };

/** What a deployment says about redaction. */
export type RedactionSettings = {
  /** Put before each secret when it is hashed: without it a short secret could be guessed from its mark. */
  readonly salt: string;
  readonly patterns: readonly RedactionPattern[];
};

/**
 * Redacts a JSON value: one body, or many at once in an array. A value without secrets comes back itself and at
 * once; else a copy is promised, since hashing is asynchronous.
 */
export type Redaction = <T>(value: T) => T | Promise<T>;

/** A value nested deeper than that is refused by admission; a few levels more for what bodies are wrapped in. */
const LEVELS_MAX = NESTING_LEVELS_MAX + 8;

/** Digits of a secret's hash in its mark. */
const MARK_DIGITS = 8;

/** Gives a text its new wording; `name` is the credential that it stands under, null elsewhere. */
type Rewrite = (text: string, name: string | null) => string;

/**
 * Makes the pipe that every posted body passes (contracts/producers.md, "Redaction"). Each secret becomes
 * `[redacted:<kind>:<first 8 hex of SHA-256(salt + secret)>]`, where the secret of `Bearer x` is `x`. Numbers under
 * a credential's name are replaced too; booleans and null are not. Redacting twice changes nothing.
 */
export function openRedaction({ salt, patterns }: RedactionSettings): Redaction {
  return <T>(posted: T): T | Promise<T> => {
    const value = withKeyHeaders(posted);
    const secrets = new Set<string>();
    rewritten(value as Json, null, 0, (text, name) => {
      for (const finding of findingsOf(text, name, patterns))
        if (finding.kind !== null) secrets.add(secretOf(text, finding));
      return text;
    });
    return secrets.size === 0 ? value : substituted(value, salt, patterns, secrets);
  };
}

async function substituted<T>(
  value: T,
  salt: string,
  patterns: readonly RedactionPattern[],
  secrets: ReadonlySet<string>,
): Promise<T> {
  const marks = new Map(
    await Promise.all([...secrets].map(async (secret) => [secret, await markOf(salt + secret)] as const)),
  );
  return rewritten(value as Json, null, 0, (text, name) => {
    let end = 0;
    let result = '';
    for (const finding of findingsOf(text, name, patterns)) {
      if (finding.kind === null) continue;
      const { kind, start, quote = '' } = finding;
      result += `${text.slice(end, start)}${quote}[redacted:${kind}:${marks.get(secretOf(text, finding)) ?? ''}]${quote}`;
      ({ end } = finding);
    }
    return end === 0 ? text : result + text.slice(end);
  }) as T;
}

async function markOf(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(digest.subarray(0, MARK_DIGITS / 2), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
}

function secretOf(text: string, { start, end }: Finding): string {
  return withoutScheme(text.slice(start, end));
}

function findingsOf(
  text: string,
  name: string | null,
  patterns: readonly RedactionPattern[],
): readonly Finding[] {
  if (name !== null)
    return text === '' || isRedacted(text) ? [] : [{ kind: name, start: 0, end: text.length }];
  return patterns.length === 0 ? credentialsIn(text) : findingsOfAll(text, patterns);
}

/** Looks again between what was found until nothing more is, so that redacting twice changes nothing here either. */
function findingsOfAll(text: string, patterns: readonly RedactionPattern[]): readonly Finding[] {
  const searches = [credentialsIn, ...patterns.map(searchOf)];
  let before: readonly Finding[] = [];
  let found = searches.reduce((sum, search) => withGaps(text, sum, search), before);
  while (found !== before) {
    before = found;
    found = searches.reduce((sum, search) => withGaps(text, sum, search), before);
  }
  return found;
}

type Search = (text: string) => readonly Finding[];

function searchOf({ name, pattern }: RedactionPattern): Search {
  return (text) =>
    Array.from(text.matchAll(pattern), ({ 0: match, index }) => ({
      kind: name,
      start: index,
      end: index + match.length,
    })).filter(({ start, end }) => end > start);
}

/** The findings, and among them what a search finds in the gaps that they leave. */
function withGaps(text: string, found: readonly Finding[], search: Search): readonly Finding[] {
  const all: Finding[] = [];
  let from = 0;
  for (const finding of [...found, null]) {
    const start = finding?.start ?? text.length;
    for (const more of search(text.slice(from, start)))
      all.push({ ...more, start: from + more.start, end: from + more.end });
    if (finding === null) break;
    all.push(finding);
    from = finding.end;
  }
  return all.length === found.length ? found : all;
}

/** Rewrites every text of a value, keys among them; what does not change is given back itself. */
function rewritten(value: Json, name: string | null, level: number, rewrite: Rewrite): Json {
  if (typeof value === 'string') return rewrite(value, name);
  if (typeof value === 'number' && name !== null) {
    const text = String(value);
    const result = rewrite(text, name);
    return result === text ? value : result;
  }
  if (typeof value !== 'object' || value === null || level > LEVELS_MAX) return value;
  return isJsonObject(value)
    ? rewrittenObject(value, name, level, rewrite)
    : rewrittenArray(value, name, level, rewrite);
}

function rewrittenArray(
  items: readonly Json[],
  name: string | null,
  level: number,
  rewrite: Rewrite,
): readonly Json[] {
  let copy: Json[] | null = null;
  items.forEach((item, place) => {
    const result = rewritten(item, name, level + 1, rewrite);
    if (result !== item) (copy ??= [...items])[place] = result;
  });
  return copy ?? items;
}

function rewrittenObject(
  object: JsonObject,
  name: string | null,
  level: number,
  rewrite: Rewrite,
): JsonObject {
  const entries: [string, Json][] = [];
  const paired = name ?? nameOfPair(object);
  let isChanged = false;
  for (const key of Object.keys(object)) {
    const value = object[key] as Json;
    const under = key === 'value' ? paired : name;
    const result = rewritten(value, under ?? credentialNamedBy(key), level + 1, rewrite);
    const written = rewrite(key, null);
    isChanged ||= result !== value || written !== key;
    entries.push([written, result]);
  }
  // From entries, since an assignment to `__proto__` would be none.
  return isChanged ? Object.fromEntries(entries) : object;
}

/** Headers and attributes also come as `{"name": "authorization", "value": …}`, or with `key` for `name`. */
function nameOfPair(object: JsonObject): string | null {
  if (!Object.hasOwn(object, 'value')) return null;
  const name = object['name'] ?? object['key'];
  return typeof name === 'string' ? credentialNamedBy(name) : null;
}
