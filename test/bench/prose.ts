/** Text as tools pass it about: words of uneven frequency, with numbers and hex among them, as JSON of a wanted size. */
import type { Json } from '../../src/event/event.ts';
import { below, zipf, type Random } from './random.ts';

/** A word that one tool call in two thousand holds; no syllables make it up. */
export const RARE_WORD = 'quetzalcoatl';

/** A word that one tool call in ten holds. */
export const COMMON_WORD = 'invoice';

const RARE_SHARE = 1 / 2000;
const COMMON_SHARE = 1 / 10;

const ONSETS = ['b', 'c', 'd', 'f', 'g', 'h', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'st', 'tr', 'ch', 'pl'];
const VOWELS = ['a', 'e', 'i', 'o', 'u', 'ea', 'io'];
const CODAS = ['', '', 'n', 'r', 's', 't', 'l', 'nd', 'ng', 'ck'];

/** Different words: what a few thousand log lines of one trade hold. */
const WORDS = 3000;

const syllable = (place: number): string =>
  (ONSETS[place % ONSETS.length] ?? '') +
  (VOWELS[Math.floor(place / 7) % VOWELS.length] ?? '') +
  (CODAS[Math.floor(place / 3) % CODAS.length] ?? '');

const words = Array.from({ length: WORDS }, (_, place) =>
  Array.from({ length: 1 + (place % 3) }, (_each, part) => syllable(place * 31 + part * 17)).join(''),
);
const wordPlace = zipf(WORDS);

/** One token in so many is a number or an identifier. */
const LITERAL_EVERY = 9;

/** Words of about so many characters. */
export function prose(random: Random, characters: number): string {
  let text = '';
  while (text.length < characters) {
    const token =
      below(random, LITERAL_EVERY) === 0
        ? below(random, 2 ** 31).toString(below(random, 2) === 0 ? 16 : 10)
        : (words[wordPlace(random)] ?? '');
    text += text === '' ? token : ` ${token}`;
  }
  return text;
}

/** The arguments of a call, as JSON of about so many characters. */
export function callArguments(random: Random, characters: number): Json {
  const marks = [
    ...(random() < RARE_SHARE ? [RARE_WORD] : []),
    ...(random() < COMMON_SHARE ? [COMMON_WORD] : []),
  ];
  const query = [...marks, prose(random, Math.max(characters - 60, 10))].join(' ');
  return { query, limit: 10 * (1 + below(random, 10)), page: below(random, 5), strict: random() < 0.5 };
}

/** The result of a call, as JSON of about so many characters: an MCP result or a list of records. */
export function callResult(random: Random, characters: number): Json {
  if (random() < 0.5)
    return { content: [{ type: 'text', text: prose(random, characters - 60) }], isError: false };
  const records = 1 + below(random, 8);
  const each = Math.max(characters / records - 50, 12);
  return Array.from({ length: records }, () => ({
    id: below(random, 2 ** 31),
    title: prose(random, each),
    score: Math.round(random() * 1000) / 1000,
  }));
}
