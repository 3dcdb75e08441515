/** Which tables keep which kind. */
import type { EventOf, Kind } from '../event/event.ts';
import type { requests, serverLogs, toolCalls } from './schema.ts';

/** The row of each kind, as D1 gives it. */
export type RowOf = {
  tool_call: typeof toolCalls.$inferSelect;
  request: typeof requests.$inferSelect;
  server_log: typeof serverLogs.$inferSelect;
};

/** A row of any kind. */
export type EventRow = RowOf[Kind];

/** The names of a kind's tables, and which of its fields are kept as JSON text. */
export const TABLES = {
  tool_call: {
    rows: 'tool_calls',
    identity: 'tool_calls_identity',
    postings: 'tool_call_postings',
    texts: 'tool_call_texts',
    terms: 'tool_call_terms',
    json: ['parent', 'source', 'metadata', 'error', 'arguments', 'result'],
  },
  request: {
    rows: 'requests',
    identity: 'requests_identity',
    postings: 'request_postings',
    texts: 'request_texts',
    terms: 'request_terms',
    json: ['metadata'],
  },
  server_log: {
    rows: 'server_logs',
    identity: 'server_logs_identity',
    postings: 'server_log_postings',
    texts: 'server_log_texts',
    terms: 'server_log_terms',
    json: ['metadata'],
  },
} as const satisfies {
  [K in Kind]: {
    rows: string;
    identity: string;
    postings: string;
    texts: string;
    terms: string;
    json: readonly (keyof EventOf[K])[];
  };
};
