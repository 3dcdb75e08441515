/** Elasticsearch's bulk API: one item an action, in their order. */
import { expect, test } from 'vitest';
import type { Posted } from '../../src/event/intake.ts';
import { clusterInfo, elasticsearch } from '../../src/producers/elasticsearch.ts';
import { UnreadableDelivery } from '../../src/producers/producer.ts';
import { deliveryOf, draft } from './golden.ts';

const WORKSPACE = '11111111-1111-4111-8111-111111111111';
const HOME = { workspace_id: WORKSPACE, server_id: 'echo' };

const lines = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const bulk = (text: string, parameters: Record<string, string> = HOME) => {
  const delivery = deliveryOf(text, {}, parameters);
  const posted = elasticsearch.read(delivery);
  const rejected = posted.flatMap((item, index) =>
    'problem' in item ? [{ index, error: item.problem }] : [],
  );
  const answer = elasticsearch.answer(
    { accepted: posted.length - rejected.length, rejected },
    posted,
    delivery,
  );
  return { posted, answer, body: JSON.parse(String(answer.body)) as { errors: boolean; items: unknown[] } };
};
const idOf = (posted: Posted | undefined) => (posted as { body: { id: string } }).body.id;

test("a client's bulk call is kept, and answered item by item", () => {
  const { posted, answer, body } = bulk(
    lines(
      { index: { _index: 'logs', _id: 'doc-1' } },
      {
        '@timestamp': '2026-01-01T00:00:00.500Z',
        message: 'hello',
        log: { level: 'WARN', offset: 3 },
        host: { name: 'h' },
      },
      { create: {} },
      { message: '2026-01-01T00:00:01Z ERROR boom' },
    ),
    { ...HOME, index: 'from-path' },
  );
  expect(draft('server_log', posted[0])).toMatchObject({
    id: 'doc-1',
    timestamp: 1_767_225_600_500,
    workspace_id: WORKSPACE,
    server_id: 'echo',
    level: 'warning',
    message: 'hello',
    metadata: { host: { name: 'h' }, severity_text: 'WARN', log: { offset: 3 } },
  });
  expect(draft('server_log', posted[1])).toMatchObject({ level: 'error', message: 'boom' });
  expect(answer).toMatchObject({ status: 200, headers: { 'x-elastic-product': 'Elasticsearch' } });
  expect(body).toMatchObject({
    took: 0,
    errors: false,
    items: [
      { index: { _index: 'logs', _id: 'doc-1', status: 201 } },
      { create: { _index: 'from-path', _id: idOf(posted[1]), status: 201 } },
    ],
  });
});

test('what cannot be kept is an error of its item alone', () => {
  const { posted, body } = bulk(
    `${lines({ update: { _id: 'u' } }, { doc: {} }, { delete: { _id: 'd' } }, { index: { _id: 'bad' } })}not json\n${lines({ index: { _id: 'good' } }, { message: 'x' }, { index: { _id: 'cut' } })}`,
  );
  expect(posted).toHaveLength(5);
  expect(body.errors).toBe(true);
  expect(body.items).toMatchObject([
    { update: { _id: 'u', status: 400, error: { type: 'illegal_argument_exception' } } },
    { delete: { _id: 'd', status: 400, error: { reason: expect.stringMatching(/^delete: not supported/) } } },
    { index: { _id: 'bad', status: 400, error: { type: 'document_parsing_exception' } } },
    { index: { _id: 'good', status: 201 } },
    { index: { _id: 'cut', status: 400, error: { reason: expect.stringMatching(/^document: must be/) } } },
  ]);
});

test('what admission refuses is an item with status 400', () => {
  const delivery = deliveryOf(
    lines({ index: {} }, { message: 'a' }, { index: {} }, { message: 'b' }),
    {},
    HOME,
  );
  const posted = elasticsearch.read(delivery);
  const answer = elasticsearch.answer(
    { accepted: 1, rejected: [{ index: 1, error: 'timestamp: no' }] },
    posted,
    delivery,
  );
  expect(JSON.parse(String(answer.body))).toMatchObject({
    errors: true,
    items: [{ index: { status: 201 } }, { index: { status: 400, error: { reason: 'timestamp: no' } } }],
  });
});

test('blank lines between, CRLF and an empty body are no fault; a blank message keeps its item', () => {
  const text = lines({ index: {} }, { message: '' }).replaceAll('\n', '\r\n');
  expect(bulk(`\n${text}\n`).posted).toHaveLength(1);
  expect(bulk('').body).toMatchObject({ errors: false, items: [] });
});

test('a line that is no action refuses the call, as Elasticsearch does', () => {
  for (const text of ['{"message":"x"}\n', 'x', '[1]\n', '{"index":{},"create":{}}\n{}', '{"index":1}\n{}'])
    expect(() => bulk(text), text).toThrow(UnreadableDelivery);
  const refusal = elasticsearch.refuse(
    { status: 429, message: 'later', retryAfterSeconds: 2 },
    deliveryOf(''),
  );
  expect(refusal).toMatchObject({
    status: 429,
    headers: { 'x-elastic-product': 'Elasticsearch', 'retry-after': '2' },
  });
  expect(JSON.parse(String(refusal.body))).toMatchObject({
    error: { type: 'es_rejected_execution_exception', reason: 'later' },
    status: 429,
  });
});

test('the cluster says who it is', () => {
  const { status, headers, body } = clusterInfo();
  expect([status, headers['x-elastic-product']]).toEqual([200, 'Elasticsearch']);
  expect(JSON.parse(String(body))).toMatchObject({
    version: { number: expect.stringMatching(/^8\./), build_flavor: 'default' },
    tagline: 'You Know, for Search',
  });
});
