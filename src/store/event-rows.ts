/** Rows and events: how each becomes the other. */
import type { EventOf, Kind } from '../event/event.ts';
import { MERGED_FIELDS, STATUS_FIELDS, type Arrival } from '../event/merge.ts';
import { timeOfKey } from '../event/time-key.ts';
import { TABLES, type RowOf } from './tables.ts';

/** The fixed places at the head of a row's JSON array; the merged fields of the kind follow, and then its tail. */
export const ROW_HEAD = [
  'project_id',
  'owner',
  'id',
  'time',
  'created_at',
  'status_rank',
  'settled',
  'status',
] as const;

/** One arrival as the JSON array that the writer's statements take apart. */
export type RowValues = readonly (string | number | null)[];

/** The columns of a kind that merge, in the order of their places after the head. */
export function mergedColumns(kind: Kind): readonly string[] {
  return MERGED_FIELDS[kind];
}

/** The columns behind those: what follows the status. They come last, so that rows of older logs keep their places. */
export function rowTail(kind: Kind): readonly string[] {
  return STATUS_FIELDS[kind].filter((field) => field !== 'status');
}

/** The fields whose value may be in an object of R2 instead; the row then keeps its beginning, which is no JSON. */
export const OBJECT_FIELDS = {
  tool_call: ['arguments', 'result'],
  request: [],
  server_log: [],
} as const satisfies { [K in Kind]: readonly (keyof EventOf[K])[] };

/** The columns that name those objects, behind the tail; they merge with their fields. */
export function objectColumns(kind: Kind): readonly string[] {
  return OBJECT_FIELDS[kind].map((field) => `${field}_object`);
}

/** Puts an arrival into the places of its row. Fields that hold JSON become JSON text. */
export function toRow(arrival: Arrival): RowValues {
  const { event } = arrival;
  const fields = event as unknown as Record<string, unknown>;
  const json: readonly string[] = TABLES[event.kind].json;
  const merged = mergedColumns(event.kind).map((field) => {
    const value = fields[field] ?? null;
    return value !== null && json.includes(field) ? JSON.stringify(value) : (value as string | number | null);
  });
  return [
    event.project_id ?? '',
    arrival.owner,
    event.id,
    event.timestamp,
    event.created_at,
    arrival.statusRank,
    arrival.settled,
    'status' in event ? event.status : null,
    ...merged,
    ...rowTail(event.kind).map((field) => (fields[field] ?? null) as string | null),
  ];
}

/** Takes an arrival out of the places of its row again; the exact reverse of `toRow`. */
export function arrivalOfRow<K extends Kind>(kind: K, values: RowValues): Arrival<K> {
  const head = Object.fromEntries(ROW_HEAD.map((name, place) => [name, values[place] ?? null]));
  const merged = Object.fromEntries(
    mergedColumns(kind).map((field, place) => [
      field,
      parsed(kind, field, values[ROW_HEAD.length + place] ?? null),
    ]),
  );
  const tailStart = ROW_HEAD.length + mergedColumns(kind).length;
  const tail = Object.fromEntries(
    rowTail(kind).map((field, place) => [field, values[tailStart + place] ?? null]),
  );
  const event = {
    kind,
    ...merged,
    id: head['id'],
    project_id: head['project_id'] === '' ? null : head['project_id'],
    timestamp: head['time'],
    created_at: head['created_at'],
    ...(head['status'] === null ? {} : { status: head['status'] }),
    ...tail,
  };
  return {
    event: event as unknown as EventOf[K],
    owner: String(head['owner']),
    statusRank: Number(head['status_rank']),
    settled: Number(head['settled']),
  };
}

/** Reads a stored row. */
export function fromRow<K extends Kind>(kind: K, row: RowOf[K]): EventOf[K] {
  const columns = row as unknown as Record<string, string | number | null>;
  const merged = Object.fromEntries(
    mergedColumns(kind).map((field) => [
      field,
      // The beginning of a value is not the value; who wants it in full reads it from its object before.
      (columns[`${field}_object`] ?? null) === null ? parsed(kind, field, columns[field] ?? null) : null,
    ]),
  );
  const event = {
    kind,
    ...merged,
    id: row.id,
    project_id: row.project_id === '' ? null : row.project_id,
    timestamp: timeOfKey(row.seq),
    created_at: row.created_at,
    ...('status' in row ? { status: row.status } : {}),
    ...('outcome' in row ? { outcome: row.outcome } : {}),
  };
  return event as unknown as EventOf[K];
}

function parsed(kind: Kind, field: string, value: string | number | null): unknown {
  const json: readonly string[] = TABLES[kind].json;
  return typeof value === 'string' && json.includes(field) ? JSON.parse(value) : value;
}
