/** A private key that comes line by line, each an event of its own, is redacted line by line. */
import { expect, test } from 'vitest';
import { openRedaction } from '../../src/event/redaction.ts';
import { PEM } from './secrets.ts';

const redact = openRedaction({ salt: 'salt', patterns: [] });
const MARK = /^\[redacted:private_key:[0-9a-f]{8}\]$/;
const [HEADER = '', FIRST = '', LAST = '', FOOTER = ''] = PEM.split('\n');

const redacted = async (messages: readonly string[], podsOf = (_place: number) => 'pod') =>
  (await redact(messages.map((message, place) => ({ message, pod_name: podsOf(place) })))).map(
    ({ message }) => message,
  );

test('from the header to the footer, and nothing before or after', async () => {
  const said = await redacted([FIRST, `INFO ${HEADER}`, FIRST, LAST, 'Ab=', FOOTER, FIRST]);
  expect(said[0]).toBe(FIRST);
  expect(said[1]).toMatch(/^INFO \[redacted:private_key:/);
  for (const place of [2, 3, 4]) expect(said[place]).toMatch(MARK);
  expect(said.slice(5)).toEqual([FOOTER, FIRST]);
});

test('other lines among them stay, and those of other sources', async () => {
  const said = await redacted([HEADER, 'Proc-Type: 4,ENCRYPTED', 'done', FIRST, FIRST, FOOTER], (place) =>
    place === 4 ? 'another' : 'pod',
  );
  expect(said.slice(1, 3)).toEqual(['Proc-Type: 4,ENCRYPTED', 'done']);
  expect(said[3]).toMatch(MARK);
  expect(said[4]).toBe(FIRST);
});

test('a whole key in one event opens nothing, a header without a footer not for ever', async () => {
  expect((await redacted([`x ${PEM} y`, FIRST]))[1]).toBe(FIRST);
  const said = await redacted([HEADER, ...Array<string>(200).fill('a line'), FIRST]);
  expect(said.at(-1)).toBe(FIRST);
});

test('redacting twice changes nothing, and what holds no key comes back itself', async () => {
  const bodies = [HEADER, FIRST, FOOTER].map((message) => ({ message }));
  const once = await redact(bodies);
  expect(redact(once)).toBe(once);
  const plain = [{ message: 'a' }, { message: FIRST }];
  expect(redact(plain)).toBe(plain);
});
