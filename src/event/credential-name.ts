/** The names under which credentials travel: headers, fields, variables. What stands under one of them is a secret. */

/** Longer names before those that they end in does not matter: a match begins as far left as it can. */
const NAMES = [
  'authorization',
  'proxy_authorization',
  'cookie',
  'set_cookie',
  'api_key',
  'x_api_key',
  'x_portkey_api_key',
  'x_portkey_config',
  'api_token',
  'access_token',
  'auth_token',
  'bearer_token',
  'id_token',
  'refresh_token',
  'security_token',
  'session_token',
  'secret',
  'client_secret',
  'secret_access_key',
  'secret_key',
  'account_key',
  'private_key',
  'shared_access_key',
  'subscription_key',
  'passphrase',
  'passwd',
  'password',
] as const;

/** The most characters that a name takes up, with a separator or two to spare. */
export const NAME_CHARACTERS_MAX = 24;

const NAME_OF_LETTERS: ReadonlyMap<string, string> = new Map(
  NAMES.map((name) => [name.replaceAll('_', ''), name]),
);

const LAST_LETTERS: ReadonlySet<number> = new Set(
  NAMES.map((name) => name.slice(-1)).flatMap((letter) => [
    letter.charCodeAt(0),
    letter.toUpperCase().charCodeAt(0),
  ]),
);

// Without its own boundary, `valid_token` would be an `id_token`.
const NAME_AT_END = new RegExp(
  `(?:${NAMES.map((name) => (name === 'id_token' ? '(?<![a-z])' : '') + name.replaceAll('_', '[-_]?')).join('|')})$`,
  'i',
);

/**
 * The credential that a text names at its end, in any case and with `-`, `_` or nothing between the words:
 * `X-Api-Key`, `OPENAI_API_KEY` and `apiKey` all end in one.
 * @returns its name in lower case with underscores, which is the kind of what it names; null for any other text
 */
export function credentialNamedBy(text: string): string | null {
  if (!LAST_LETTERS.has(text.charCodeAt(text.length - 1))) return null;
  const match = NAME_AT_END.exec(text.length > NAME_CHARACTERS_MAX ? text.slice(-NAME_CHARACTERS_MAX) : text);
  return match === null ? null : (NAME_OF_LETTERS.get(match[0].toLowerCase().replace(/[-_]/g, '')) ?? null);
}
