/** How each producer's client is told that its whole call failed, and the sentence in it. */
import { PbfReader } from 'pbf';
import { expect } from 'vitest';

/** Reads the sentence out of a refusal, and fails where the refusal is not in the producer's own envelope. */
export type ReadRefusal = (response: Response) => Promise<string>;

const plain: ReadRefusal = async (response) => {
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  const body: { error: string } = await response.json();
  expect(Object.keys(body)).toEqual(['error']);
  return body.error;
};

const otlp: ReadRefusal = async (response) => {
  expect(response.headers.get('content-type')).toBe('application/json');
  const body: { message: string } = await response.json();
  expect(Object.keys(body)).toEqual(['message']);
  return body.message;
};

/** `google.rpc.Status` has the sentence in its field 2. */
export const readStatus: ReadRefusal = async (response) => {
  expect(response.headers.get('content-type')).toBe('application/x-protobuf');
  const pbf = new PbfReader(await response.arrayBuffer());
  const message = pbf.nextField() === 2 ? pbf.readString() : '';
  expect(pbf.nextField()).toBe(0);
  return message;
};

const REFUSALS: Readonly<Record<string, ReadRefusal>> = {
  'otlp-traces': otlp,
  'otlp-logs': otlp,
  portkey: async (response) => {
    const body: { verdict: boolean; error: string } = await response.json();
    expect(body).toEqual({ verdict: true, error: expect.any(String) });
    return body.error;
  },
  loki: async (response) => {
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    return response.text();
  },
  elasticsearch: async (response) => {
    expect(response.headers.get('x-elastic-product')).toBe('Elasticsearch');
    expect(response.headers.get('content-type')).toBe('application/json');
    const body: { error: { type: string; reason: string } } = await response.json();
    const cause = { type: TYPES[response.status] ?? 'exception', reason: body.error.reason };
    expect(body).toEqual({ error: { root_cause: [cause], ...cause }, status: response.status });
    return body.error.reason;
  },
};

/** Elasticsearch's own names for what went wrong. */
const TYPES: Readonly<Record<number, string>> = {
  400: 'illegal_argument_exception',
  401: 'security_exception',
  403: 'security_exception',
  413: 'content_too_long_exception',
  415: 'media_type_header_exception',
  429: 'es_rejected_execution_exception',
  503: 'unavailable_shards_exception',
};

/** The reader of a producer's refusals. */
export function refusalOf(producer: string): ReadRefusal {
  return REFUSALS[producer] ?? plain;
}
