/** Answers of usage: amounts in Composio's shapes. */
import type { EntityType } from './contract.ts';
import type { GroupOrder } from './request.ts';

/** How much of an entity type there is, and how many calls that is told by. */
export type Amount = { readonly quantity: number; readonly events: number };

/** The amount of one group, under the value that its calls share. */
export type Group = Amount & { readonly key: string };

/** What every entity type is counted in. */
const UNIT = 'count';

/** The answer to a summary. */
export function fromSummary(amounts: readonly (readonly [EntityType, Amount])[]): Record<string, unknown> {
  const entities = amounts.map(
    ([entity, amount]) => [entity, { unit: UNIT, ...fromAmount(amount) }] as const,
  );
  return { entities: Object.fromEntries(entities) };
}

/**
 * The answer to a breakdown.
 * @param total the amount of all calls, those that belong to no group included
 */
export function fromBreakdown(
  entity: EntityType,
  total: Amount,
  groups: readonly Group[],
): Record<string, unknown> {
  return {
    entity_type: entity,
    unit: UNIT,
    ...fromAmount(total),
    groups: groups.map((group) => ({ key: group.key, ...fromAmount(group) })),
  };
}

/** Groups in an order. */
export function inOrder(groups: readonly Group[], order: GroupOrder): readonly Group[] {
  const sign = order.order_direction === 'asc' ? 1 : -1;
  return groups.toSorted((one, other) => sign * compare(rank(one, order), rank(other, order)));
}

function rank({ key, quantity, events }: Group, { order_by: by }: GroupOrder): string | number {
  switch (by) {
    case 'key':
      return key;
    case 'total_quantity':
      return quantity;
    case 'event_count':
      return events;
  }
}

function compare(one: string | number, other: string | number): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** A quantity is a text, since other units than counts need not fit a number. */
function fromAmount({ quantity, events }: Amount): Record<string, unknown> {
  return { total_quantity: String(quantity), event_count: events };
}
