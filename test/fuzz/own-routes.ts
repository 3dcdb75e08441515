/** The routes of gatelog's own surface: what each is sent, and what its successes look like. */
import * as z from 'zod';
import type { Carrier } from '../../src/edge/authenticate.ts';
import { events, jsonLike } from './bodies.ts';
import type { Ways } from './plans.ts';
import * as receipts from './receipts.ts';
import type { Check } from './replies.ts';
import { SPARE_KEYS, VIRTUAL_KEY_ID, WORKSPACES } from './seeds.ts';

/** One route. */
export type Entry = {
  readonly ways: Ways;
  /** The check of each status that is a success. */
  readonly replies: Readonly<Record<number, Check>>;
  /** Why no request of a run can be answered with a success; absent where one must be. */
  readonly failsBecause?: string;
};

/** Where gatelog's own surface takes a credential from (contracts/events.md). */
export const OWN: readonly Carrier[] = ['bearer', 'x-api-key', 'cookie'];

const text = z.string();

/** What ways in read of a query; no schema of theirs says so (contracts/events.md, contracts/producers.md). */
export const POSTING = { wait: text, project_id: text, workspace_id: text, server_id: text };

/** Examples of keys; what is broken about them is what a mutation makes of them. */
const KEYS = [
  { name: 'fuzzed', scopes: ['read'] },
  { name: 'fuzzed', scopes: ['read', 'ingest'], project_id: 'project-a', expires_at: '2053-01-01T00:00:00Z' },
  { name: 'fuzzed', scopes: ['ingest'], workspace_ids: [...WORKSPACES], metadata_only: true },
  { name: 'fuzzed', scopes: ['read'], virtual_key_id: VIRTUAL_KEY_ID, virtual_key_name: 'production' },
  { name: 'twice', scopes: ['read'], secret: 'registered-once-and-then-refused' },
];

/** Ways in, keys, sessions and health. */
export const own: Readonly<Record<string, Entry>> = {
  'GET /': { ways: { carriers: [], scope: null }, replies: { 200: receipts.cluster } },
  'GET /healthz': { ways: { carriers: [], scope: null }, replies: { 200: receipts.healthy } },
  'GET /readyz': { ways: { carriers: [], scope: null }, replies: { 200: receipts.healthy } },
  'POST /v1/events': {
    ways: { carriers: OWN, scope: 'ingest', query: POSTING, body: events, type: 'application/json' },
    replies: { 202: receipts.receipt },
  },
  'GET /v1/keys': { ways: { carriers: OWN, scope: 'admin' }, replies: { 200: receipts.keys } },
  'POST /v1/keys': {
    ways: { carriers: OWN, scope: 'admin', body: (isHostile) => jsonLike(KEYS, isHostile) },
    replies: { 201: receipts.newKey },
  },
  'DELETE /v1/keys/:id': {
    ways: {
      carriers: OWN,
      scope: 'admin',
      ids: Array.from({ length: SPARE_KEYS }, (_, place) => `{spare-key-${place}}`),
    },
    replies: { 204: receipts.empty },
  },
  'POST /v1/session': {
    ways: {
      carriers: [],
      scope: null,
      body: (isHostile) => jsonLike([{ key: 'fuzzed-secret-of-read-a' }], isHostile),
    },
    replies: { 200: receipts.session },
  },
  'DELETE /v1/session': { ways: { carriers: OWN, scope: null }, replies: { 204: receipts.empty } },
};

/** No schema of the contracts has these either: their own files keep them to themselves. */
const PAGING = { limit: text, cursor: text };
const RETENTION = [
  { kind: 'tool_call', row_days: 30 },
  { kind: 'server_log', project_id: 'project-a', payload_days: 0, row_days: 1 },
];
const failsBecause = 'only what D1 refuses becomes a dead letter';

/** What operators ask for. */
export const operating: Readonly<Record<string, Entry>> = {
  'GET /v1/audit': {
    ways: { carriers: OWN, scope: 'admin', query: PAGING, cursorIn: 'query' },
    replies: { 200: receipts.audit },
  },
  'GET /v1/retention': { ways: { carriers: OWN, scope: 'admin' }, replies: { 200: receipts.retentions } },
  'PUT /v1/retention': {
    ways: { carriers: OWN, scope: 'admin', body: (isHostile) => jsonLike(RETENTION, isHostile) },
    replies: { 200: receipts.newRetention },
  },
  'GET /v1/dead-letters': {
    ways: { carriers: OWN, scope: 'admin', query: PAGING, cursorIn: 'query' },
    replies: { 200: receipts.deadLetters },
  },
  'POST /v1/dead-letters/:id/resend': {
    ways: { carriers: OWN, scope: 'admin', query: { wait: text }, ids: ['1', '2'] },
    replies: { 202: receipts.resent },
    failsBecause,
  },
  'DELETE /v1/dead-letters/:id': {
    ways: { carriers: OWN, scope: 'admin', ids: ['1', '2'] },
    replies: { 204: receipts.empty },
    failsBecause,
  },
  'GET /metrics': { ways: { carriers: OWN, scope: 'metrics' }, replies: { 200: receipts.metrics } },
};
