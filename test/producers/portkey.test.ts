/** Portkey's plugins become requests, and always get their verdict (producers: Portkey). */
import { expect, test } from 'vitest';
import { portkey } from '../../src/producers/portkey.ts';
import { deliveryOf, draft, PORTKEY_BEFORE, PORTKEY_LOG } from './golden.ts';

const read = (body: unknown) => portkey.read(deliveryOf(JSON.stringify(body)));

test('a log is a request', () => {
  const request = draft('request', read(PORTKEY_LOG)[0]);
  expect(request).toMatchObject({
    id: null,
    timestamp: null,
    model: 'gpt-4o-mini',
    provider: 'openai',
    status: 200,
    input_tokens: 9,
    output_tokens: 2,
    project_id: 'p1',
    user_id: 'u1',
    trace_id: 'tr1',
    error: null,
  });
  expect(request.metadata).toMatchObject({
    plan: 'free',
    requestType: 'chatComplete',
    request: { json: PORTKEY_LOG.request.json },
    response: { json: { id: 'chatcmpl-1' } },
  });
});

test('the metadata header stands in for absent metadata', () => {
  const { metadata: _, ...log } = PORTKEY_LOG;
  expect(draft('request', read(log)[0])).toMatchObject({ project_id: 'p1', user_id: 'u1' });
});

test('an error says why, and a stream has no response to read', () => {
  const failed = { ...PORTKEY_LOG, response: { json: { error: { message: 'no quota' } }, statusCode: 429 } };
  expect(draft('request', read(failed)[0])).toMatchObject({ status: 429, error: 'no quota' });
  const stream = { ...PORTKEY_LOG, response: { json: null, text: '', statusCode: 200 } };
  expect(draft('request', read(stream)[0])).toMatchObject({ status: 200, input_tokens: null });
});

test('a webhook after a request is stored, one before it is only answered', () => {
  const { headers: _, ...request } = PORTKEY_LOG.request;
  const after = { ...PORTKEY_LOG, request, eventType: 'afterRequestHook' };
  expect(portkey.recognise(after)).toBe(true);
  expect(draft('request', read(after)[0]).metadata).toMatchObject({ eventType: 'afterRequestHook' });
  expect(portkey.recognise(PORTKEY_BEFORE)).toBe(true);
  expect(read(PORTKEY_BEFORE)).toEqual([]);
});

test('every answer has the verdict', () => {
  const delivery = deliveryOf('');
  expect(portkey.answer({ accepted: 1, rejected: [] }, [], delivery)).toMatchObject({
    status: 200,
    body: '{"verdict":true}',
  });
  const refused = portkey.answer(
    { accepted: 0, rejected: [{ index: 0, error: 'model: required' }] },
    [],
    delivery,
  );
  expect(refused.status).toBe(400);
  expect(JSON.parse(String(refused.body))).toMatchObject({ verdict: true, accepted: 0 });
  const behind = portkey.refuse({ status: 503, message: 'later', retryAfterSeconds: 2 }, delivery);
  expect(behind).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
  expect(JSON.parse(String(behind.body))).toEqual({ verdict: true, error: 'later' });
});
