/** The tables as Drizzle sees them. STRICT and the FTS5 tables are written by hand into the migrations in `drizzle/`. */
import { isNotNull } from 'drizzle-orm';
import { index, integer, primaryKey, real, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** What every event table begins with: the time key, the identity, and what merging needs to know. */
const identity = {
  /** The time key (event/time-key.ts), given by the insert. */
  seq: integer().primaryKey(),
  id: text().notNull(),
  /** '' where the event has no project: NULLs would never be equal in the unique index. */
  project_id: text().notNull(),
  owner: text().notNull(),
  created_at: integer().notNull(),
  status_rank: integer().notNull(),
  settled: integer().notNull(),
  /** Marks the rows that one flush has changed, so that its later statements find them. */
  flush_token: integer().notNull(),
  /** How often the row has been changed since its insert. */
  revision: integer().notNull(),
  /** What the counters knew of the row before its last change, as a JSON array in the order of `COUNTED_COLUMNS`. */
  previous: text(),
};

/** The revision that the archive holds in full, though the row is still here; null where it holds none. */
const archivedRevision = { archived_revision: integer() };

/** Tool calls; the columns that may be large come last. */
export const toolCalls = sqliteTable(
  'tool_calls',
  {
    ...identity,
    status: text().notNull(),
    workspace_id: text(),
    virtual_key_id: text(),
    virtual_key_name: text(),
    tool_name: text().notNull(),
    server_label: text(),
    llm_request_id: text(),
    request_id: text(),
    trace_id: text(),
    session_id: text(),
    sandbox_id: text(),
    user_id: text(),
    connected_account_id: text(),
    auth_config_id: text(),
    latency_ms: real(),
    cost: real(),
    level: text(),
    message: text(),
    parent: text(),
    source: text(),
    metadata: text(),
    error: text(),
    arguments: text(),
    result: text(),
    /** Behind the large ones because it was added later; filters read it from the posting list. */
    outcome: text(),
    ...archivedRevision,
    /** The objects in R2 that hold the values; the columns of the values then hold their beginnings. */
    arguments_object: text(),
    result_object: text(),
  },
  (table) => [
    uniqueIndex('tool_calls_identity').on(table.id, table.project_id, table.owner),
    index('tool_calls_arguments_object').on(table.arguments_object).where(isNotNull(table.arguments_object)),
    index('tool_calls_result_object').on(table.result_object).where(isNotNull(table.result_object)),
  ],
);

/** Requests to models. */
export const requests = sqliteTable(
  'requests',
  {
    ...identity,
    status: integer().notNull(),
    workspace_id: text(),
    virtual_key_id: text(),
    user_id: text(),
    session_id: text(),
    trace_id: text(),
    model: text().notNull(),
    provider: text().notNull(),
    latency_ms: real(),
    input_tokens: integer(),
    output_tokens: integer(),
    cost: real(),
    error: text(),
    metadata: text(),
    ...archivedRevision,
  },
  (table) => [uniqueIndex('requests_identity').on(table.id, table.project_id, table.owner)],
);

/** Lines of servers. */
export const serverLogs = sqliteTable(
  'server_logs',
  {
    ...identity,
    workspace_id: text().notNull(),
    virtual_key_id: text(),
    server_id: text().notNull(),
    level: text().notNull(),
    pod_name: text(),
    container_name: text(),
    trace_id: text(),
    message: text().notNull(),
    metadata: text(),
    ...archivedRevision,
  },
  (table) => [uniqueIndex('server_logs_identity').on(table.id, table.project_id, table.owner)],
);

/** Sums over all events of a kind that share a value of a dimension, by minute, hour and day (store/counters.ts). */
export const counters = sqliteTable(
  'counters',
  {
    kind: text().notNull(),
    /** '' counts all events, under the value ''. */
    dimension: text().notNull(),
    value: text().notNull(),
    /** Minutes: 1, 60 or 1440. */
    span: integer().notNull(),
    /** Minutes since 1970 at which the span begins. */
    start: integer().notNull(),
    total: integer().notNull(),
    success: integer().notNull(),
    error: integer().notNull(),
    success_latency_count: integer().notNull(),
    success_latency_sum: real().notNull(),
    success_cost: real().notNull(),
    error_latency_count: integer().notNull(),
    error_latency_sum: real().notNull(),
    error_cost: real().notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.dimension, table.value, table.span, table.start] })],
);

/** Credentials, by the SHA-256 of their secret. A revoked one stays, so that its name can still be told. */
export const keys = sqliteTable(
  'keys',
  {
    id: text().primaryKey(),
    hash: text().notNull(),
    name: text().notNull(),
    /** A JSON array of scopes. */
    scopes: text().notNull(),
    project_id: text(),
    /** A JSON array, null for unbounded. */
    workspace_ids: text(),
    virtual_key_id: text(),
    virtual_key_name: text(),
    /** 1 when nothing that is posted with it may be kept but metadata. */
    metadata_only: integer().notNull().default(0),
    created_at: integer().notNull(),
    expires_at: integer(),
    revoked_at: integer(),
  },
  (table) => [uniqueIndex('keys_hash').on(table.hash), index('keys_virtual_key').on(table.virtual_key_id)],
);

/** Sessions that were ended before they expired. */
export const endedSessions = sqliteTable('ended_sessions', {
  id: text().primaryKey(),
  expires_at: integer().notNull(),
});

/** Changes of the store itself. Triggers of the migration refuse every change of a row and every deletion. */
export const audit = sqliteTable('audit', {
  number: integer().primaryKey({ autoIncrement: true }),
  at: integer().notNull(),
  actor: text().notNull(),
  action: text().notNull(),
  target: text(),
  /** A JSON object. */
  detail: text().notNull(),
});

/** What was set about retention; '' stands for all projects that have nothing of their own, null for the default. */
export const retention = sqliteTable(
  'retention',
  {
    kind: text().notNull(),
    project_id: text().notNull(),
    payload_days: integer(),
    row_days: integer(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.project_id] })],
);

/** One row, 1: until when nobody but the run that took it may run, in epoch milliseconds. */
export const retentionRuns = sqliteTable('retention_runs', {
  id: integer().primaryKey(),
  until: integer().notNull(),
});

/** Objects of the archive, from before they are put until their events have left D1. */
export const archivePending = sqliteTable('archive_pending', { name: text().primaryKey() });

/** From where the next sweep of payload objects and of counters goes on; '' is the beginning. */
export const sweeps = sqliteTable('sweeps', { name: text().primaryKey(), place: text().notNull() });

/** The number of the newest batch that the one writer has sent; a trigger keeps it from falling. */
export const writerOrder = sqliteTable('writer_order', {
  one: integer().primaryKey(),
  number: integer().notNull(),
});
