/** Calls as they go over the wire: a drawn call becomes a request, and what memory has to know of it. */
import { admit } from '../../src/ingest/admit.ts';
import { identityOf } from '../../src/event/merge.ts';
import { ORIGIN, type World } from '../world.ts';
import type { Act } from './memory.ts';
import type { DrawnCall, DrawnEvent } from './schedule.ts';

/** One event that no other call may touch, and how it is found again: its text stands somewhere in it. */
export type Marked = {
  readonly text: string;
  /** Whether posting it again leaves it there once: it has an id, or its call a key. */
  readonly isOnce: boolean;
};

/** A call that is ready to be sent, any number of times. */
export type SentCall = {
  readonly drawn: DrawnCall;
  readonly act: Act;
  readonly marked: readonly Marked[];
  readonly request: (signal: AbortSignal | null, isCut: boolean) => Request;
};

/** What stands for an event in its own fields, so that it can be found in any answer. */
export const MARK = /mark-\d+-\d+(?!\d)/;

const LINE_TIME = '2026-03-01T00:00:00Z';
const SPAN_NANOSECONDS = '1772323200000000000';

/**
 * Makes a call ready.
 * @param number of the call within its schedule, from which its marks and ids follow
 */
export function prepared(here: World, drawn: DrawnCall, number: number): SentCall {
  const marks = drawn.events.map((_, place) => `mark-${number}-${place}`);
  const { path, type, body, shared } = wireOf(here, drawn, marks, number);
  const { arrivals, rejected } = admit(
    {
      posted: shared.map((event) => ({ body: event })),
      credentialId: '',
      bounds: { project_id: here.project },
      isMetadataOnly: false,
      idempotencyKey: null,
      wait: false,
    },
    Date.now(),
  );
  if (rejected.length > 0) throw new Error(`a drawn event is none: ${JSON.stringify(rejected)}`);
  const isShared = (event: DrawnEvent): boolean => sharedIdOf(drawn, event) !== null;
  return {
    drawn,
    act: {
      arrivals: new Map(arrivals.map((arrival) => [identityOf(arrival), arrival])),
      removed: new Set(),
    },
    marked: drawn.events.flatMap((event, place) =>
      isShared(event) ? [] : { text: marks[place] ?? '', isOnce: isOnce(drawn, event) },
    ),
    request: (signal, isCut) =>
      new Request(`${ORIGIN}${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${here.key}`,
          'content-type': type,
          ...(drawn.isKeyed ? { 'idempotency-key': `key-${number}` } : {}),
        },
        body: isCut ? cutShort(body) : body,
        ...(signal === null ? {} : { signal }),
      }),
  };
}

/** The same events in the opposite order, as a call of its own; its marks are those of the first. */
export function reversed(here: World, call: SentCall, number: number): SentCall {
  if (call.drawn.route !== 'events' || call.drawn.isKeyed) return call;
  const events = call.drawn.events.filter((event) => sharedIdOf(call.drawn, event) !== null).toReversed();
  return events.length === 0 ? call : prepared(here, { ...call.drawn, events }, number);
}

/** The removal of shared tool calls. */
export function removal(here: World, places: readonly number[]): { act: Act; ids: readonly string[] } {
  const ids = places.map((place) => `tool_call-${place}`);
  const removed = new Set(ids.map((id) => JSON.stringify(['tool_call', here.project, '', id])));
  return { act: { arrivals: new Map(), removed }, ids };
}

type Wire = { path: string; type: string; body: string; shared: readonly object[] };

function wireOf(here: World, drawn: DrawnCall, marks: readonly string[], number: number): Wire {
  const wait = drawn.isWaiting ? 'true' : 'false';
  const home = `workspace_id=${here.workspace}&server_id=echo`;
  switch (drawn.route) {
    case 'events': {
      const events = drawn.events.map((event, place) => bodyOf(here, drawn, event, marks[place] ?? ''));
      return {
        path: `/v1/events?wait=${wait}`,
        type: 'application/json',
        body: JSON.stringify(events),
        shared: events.filter((_, place) => {
          const event = drawn.events[place];
          return event !== undefined && sharedIdOf(drawn, event) !== null;
        }),
      };
    }
    case 'lines':
      return {
        path: `/v1/workspaces/${here.workspace}/servers/echo/logs?wait=${wait}`,
        type: 'text/plain',
        body: marks.map((mark) => `${LINE_TIME} ERROR ${mark}\n`).join(''),
        shared: [],
      };
    case 'pino':
      return {
        path: `/v1/ingest/pino?wait=${wait}&${home}`,
        type: 'application/x-ndjson',
        body: marks.map((mark) => `${JSON.stringify({ level: 30, msg: mark })}\n`).join(''),
        shared: [],
      };
    case 'spans':
      return {
        path: `/v1/traces?wait=${wait}`,
        type: 'application/json',
        body: JSON.stringify({
          resourceSpans: [
            { scopeSpans: [{ spans: marks.map((mark, place) => spanOf(mark, number, place)) }] },
          ],
        }),
        shared: [],
      };
  }
}

/** The id that an event shares with those of other calls; null for one that is marked instead. */
function sharedIdOf(drawn: DrawnCall, { named, place, fields }: DrawnEvent): string | null {
  const isShared = drawn.route === 'events' && !drawn.isKeyed && named === 'shared';
  return isShared ? `${String(fields['type'])}-${place}` : null;
}

function isOnce(drawn: DrawnCall, { named }: DrawnEvent): boolean {
  return drawn.isKeyed || drawn.route === 'spans' || (drawn.route === 'events' && named !== 'not');
}

function bodyOf(here: World, drawn: DrawnCall, event: DrawnEvent, mark: string): object {
  const { type } = event.fields;
  const fields = type === 'server_log' ? { ...event.fields, workspace_id: here.workspace } : event.fields;
  const shared = sharedIdOf(drawn, event);
  if (shared !== null) return { ...fields, id: shared };
  return { ...fields, ...(event.named === 'not' ? {} : { id: mark }), metadata: { mark } };
}

function spanOf(mark: string, number: number, place: number): object {
  const attribute = (key: string, stringValue: string): object => ({ key, value: { stringValue } });
  return {
    traceId: (number + 1).toString(16).padStart(32, '0'),
    spanId: (place + 1).toString(16).padStart(16, '0'),
    name: `execute_tool ${mark}`,
    startTimeUnixNano: SPAN_NANOSECONDS,
    endTimeUnixNano: SPAN_NANOSECONDS,
    attributes: [attribute('gen_ai.operation.name', 'execute_tool'), attribute('gen_ai.tool.name', mark)],
  };
}

/** A body that stops in its middle and never ends; its length was told, so that it cannot pass for the whole. */
function cutShort(body: string): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(body);
  const { readable, writable } = new FixedLengthStream(bytes.length);
  // Nobody is told when its reader is gone.
  void writable
    .getWriter()
    .write(bytes.slice(0, Math.floor(bytes.length / 2)))
    .catch(() => undefined);
  return readable;
}
