/** The log events of Claude Code that are tool calls and requests. */
import type { JsonObject } from '../event/event.ts';
import { isJsonObject } from '../event/draft-schema.ts';
import { type Attributes, textOf, withoutGaps } from './otlp-attributes.ts';
import type { Origin } from './otlp-origin.ts';

const PREFIX = 'claude_code.';
const SERVICE = 'claude-code';

/** Claude Code does not name whom it asks; the models are Anthropic's. */
const PROVIDER = 'anthropic';

const STATUS_UNKNOWN_ERROR = 500;

/**
 * The fields of a tool call or a request that an event of Claude Code is; its attributes are taken out.
 * @param names what the record calls itself: the name of its event, its `event.name`, its body
 * @param endedAt epoch milliseconds; the events come when all is over, and a call's time is that of its start
 * @returns null for any other record, or when the event does not name its tool or its model
 */
export function claudeCodeFields(
  names: readonly (string | null)[],
  attributes: Attributes,
  endedAt: number | null,
  { resource }: Origin,
): JsonObject | null {
  const event = eventOf(names, resource);
  const fields =
    event === 'tool_result' && attributes.peek('tool_name') !== null
      ? toolCallFields(attributes, resource)
      : (event === 'api_request' || event === 'api_error') && attributes.peek('model') !== null
        ? requestFields(attributes, event === 'api_error')
        : null;
  if (fields === null) return null;
  const latency = attributes.amount('duration_ms');
  return {
    ...fields,
    latency_ms: latency,
    timestamp: endedAt === null ? null : Math.floor(endedAt - (latency ?? 0)),
    session_id: attributes.text('session.id'),
    user_id: attributes.text('user.email', 'user.id'),
  };
}

function eventOf(names: readonly (string | null)[], resource: JsonObject): string | null {
  const full = names.find((name) => name?.startsWith(PREFIX) === true) ?? null;
  if (full !== null) return full.slice(PREFIX.length);
  return resource['service.name'] === SERVICE ? (names.find((name) => name !== null) ?? null) : null;
}

function toolCallFields(attributes: Attributes, resource: JsonObject): JsonObject {
  const input = attributes.json('tool_input');
  const parameters = input === null ? attributes.json('tool_parameters') : null;
  const about = isJsonObject(parameters) ? parameters : {};
  const name = attributes.text('tool_name');
  const message = attributes.text('error');
  const type = attributes.text('error_type');
  const isError = attributes.text('success') === 'false' || message !== null;
  return {
    type: 'tool_call',
    // Tools of MCP servers are all called `mcp_tool`, and their own names are parameters.
    tool_name: textOf(about['mcp_tool_name']) ?? name,
    server_label:
      attributes.text('mcp_server_name') ??
      textOf(about['mcp_server_name']) ??
      textOf(resource['service.name']),
    arguments: input ?? parameters,
    ...(isError ? { status: 'error', error: withoutGaps({ type, message }) } : {}),
    request_id: attributes.text('tool_use_id'),
  };
}

function requestFields(attributes: Attributes, isError: boolean): JsonObject {
  return {
    type: 'request',
    model: attributes.text('model'),
    provider: PROVIDER,
    status: isError ? (attributes.count('status_code') ?? STATUS_UNKNOWN_ERROR) : 200,
    error: isError ? attributes.text('error') : null,
    input_tokens: attributes.count('input_tokens'),
    output_tokens: attributes.count('output_tokens'),
    cost: attributes.amount('cost_usd'),
  };
}
