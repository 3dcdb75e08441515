/** The settings of redaction, as a deployment writes them: read once, and refused loudly when they make no sense. */
import { openRedaction, type Redaction, type RedactionPattern } from './redaction.ts';

/** The settings; `REDACT` is `on` unless it is `off`. */
export type RedactionVariables = {
  readonly REDACT?: string | undefined;
  /** `[{"name": "acme_key", "pattern": "acme_[0-9a-f]{32}"}]`; see `parseRedactionPatterns`. */
  readonly REDACT_PATTERNS?: string | undefined;
};

/** The name of a pattern is the kind of what it finds, and must be readable in a mark. */
const NAME = /^[a-z0-9][a-z0-9_.-]{0,39}$/;

/**
 * The pipe that a deployment has asked for; with `REDACT=off` one that gives every value back.
 * @param salt the deployment's own
 * @throws Error with a sentence for the operator when a setting cannot be read
 */
export function redactionOf(variables: RedactionVariables, salt: string): Redaction {
  const patterns = parseRedactionPatterns(variables.REDACT_PATTERNS);
  const mode = (variables.REDACT ?? '').trim().toLowerCase();
  if (!['', 'on', 'off'].includes(mode)) throw new Error('REDACT: must be on or off');
  return mode === 'off' ? (value) => value : openRedaction({ salt, patterns });
}

/**
 * Reads `REDACT_PATTERNS`: a JSON array of `{"name", "pattern", "flags"?}`, where `pattern` is a JavaScript regular
 * expression, `flags` may hold `i`, `m`, `s`, `u`, and what it matches is redacted whole under `name`. Patterns see
 * what the built-in forms have left, and their running time is the operator's to answer for.
 * @param setting absent or empty for none
 * @throws Error with a sentence for the operator that names the place
 */
export function parseRedactionPatterns(setting: string | undefined): readonly RedactionPattern[] {
  if (setting === undefined || setting.trim() === '') return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(setting);
  } catch {
    parsed = null;
  }
  if (!Array.isArray(parsed))
    throw new Error('REDACT_PATTERNS: must be a JSON array of {"name", "pattern"} objects');
  return parsed.map(parsePattern);
}

function parsePattern(item: unknown, place: number): RedactionPattern {
  const where = `REDACT_PATTERNS[${place}]`;
  if (typeof item !== 'object' || item === null)
    throw new Error(`${where}: must be an object with "name" and "pattern"`);
  const { name, pattern, flags = '' } = item as Record<string, unknown>;
  if (typeof name !== 'string' || !NAME.test(name))
    throw new Error(`${where}.name: must be 1 to 40 of a-z, 0-9, "_", "." and "-"`);
  if (typeof pattern !== 'string' || pattern === '')
    throw new Error(`${where}.pattern: must be a regular expression`);
  if (typeof flags !== 'string' || /[^imsu]/.test(flags))
    throw new Error(`${where}.flags: may hold i, m, s and u alone`);
  const expression = compiled(pattern, flags, where);
  if (expression.test('')) throw new Error(`${where}.pattern: must not match the empty text`);
  return { name, pattern: expression };
}

function compiled(pattern: string, flags: string, where: string): RegExp {
  try {
    return new RegExp(pattern, `g${flags}`);
  } catch (error) {
    throw new Error(`${where}.pattern: ${error instanceof Error ? error.message : 'invalid'}`, {
      cause: error,
    });
  }
}
