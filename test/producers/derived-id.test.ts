/** Ids that are derived from what a record says: the same again for a redelivery, and no hint of a secret in it. */
import { describe, expect, test } from 'vitest';
import { FINGERPRINT_KEY_BYTES, openFingerprint } from '../../src/event/fingerprint.ts';
import { elasticsearch } from '../../src/producers/elasticsearch.ts';
import { fluentBit } from '../../src/producers/fluent-bit.ts';
import { loki } from '../../src/producers/loki.ts';
import { otlpLogs } from '../../src/producers/otlp-logs.ts';
import type { Producer } from '../../src/producers/producer.ts';
import { deliveryOf } from './golden.ts';
import { jsonLogs } from './otlp-encoder.ts';

const HOME = { workspace_id: '11111111-1111-4111-8111-111111111111', server_id: 'echo' };
const TIME = '2026-01-01T00:00:00.123456789Z';
const NANOSECONDS = '1767225600123456789';

const document = (line: string) => ({ '@timestamp': TIME, message: line, host: 'h' });

const BODIES: readonly (readonly [string, Producer, (line: string) => string])[] = [
  ['fluent-bit', fluentBit, (line) => JSON.stringify([{ time: TIME, log: line, stream: 'stdout' }])],
  ['loki', loki, (line) => JSON.stringify({ streams: [{ stream: {}, values: [[NANOSECONDS, line]] }] })],
  ['elasticsearch', elasticsearch, (line) => `{"index":{}}\n${JSON.stringify(document(line))}\n`],
  [
    'otlp-logs',
    otlpLogs,
    (line) => JSON.stringify(jsonLogs([], [{ timeUnixNano: NANOSECONDS, body: { stringValue: line } }])),
  ],
];

describe.for(BODIES)('%s', ([, producer, bodyOf]) => {
  const idOf = (line: string, keyByte: number): string => {
    const fingerprint = openFingerprint(new Uint8Array(FINGERPRINT_KEY_BYTES).fill(keyByte));
    const [posted] = producer.read({ ...deliveryOf(bodyOf(line), {}, HOME), fingerprint });
    return (posted as { body: { id: string } }).body.id;
  };

  test('a redelivery has the same id, another line another one', () => {
    expect(idOf('password=1234', 1)).toBe(idOf('password=1234', 1));
    expect(idOf('password=1234', 1)).not.toBe(idOf('password=1235', 1));
  });

  test('nobody can try out what the line was without the key of the deployment', () => {
    const [one, other] = [idOf('password=1234', 1), idOf('password=1234', 2)];
    expect(one).not.toBe(other);
    // What both share is the time, which the event shows anyway.
    expect(one.slice(0, -16)).toBe(other.slice(0, -16));
  });
});
