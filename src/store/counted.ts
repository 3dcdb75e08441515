/** What the counters count: by which dimensions of each kind, and over which spans of time. */
import type { Kind } from '../event/event.ts';

/** The spans in minutes: a minute, an hour, a day. A year of days and two days of hours answer any range of a year. */
export const SPANS = [1, 60, 1440] as const;

/** Milliseconds of a minute and of an hour. */
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

/** A counted dimension and the SQL of its value over a row of alias `t`. */
export type CountedDimension = { readonly name: string; readonly value: string };

const everything: CountedDimension = { name: '', value: `''` };
const project: CountedDimension = { name: 'project_id', value: `nullif(t.project_id, '')` };

function column(name: string): CountedDimension {
  return { name, value: `CAST(t.${name} AS TEXT)` };
}

/** Workspace and server together, as one value: server names are unique within a workspace only. */
export const SERVER = 'server';

/** The dimensions of each kind; each costs a written row an hour and value, shared by all events of a flush. */
export const COUNTED_DIMENSIONS: Record<Kind, readonly CountedDimension[]> = {
  tool_call: [
    everything,
    project,
    ...['tool_name', 'server_label', 'virtual_key_id', 'workspace_id'].map(column),
  ],
  request: [
    everything,
    project,
    ...['provider', 'model', 'status', 'virtual_key_id', 'workspace_id'].map(column),
  ],
  server_log: [
    everything,
    project,
    column('workspace_id'),
    { name: SERVER, value: `t.workspace_id || '/' || t.server_id` },
  ],
};

/** The dimensions that are counted by the minute too: deep offsets and short histograms of most callers. */
export const MINUTE_DIMENSIONS: readonly string[] = ['', 'project_id'];

/** The columns that the counters depend on; `previous` of a row keeps them in this order. */
export const COUNTED_COLUMNS: Record<Kind, readonly string[]> = {
  tool_call: ['status', 'tool_name', 'server_label', 'virtual_key_id', 'workspace_id', 'latency_ms', 'cost'],
  request: ['status', 'provider', 'model', 'virtual_key_id', 'workspace_id', 'latency_ms', 'cost'],
  server_log: ['workspace_id', 'server_id'],
};
