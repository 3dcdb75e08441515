/** One secret of every kind, by its form and by the name that it stands under, and a way to look for any of them. */
import { expect } from 'vitest';
import { PEM, SECRETS } from '../event/secrets.ts';
import type { Fields } from './door-cases.ts';

const basic = (password: string): string => `Basic ${btoa(`user:${password}`)}`;

/** What no form tells: only the name, the scheme or the address around it says that it is a secret. */
const NAMED = [
  'Authorization: Bearer hunter-token-1',
  'sent Bearer hunterToken2x on',
  `Authorization: ${basic('hunter3')}`,
  `sent ${basic('hunter4')} on`,
  'from https://user:hunter5@host.test/path',
  "'Cookie: sid=hunter6; theme=hunter7'",
  "'Set-Cookie: sid=hunter8; Path=/'",
  'x-portkey-config: {"provider":"openai","api_key":"hunter9"}',
  '{"password":"hunter10"}',
  'at /v1?api_key=hunter11&x=1',
  'access_token=hunter12',
  'refresh_token=hunter13',
  'client_secret=hunter14',
];

/** A text with a secret of every kind in it, the key of several lines at its end. */
export const SECRET_WORDS = [
  ...SECRETS.filter(([kind]) => kind !== 'private_key').map(([, secret]) => `with ${secret} in it`),
  ...NAMED,
  PEM,
].join(' ; ');

/** A secret that could pass for an id. */
export const SECRET_ID = `id-ghp_${'Ab1Cd2Ef3Gh4'.repeat(3)}`;

/** The names of contracts/producers.md, "Redaction", each with a value that nothing but its name gives away. */
export const SECRET_FIELDS: Fields = Object.fromEntries(
  [
    'authorization',
    'Proxy-Authorization',
    'cookie',
    'set-cookie',
    'X-Api-Key',
    'api_key',
    'apikey',
    'OPENAI_API_KEY',
    'access_token',
    'refreshToken',
    'client_secret',
    'password',
    'x-portkey-config',
  ].map((name, place) => [name, `hunter-field-${place}`]),
);

/** A stretch of every secret above that no text has by chance. */
export const FRAGMENTS = [
  'hunter',
  btoa('user:hunter3').slice(0, 12),
  'Ab1Cd2Ef3Gh4',
  'IOSFODNN7',
  '0b7c2a1e-1111',
  'dozjgNryP4J3',
  'Yz3Ab4Cd5',
  'eyJhbGci',
];

/** Fails where a text holds a stretch of any secret. */
export function areWithoutSecrets(text: string, where: string): void {
  for (const fragment of FRAGMENTS) {
    const at = text.indexOf(fragment);
    expect(at === -1 ? '' : `${fragment} in ${text.slice(Math.max(0, at - 80), at + 40)}`, where).toBe('');
  }
}
