/** What stands in paths and headers: parts that are good, and parts that are hostile. */
import { WORKSPACES } from './seeds.ts';

/** Parts of paths that mean something else to a careless reader; some are no good percent encoding. */
export const HOSTILE_SEGMENTS = [
  '..',
  '.',
  '%2e%2e',
  '..%2f..%2fv1%2fkeys',
  '%',
  '%zz',
  '%00',
  '%ED%A0%80',
  '%FF',
  '%F0%9F%98%80',
  '%2F',
  'a/b',
  '%20',
  'x'.repeat(5000),
  '%25%30%30',
  ';a=b',
  'constructor',
  '__proto__',
  'x%27%20OR%201%3D1%20--',
  'stats',
  'é',
];

/** The ids that a path may name, by the parameter; what is not here takes the ids of events. */
export const GOOD_SEGMENTS: Readonly<Record<string, readonly string[]>> = {
  workspace_id: [...WORKSPACES, WORKSPACES[1].toUpperCase()],
  server_id: ['echo', 'ai.nimblebrain/echo', 'ai.nimblebrain%2Fecho'],
  entity_type: ['tool_calls', 'sessions'],
  index: ['logs', 'filebeat-8'],
};

/** Ids that nothing has. */
export const GUESSED_IDS = ['none', 'log_0', '99999999-9999-4999-8999-999999999999'];

/** Headers that mean something to somebody, with values that are odd. */
export const HOSTILE_HEADERS: Readonly<Record<string, readonly string[]>> = {
  'x-request-id': ['mine-1', 'x'.repeat(129), 'a b', '~!', 'sk-live-0123456789abcdefghijklmnop', '""'],
  'x-d1-bookmark': [
    'junk',
    '0',
    '00000000-00000000-00000000-00000000000000000000000000000000',
    '00000001-00000002-00000003-0123456789abcdef0123456789abcdef',
    'ffffffffffffffff-ffffffff-ffffffff-ffffffffffffffffffffffffffffffff',
    'first-primary',
  ],
  'idempotency-key': ['once', 'once', '"quoted"', 'x'.repeat(256), '~!', ' ', '\t'],
  origin: ['https://gatelog.test', 'https://evil.test', 'null', 'junk'],
  'sec-fetch-site': ['same-origin', 'cross-site', 'none'],
  'content-type': [
    'application/json',
    'text/plain',
    'application/x-protobuf',
    'application/x-ndjson',
    'x',
    ';;',
  ],
  accept: ['application/xml', 'text/event-stream', '*/*;q=NaN'],
  'x-test-connection': ['true'],
  range: ['bytes=0-10'],
  'if-none-match': ['*'],
  authorization: [
    'Bearer',
    'Bearer  ',
    'Basic !!!',
    'Basic Og==',
    'ApiKey',
    'Digest a',
    'Bearer a b',
    'Bearer ~!',
  ],
  cookie: ['gatelog_session=', 'gatelog_session=a.b.c', '=;;=', `a=${'x'.repeat(4000)}`],
  'x-api-key': ['', '~!', 'x'.repeat(5000)],
};
