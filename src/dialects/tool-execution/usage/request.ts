/** Requests of usage, turned into questions. */
import { Problem } from '../../../edge/problem.ts';
import type { ToolCall } from '../../../event/event.ts';
import type { Credential } from '../../../query/credential.ts';
import type { Condition } from '../../../query/filter.ts';
import type { Question } from '../../../query/query.ts';
import { EVENT_FIELDS, FINISHED } from '../request.ts';
import {
  ENTITY_TYPES,
  EntityType,
  GROUPS_READ_MAX,
  RANGE_DEFAULT,
  SESSION_GROUPS_MAX,
  type BreakdownBody,
  type CommonBody,
  type SummaryBody,
} from './contract.ts';

type Kind = ToolCall['kind'];

/** An order of groups; those that are equal in it stay as they are. */
export type GroupOrder = Pick<BreakdownBody, 'order_by' | 'order_direction'>;

/** A breakdown as it is wanted. */
export type Breakdown = {
  readonly question: Question<Kind>;
  readonly field: (typeof EVENT_FIELDS)[BreakdownBody['group_by']];
  readonly order: GroupOrder;
  /** Groups that are shown at most. */
  readonly limit: number;
  /** Groups that are read at most, the most frequent ones: those that are shown are among them. */
  readonly groupsRead: number;
};

/** Every text contains the empty one, so this asks for the calls that have a session. */
const HAS_SESSION: Condition<Kind> = { test: 'contains', field: 'session_id', text: '', ignoreCase: false };

/**
 * The entity type that a path names.
 * @throws Problem `invalid_request` that lists the known ones
 */
export function toEntityType(name: string): EntityType {
  const { success, data, error } = EntityType.safeParse(name);
  if (success) return data;
  throw new Problem('invalid_request', error.issues.map((issue) => issue.message).join('; '));
}

/** The entity types of a summary, each once: those that are named, or all. */
export function toEntityTypes({ entity_types: named }: SummaryBody): readonly EntityType[] {
  return named.length === 0 ? ENTITY_TYPES : ENTITY_TYPES.filter((entity) => named.includes(entity));
}

/** The question for the calls that an entity type is metered by: all finished ones, or those of a session. */
export function toQuestion(
  { from, to, filters }: CommonBody,
  entity: EntityType,
  { bounds }: Credential,
): Question<Kind> {
  const time = { from: from ?? to - RANGE_DEFAULT, until: to };
  const conditions = [
    FINISHED,
    ...oneOf('user_id', filters.user_id),
    ...oneOf('session_id', filters.session_id),
    ...(entity === 'sessions' ? [HAS_SESSION] : []),
  ];
  return { kind: 'tool_call', bounds, filter: { time, conditions } };
}

/**
 * A breakdown as it is wanted. The most frequent groups come first from the reader; any other order is made in memory
 * from more of them than are shown. A session itself needs no query to count its sessions.
 */
export function toBreakdown(body: BreakdownBody, entity: EntityType, credential: Credential): Breakdown {
  const { group_by: groupBy, order_by, order_direction } = body;
  const isCounted = entity === 'sessions' && groupBy !== 'session_id';
  const limit = isCounted ? Math.min(body.limit, SESSION_GROUPS_MAX) : body.limit;
  const isReadersOrder = order_by !== 'key' && order_direction === 'desc';
  return {
    question: toQuestion(body, entity, credential),
    field: EVENT_FIELDS[groupBy],
    order: { order_by, order_direction },
    limit,
    groupsRead: isReadersOrder ? limit : GROUPS_READ_MAX,
  };
}

/** The part of a question that is one group of a breakdown. */
export function toGroupQuestion({ question, field }: Breakdown, key: string): Question<Kind> {
  const { filter } = question;
  const conditions: Condition<Kind>[] = [...filter.conditions, { test: 'in', field, values: [key] }];
  return { ...question, filter: { ...filter, conditions } };
}

function oneOf(field: 'user_id' | 'session_id', given?: readonly string[] | null): Condition<Kind>[] {
  const values = given ?? [];
  return values.length === 0 ? [] : [{ test: 'in', field, values }];
}
