/** Text that every store, index and client can hold: well-formed Unicode without NUL. */

/**
 * Replaces NUL and lone surrogates by U+FFFD: SQLite's JSON functions end a string at NUL, and UTF-8 has no lone
 * surrogates (contracts/server-logs.md, "The line parser").
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

/** Lower case for the letters A to Z alone, as SQLite's `lower()` does it. */
export function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
