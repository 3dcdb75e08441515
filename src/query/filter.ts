/** A filter: which events of a kind are asked for, as plain data that SQL and memory read alike. */
import type { Kind } from '../event/event.ts';

/** The fields of each kind that can be compared with a text; each has a token in the posting list. */
export const DIMENSIONS = {
  tool_call: [
    'project_id',
    'workspace_id',
    'virtual_key_id',
    'tool_name',
    'server_label',
    'status',
    'outcome',
    'llm_request_id',
    'request_id',
    'session_id',
    'sandbox_id',
    'user_id',
    'connected_account_id',
    'auth_config_id',
  ],
  request: [
    'project_id',
    'workspace_id',
    'virtual_key_id',
    'status',
    'provider',
    'model',
    'session_id',
    'user_id',
  ],
  server_log: [
    'project_id',
    'workspace_id',
    'virtual_key_id',
    'server_id',
    'level',
    'pod_name',
    'container_name',
  ],
} as const satisfies Record<Kind, readonly string[]>;

/** A field that can be compared with a text. */
export type Dimension<K extends Kind = Kind> = (typeof DIMENSIONS)[K][number];

/** A field whose numbers can be compared and sorted by. */
export type Measure = 'latency_ms' | 'cost';

/** One demand on an event. Texts are compared exactly and case-sensitively unless a condition says otherwise. */
export type Condition<K extends Kind = Kind> =
  /** The field has one of the values; with `not`, it has none of them or is absent. */
  | {
      readonly test: 'in';
      readonly field: Dimension<K> | 'id';
      readonly values: readonly string[];
      readonly not?: true;
    }
  /** The field contains the text; with `not`, it does not or is absent. */
  | {
      readonly test: 'contains';
      readonly field: Dimension<K> | 'id';
      readonly text: string;
      readonly ignoreCase: boolean;
      readonly not?: true;
    }
  /** The number is there and lies between the two, both inclusive; null leaves an end open. */
  | {
      readonly test: 'between';
      readonly field: Measure;
      readonly min: number | null;
      readonly max: number | null;
    }
  /** What the event says contains the text, whatever the case of its ASCII letters (see `searchedTexts`). */
  | { readonly test: 'search'; readonly text: string };

/** A window of time in epoch milliseconds; null leaves an end open. */
export type TimeRange = {
  /** Inclusive. */
  readonly from: number | null;
  /** Exclusive. */
  readonly until: number | null;
};

/** What is asked for: all conditions at once, inside the window. */
export type Filter<K extends Kind = Kind> = {
  readonly time: TimeRange;
  readonly conditions: readonly Condition<K>[];
};

/** All of time. */
export const ALL_TIME: TimeRange = { from: null, until: null };

/**
 * The texts that a search looks for: the one that is asked, and, since a tool call's arguments and result are searched
 * as JSON, the same as it stands inside a JSON string.
 */
export function searchNeedles(kind: Kind, text: string): readonly string[] {
  const escaped = kind === 'tool_call' ? JSON.stringify(text).slice(1, -1) : text;
  return escaped === text ? [text] : [text, escaped];
}
