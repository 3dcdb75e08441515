/** The cursor of lists that are ordered by a rising number alone: the last number that was shown, as one opaque text. */
import { InvalidCursor } from './cursor.ts';

/** A number as we write it, so that no other text is taken for one. */
const NUMBER = /^[1-9]\d{0,15}$/;

/**
 * Writes a cursor.
 * @param list names the list, so that another's cursor is refused
 */
export function encodeNumberCursor(list: string, number: number): string {
  return btoa(`${list} ${number}`).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * Reads a cursor back.
 * @throws InvalidCursor when the text is no cursor of this list
 */
export function decodeNumberCursor(list: string, text: string): number {
  const number = unpacked(text)?.split(`${list} `, 2);
  if (number?.[0] !== '' || !NUMBER.test(number[1] ?? '')) throw new InvalidCursor();
  return Number(number[1]);
}

function unpacked(text: string): string | null {
  if (!/^[\w-]{1,100}$/.test(text)) return null;
  try {
    return atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return null;
  }
}
