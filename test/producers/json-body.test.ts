/** Every framing of JSON records is read, whatever the Content-Type says. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonBodies } from '../../src/producers/json-body.ts';
import { UnreadableDelivery } from '../../src/producers/producer.ts';

const bodies = (...values: readonly unknown[]) => values.map((body) => ({ body }));
const areRead = (text: string, expected: unknown): void => expect(jsonBodies(text), text).toEqual(expected);

test('one value, an array, lines and concatenated objects', () => {
  areRead('{"a":1}', bodies({ a: 1 }));
  areRead('\uFEFF [{"a":1},{"a":2}]\n', bodies({ a: 1 }, { a: 2 }));
  areRead('[]', []);
  areRead('', []);
  areRead(' \n', []);
  areRead('{"a":1}\r\n\r\n{"a":2}\n', bodies({ a: 1 }, { a: 2 }));
  areRead('[{"a":1}]\n[{"a":2}]', bodies({ a: 1 }, { a: 2 }));
  areRead('{"a":"}{"}{"a":"\\""} {"a":3}', bodies({ a: '}{' }, { a: '"' }, { a: 3 }));
  areRead('{\n"a": 1\n}\n{\n"a": [\n{}\n]\n}', bodies({ a: 1 }, { a: [{}] }));
});

test('what is broken is named, the rest is kept', () => {
  areRead('{"a":1}\nnope\n\n{"a":2', [
    ...bodies({ a: 1 }),
    { problem: 'line 2: not JSON' },
    { problem: 'line 4: not JSON' },
  ]);
  areRead('{"a":1}{"a":2', [...bodies({ a: 1 }), { problem: 'record 2: not JSON' }]);
  for (const text of ['nope', '{"a":', '1 2 x', 'a\nb'])
    expect(() => jsonBodies(text)).toThrow(UnreadableDelivery);
});

test('any objects come back out of any framing', () => {
  const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(objects, fc.constantFrom('\n', '', ' ', '\n\n'), (values, separator) => {
      const texts = values.map((value) => JSON.stringify(value));
      expect(jsonBodies(texts.join(separator))).toEqual(
        bodies(...texts.map((text) => JSON.parse(text) as unknown)),
      );
    }),
  );
});
