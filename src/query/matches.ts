/** The in-memory reading of a filter: what SQL answers from D1, answered for one event at hand. */
import type { Event, EventOf, Kind } from '../event/event.ts';
import { asciiLowerCase } from '../event/text.ts';
import type { Condition, Filter } from './filter.ts';
import { searchNeedles } from './filter.ts';

/** Whether an event is what a filter asks for. */
export function matches<K extends Kind>(filter: Filter<K>, event: EventOf[K]): boolean {
  const { from, until } = filter.time;
  if (from !== null && event.timestamp < from) return false;
  if (until !== null && event.timestamp >= until) return false;
  return filter.conditions.every((condition) => holds(condition, event));
}

/**
 * The texts of an event that a search looks through: of a tool call its arguments and result as JSON and the message
 * of its error (contracts/mcp-logs.md, content_search), of a request its error, of a server line its message.
 */
export function searchedTexts(event: Event): readonly string[] {
  switch (event.kind) {
    case 'tool_call':
      return [jsonText(event.arguments), jsonText(event.result), event.error?.message ?? ''];
    case 'request':
      return [event.error ?? ''];
    case 'server_log':
      return [event.message];
  }
}

function jsonText(value: unknown): string {
  return value === null ? '' : JSON.stringify(value);
}

function holds(condition: Condition, event: Event): boolean {
  switch (condition.test) {
    case 'in': {
      const value = valueOf(event, condition.field);
      return (value !== null && condition.values.includes(String(value))) !== (condition.not ?? false);
    }
    case 'contains': {
      const value = valueOf(event, condition.field);
      return (
        (value !== null && contains(String(value), condition.text, condition.ignoreCase)) !==
        (condition.not ?? false)
      );
    }
    case 'between': {
      const value = valueOf(event, condition.field);
      return (
        typeof value === 'number' &&
        (condition.min === null || value >= condition.min) &&
        (condition.max === null || value <= condition.max)
      );
    }
    case 'search': {
      const needles = searchNeedles(event.kind, condition.text);
      return searchedTexts(event).some((text) => needles.some((needle) => contains(text, needle, true)));
    }
  }
}

function valueOf(event: Event, field: string): string | number | null {
  return (event as unknown as Record<string, string | number | null>)[field] ?? null;
}

function contains(text: string, part: string, ignoreCase: boolean): boolean {
  return ignoreCase ? asciiLowerCase(text).includes(asciiLowerCase(part)) : text.includes(part);
}
