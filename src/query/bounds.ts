/** Bounds: the part of the store that a credential may see, and the filter conditions that they amount to. */
import type { Kind } from '../event/event.ts';
import type { Condition, Filter } from './filter.ts';

/** What a credential is narrowed to; an absent field is unbounded (contracts/events.md, "Keys"). */
export type Bounds = {
  readonly project_id?: string | undefined;
  readonly workspace_ids?: readonly string[] | undefined;
  readonly virtual_key_id?: string | undefined;
};

/** Whether bounds leave anything out. */
export function isBounded({ project_id, workspace_ids, virtual_key_id }: Bounds): boolean {
  return project_id !== undefined || workspace_ids !== undefined || virtual_key_id !== undefined;
}

/** Whether everything that some bounds let through lies within others. */
export function areWithin(inner: Bounds, outer: Bounds): boolean {
  const { project_id, workspace_ids, virtual_key_id } = outer;
  return (
    (project_id === undefined || inner.project_id === project_id) &&
    (virtual_key_id === undefined || inner.virtual_key_id === virtual_key_id) &&
    (workspace_ids === undefined || (inner.workspace_ids?.every((id) => workspace_ids.includes(id)) ?? false))
  );
}

/** A filter that lets through only what the bounds allow. The store applies it to every query it answers. */
export function withinBounds<K extends Kind>(filter: Filter<K>, bounds: Bounds): Filter<K> {
  const conditions: Condition<K>[] = [...filter.conditions];
  if (bounds.project_id !== undefined)
    conditions.push({ test: 'in', field: 'project_id', values: [bounds.project_id] });
  if (bounds.workspace_ids !== undefined)
    conditions.push({ test: 'in', field: 'workspace_id', values: bounds.workspace_ids });
  if (bounds.virtual_key_id !== undefined)
    conditions.push({ test: 'in', field: 'virtual_key_id', values: [bounds.virtual_key_id] });
  return { ...filter, conditions };
}
