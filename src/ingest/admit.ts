/** Admit: checks what was posted, holds it against the poster's bounds, and gives it its id and time. Pure. */
import { draftOf, type Draft } from '../event/draft.ts';
import type { EventOf, Kind } from '../event/event.ts';
import { mintId } from '../event/id.ts';
import type { Intake, IntakeBounds, Posted, Rejection } from '../event/intake.ts';
import { seriesOf, type Counts } from '../query/counts.ts';
import { identityOf, merge, settledFields, STATUS_RANK, type Arrival } from '../event/merge.ts';

/** How far an event's time may lie ahead of the server's, in milliseconds: a day (contracts/events.md). */
const AHEAD_MILLISECONDS_MAX = 86_400_000;

/** What was admitted of a call: `accepted` counts posted events, `arrivals` has one for each identity. */
export type Admission = {
  readonly accepted: number;
  readonly arrivals: readonly Arrival[];
  readonly rejected: readonly Rejection[];
  /** The same for the operator: accepted by kind, rejected by reason, merged. */
  readonly counts: Counts;
};

/** Why an event is refused, in words for its poster and in a class for the operator. */
type Refusal = {
  readonly problem: string;
  readonly reason: 'unreadable' | 'invalid' | 'future' | 'out_of_bounds';
};

/**
 * Admits the events of one call. Events of one identity are merged in the order in which they were posted.
 * @param now the time of receipt, in epoch milliseconds
 */
export function admit(intake: Intake, now: number): Admission {
  const arrivals = new Map<string, Arrival>();
  const rejected: Rejection[] = [];
  const counts: Record<string, number> = {};
  const count = (series: string): void => {
    counts[series] = (counts[series] ?? 0) + 1;
  };
  intake.posted.forEach((posted, index) => {
    const result = admitOne(posted, intake.bounds, now);
    if ('problem' in result) {
      rejected.push({ index, ...idOf(posted), error: result.problem });
      count(seriesOf('events_rejected', result.reason));
      return;
    }
    count(seriesOf('events_accepted', result.event.kind));
    const identity = identityOf(result);
    const earlier = arrivals.get(identity);
    if (earlier !== undefined) count(seriesOf('events_merged', 'call'));
    arrivals.set(identity, earlier === undefined ? result : merge(earlier, result));
  });
  return {
    accepted: intake.posted.length - rejected.length,
    arrivals: [...arrivals.values()],
    rejected,
    counts,
  };
}

function admitOne(posted: Posted, bounds: IntakeBounds, now: number): Arrival | Refusal {
  if ('problem' in posted) return { ...posted, reason: 'unreadable' };
  const result = draftOf(posted.body);
  if ('problem' in result) return { ...result, reason: 'invalid' };
  const { draft } = result;
  const time = draft.event.timestamp ?? now;
  if (time > now + AHEAD_MILLISECONDS_MAX)
    return { problem: 'timestamp: more than 24 hours ahead of the server', reason: 'future' };
  const bound = boundFields(draft, bounds);
  if ('problem' in bound) return { ...bound, reason: 'out_of_bounds' };
  const id = draft.event.id ?? mintId(draft.event.kind, time);
  const event = { ...draft.event, ...bound, id, timestamp: time, created_at: now } as EventOf[Kind];
  return {
    event,
    owner: ownerOf(event, bounds),
    statusRank: draft.statusRank,
    settled: draft.statusRank === STATUS_RANK.processing ? 0 : settledFields(event),
  };
}

type BoundFields = { project_id: string | null; workspace_id: string | null; virtual_key_id: string | null };

/** The fields that bounds speak of, filled in where the event is silent. */
function boundFields({ event }: Draft, bounds: IntakeBounds): BoundFields | { problem: string } {
  const { project_id = null, virtual_key_id = null } = bounds;
  if (project_id !== null && event.project_id !== null && event.project_id !== project_id)
    return { problem: `project_id: this key is bound to ${project_id}` };
  if (virtual_key_id !== null && event.virtual_key_id !== null && event.virtual_key_id !== virtual_key_id)
    return { problem: `virtual_key_id: this key is bound to ${virtual_key_id}` };
  const workspaces = bounds.workspace_ids ?? null;
  const workspace = event.workspace_id ?? (workspaces?.length === 1 ? (workspaces[0] ?? null) : null);
  if (workspaces !== null && workspace === null)
    return { problem: 'workspace_id: required, since this key is bound to several workspaces' };
  if (workspaces !== null && workspace !== null && !workspaces.includes(workspace))
    return { problem: 'workspace_id: outside the workspaces that this key is bound to' };
  return {
    project_id: event.project_id ?? project_id,
    workspace_id: workspace,
    virtual_key_id: event.virtual_key_id ?? virtual_key_id,
  };
}

/** A poster with narrow bounds has a name space of its own, so that it can never touch another's event by its id. */
function ownerOf(event: EventOf[Kind], bounds: IntakeBounds): string {
  const workspace = bounds.workspace_ids === undefined ? [] : [`workspace ${event.workspace_id}`];
  const virtualKey = bounds.virtual_key_id === undefined ? [] : [`virtual key ${bounds.virtual_key_id}`];
  return [...workspace, ...virtualKey].join(', ');
}

function idOf(posted: Posted): { id?: string } {
  const body = 'body' in posted ? posted.body : null;
  const id = typeof body === 'object' && body !== null && 'id' in body ? body.id : undefined;
  return typeof id === 'string' ? { id } : {};
}
