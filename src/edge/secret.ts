/** Secrets: how they are made, hashed, compared and shown. */

const BASE_62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Random bytes in a minted secret. */
const SECRET_BYTES = 32;

/** Base-62 digits that hold those bytes. */
const SECRET_DIGITS = 43;

/** Letters of a secret that may be shown, when it is long enough that they tell nothing. */
const SHOWN_LETTERS = 4;
const SHOWN_FROM_LENGTH = 16;

/** A new secret: `gl_` and 32 random bytes in base 62. */
export function mintSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  let number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let digits = '';
  for (let place = 0; place < SECRET_DIGITS; place++) {
    digits = BASE_62.charAt(Number(number % 62n)) + digits;
    number /= 62n;
  }
  return `gl_${digits}`;
}

/** The SHA-256 of a secret in hex: all that is ever stored of it. */
export async function hashSecret(secret: string): Promise<string> {
  return Array.from(await sha256(secret), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Compares two secrets in a time that tells nothing about either. */
export async function isSameSecret(one: string, other: string): Promise<boolean> {
  return crypto.subtle.timingSafeEqual(await sha256(one), await sha256(other));
}

/** A secret as it may be shown in an error. */
export function maskSecret(secret: string): string {
  return secret.length >= SHOWN_FROM_LENGTH ? `${secret.slice(0, SHOWN_LETTERS)}***` : '***';
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}
