/** What holds for all AI gateways: none takes another's body, and nothing hostile makes one throw. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { draftOf } from '../../src/event/draft.ts';
import { helicone } from '../../src/producers/helicone.ts';
import { kong } from '../../src/producers/kong.ts';
import { litellm } from '../../src/producers/litellm.ts';
import { portkey } from '../../src/producers/portkey.ts';
import { UnreadableDelivery } from '../../src/producers/producer.ts';
import { pythonLiteral } from '../../src/producers/python-literal.ts';
import * as golden from './golden.ts';

const GATEWAYS = [litellm, portkey, kong, helicone];

const GOLDEN: Readonly<Record<string, readonly object[]>> = {
  litellm: [golden.LITELLM_TOOL, golden.LITELLM_FAILURE, golden.LITELLM_STRINGS, golden.LITELLM_ALERT],
  portkey: [golden.PORTKEY_LOG, golden.PORTKEY_BEFORE],
  kong: [golden.KONG_MCP, golden.KONG_MODEL],
  helicone: [golden.HELICONE_TOOL, golden.HELICONE_MODEL],
};

const BODIES = Object.values(GOLDEN).flat();

test('each body is recognised by its own producer alone, as one and in an array', () => {
  for (const [name, bodies] of Object.entries(GOLDEN))
    for (const body of bodies)
      for (const form of [body, [body], [body, null]])
        expect(
          GATEWAYS.filter((gateway) => gateway.recognise(form)).map((gateway) => gateway.name),
          JSON.stringify(body),
        ).toEqual([name]);
});

test('an event of our own, a mixture and no body at all are recognised by none', () => {
  const mixtures = [
    [golden.KONG_MODEL, golden.CANONICAL[0]],
    [golden.KONG_MODEL, golden.PORTKEY_LOG],
  ];
  const nothing = [null, 1, 'x', [], {}, [[]], [null], { type: { toString: 1 } }, { resourceSpans: [] }];
  for (const body of [...golden.CANONICAL, ...mixtures, ...nothing])
    for (const gateway of GATEWAYS) expect(gateway.recognise(body), JSON.stringify(body)).toBe(false);
});

test('reading a delivery and translating its parsed body are the same', () => {
  for (const gateway of GATEWAYS)
    for (const body of BODIES) {
      const delivery = golden.deliveryOf(JSON.stringify(body));
      expect(gateway.translate(body, delivery)).toEqual(gateway.read(delivery));
    }
});

test('a workspace in the URL is where events belong that name none', () => {
  const workspace = '11111111-1111-4111-8111-111111111111';
  const delivery = golden.deliveryOf('', {}, { workspace_id: workspace });
  const [call] = kong.translate(golden.KONG_MCP, delivery);
  expect(golden.draft('tool_call', call).workspace_id).toBe(workspace);
});

/** Any JSON in the place of any field of a golden body, two levels deep. */
const anyDamaged = fc
  .tuple(fc.constantFrom(...BODIES), fc.nat(), fc.nat(), fc.jsonValue({ maxDepth: 3 }), fc.boolean())
  .map(([body, first, second, value, isDeep]) => {
    const copy = structuredClone(body) as Record<string, unknown>;
    const key = Object.keys(copy)[first % Object.keys(copy).length] ?? '';
    const inner = copy[key];
    const keys = typeof inner === 'object' && inner !== null ? Object.keys(inner) : [];
    if (!isDeep || keys.length === 0) return { ...copy, [key]: value };
    return { ...copy, [key]: { ...(inner as object), [keys[second % keys.length] ?? '']: value } };
  });

test('damaged and arbitrary JSON gives events or sentences', () => {
  fc.assert(
    fc.property(fc.oneof(anyDamaged, fc.jsonValue()), fc.constantFrom(...GATEWAYS), (body, gateway) => {
      gateway.recognise(body);
      for (const posted of gateway.read(golden.deliveryOf(JSON.stringify(body)))) {
        const result = 'problem' in posted ? posted : draftOf(posted.body);
        if ('problem' in result) expect(result.problem).toMatch(/^[a-z_.]+: /);
      }
    }),
    { numRuns: 1500 },
  );
});

test('any text is read or refused', () => {
  const cut = fc
    .tuple(fc.constantFrom(...BODIES), fc.nat(400))
    .map(([body, length]) => JSON.stringify(body).slice(0, length));
  fc.assert(
    fc.property(fc.oneof(fc.string(), cut), fc.constantFrom(...GATEWAYS), (text, gateway) => {
      try {
        gateway.read(golden.deliveryOf(text));
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableDelivery);
      }
    }),
    { numRuns: 500 },
  );
});

test('deep and poisoned bodies do no harm', () => {
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  for (const gateway of GATEWAYS)
    for (const body of BODIES)
      for (const poison of [deep(20_000), '{"__proto__":{"polluted":1}}']) {
        const text = JSON.stringify(body).replace('{', `{"__proto__":${poison},"extra":${poison},`);
        const posted = gateway.read(golden.deliveryOf(text));
        for (const item of posted) if ('body' in item) draftOf(item.body);
        expect({}).not.toHaveProperty('polluted');
      }
  const nested = `{'a': ${'['.repeat(5000)}${']'.repeat(5000)}}`;
  expect(pythonLiteral(nested)).toBeUndefined();
});

test('Python literals are read back, other values are not', () => {
  const f = (text: string, value: unknown): void => expect(pythonLiteral(text), text).toEqual(value);
  f("{'a': [1, -2.5, 1e-07, True, None], 'b': ('x',)}", { a: [1, -2.5, 1e-7, true, null], b: ['x'] });
  f(String.raw`'it\'s \x41 \u00e9 \n'`, "it's A é \n");
  f(`"it's"`, "it's");
  f('{}', {});
  f("{1: 'one'}", { 1: 'one' });
  for (const text of [
    '',
    'nan',
    '[1',
    '[1 2]',
    '{1, 2}',
    'datetime.datetime(2026, 1, 1)',
    '<object at 0x7f>',
    "'a' 'b'",
  ])
    f(text, undefined);
});
