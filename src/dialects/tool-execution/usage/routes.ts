/** Usage of the tool-execution dialect: how much was called, in sum and by group. The dialect mounts it. */
import { Hono } from 'hono';
import type { GateEnv } from '../../../edge/env.ts';
import { readJson } from '../../../edge/json.ts';
import type { ToolCall } from '../../../event/event.ts';
import type { EventReader } from '../../../query/event-reader.ts';
import type { Question } from '../../../query/query.ts';
import { warn } from '../response.ts';
import { BreakdownBody, SummaryBody, type EntityType } from './contract.ts';
import {
  toBreakdown,
  toEntityType,
  toEntityTypes,
  toGroupQuestion,
  toQuestion,
  type Breakdown,
} from './request.ts';
import { fromBreakdown, fromSummary, inOrder, type Amount, type Group } from './response.ts';

/** `POST` of the summary and of one entity type; credentials are the mounting router's. */
export const usage = new Hono<GateEnv>()
  .post('/summary', async (context) => {
    const { reader, credential } = context.var;
    const body = await readJson(context.req.raw, SummaryBody, {});
    warn(context, body.unknown);
    const amounts = toEntityTypes(body).map(
      async (entity) =>
        [entity, await measure(reader, toQuestion(body, entity, credential), entity)] as const,
    );
    return context.json(fromSummary(await Promise.all(amounts)));
  })
  .post('/:entity_type', async (context) => {
    const { reader, credential } = context.var;
    const entity = toEntityType(context.req.param('entity_type'));
    const body = await readJson(context.req.raw, BreakdownBody, {});
    warn(context, body.unknown);
    const breakdown = toBreakdown(body, entity, credential);
    const [total, groups] = await Promise.all([
      measure(reader, breakdown.question, entity),
      readGroups(reader, breakdown, entity),
    ]);
    return context.json(fromBreakdown(entity, total, groups));
  });

async function measure(
  reader: EventReader,
  question: Question<ToolCall['kind']>,
  entity: EntityType,
): Promise<Amount> {
  const [events, sessions] = await Promise.all([
    reader.count(question),
    entity === 'sessions' ? reader.countValues(question, 'session_id') : null,
  ]);
  return { quantity: sessions ?? events, events };
}

/**
 * The groups that are shown; calls without a value belong to none. Which groups of sessions those are is told by their
 * calls, and their order by the sessions that are counted in each.
 */
async function readGroups(
  reader: EventReader,
  breakdown: Breakdown,
  entity: EntityType,
): Promise<readonly Group[]> {
  const { question, field, order, limit, groupsRead } = breakdown;
  // One more than is wanted, since calls without a value come as a group too.
  const found = await reader.totalsByValue(question, field, groupsRead + 1);
  const groups = found.flatMap(({ value: key, total }) =>
    key === null ? [] : [{ key, quantity: total, events: total }],
  );
  const shown = inOrder(groups, order).slice(0, limit);
  if (entity === 'tool_calls') return shown;
  return inOrder(await Promise.all(shown.map((group) => ofSessions(reader, breakdown, group))), order);
}

/** A group with its number of sessions. One call has one session, and so has a session itself. */
async function ofSessions(reader: EventReader, breakdown: Breakdown, { key, events }: Group): Promise<Group> {
  if (events === 1 || breakdown.field === 'session_id') return { key, events, quantity: 1 };
  const quantity = await reader.countValues(toGroupQuestion(breakdown, key), 'session_id');
  return { key, events, quantity };
}
