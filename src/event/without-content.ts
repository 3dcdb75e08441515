/** Metadata only: what stays of a body when its poster's key may store no content. */
import { isJsonObject, NESTING_LEVELS_MAX } from './draft-schema.ts';
import { OUTCOMES, type Json, type JsonObject } from './event.ts';
import { parseLine } from './line.ts';
import { codeOfMessage, errorOfResult, outcomeOfResult, STATUS_OF_OUTCOME } from './outcome.ts';

/**
 * Names of content, ours and those of producers, alone or after a dot or underscore: `gen_ai.input.messages`. The text
 * of an exception and its stack quote what they were about: `error_str`, `exception.stacktrace`.
 */
const CONTENT_NAME =
  /(?:^|[._])(?:arguments|result|messages?|line|prompt|prompt_json|completion|completion_json|input|output|request|response|payload|content|body|text|error_str|traceback|stack|stack_?trace)$/i;

/**
 * Drops `arguments`, `result`, `message`, `line` and the message of `error` from a body, and from its metadata and
 * unknown fields whatever is named like content. What they prove stays: that a result was an error and which, that it
 * asked for input, and the time and level of a line. A server line keeps an empty message, since it cannot be without one.
 * @param body one posted body; anything but an object is given back
 */
export function withoutContent(body: unknown): unknown {
  if (!isJsonObject(body)) return body;
  const { error: _error, ...others } = body;
  return {
    ...(pruned(others, 0) as JsonObject),
    ...outcomeWithout(body),
    ...errorWithout(body),
    ...lineWithout(body),
  };
}

function pruned(value: Json, level: number): Json {
  if (typeof value !== 'object' || value === null || level > NESTING_LEVELS_MAX) return value;
  if (!isJsonObject(value)) return value.map((item) => pruned(item, level + 1));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !CONTENT_NAME.test(name))
      .map(([name, item]) => [name, pruned(item, level + 1)]),
  );
}

/** What the result proves of its outcome, where what the body says of it can stand beside (see `verdictOf`). */
function outcomeWithout(body: JsonObject): JsonObject {
  const proven = outcomeOfResult(body['result']);
  if (proven === null) return {};
  const { outcome = null, status = null, error = null } = body;
  if (STATUS_OF_OUTCOME[proven] === 'success') {
    const isSuccess = status === 'success' || (status === null && error === null);
    return outcome === null && isSuccess ? { outcome: proven } : {};
  }
  const said = OUTCOMES.find((word) => word === outcome);
  const isRefuted = said !== undefined && STATUS_OF_OUTCOME[said] === 'success';
  return outcome === null || isRefuted ? { outcome: proven } : {};
}

function errorWithout(body: JsonObject): JsonObject {
  const proven = errorOfResult(body['result']);
  const stated = body['error'] ?? null;
  if (proven === null && (stated === null || stated === '')) return {};
  // The error of a model request is a text and nothing else; its status says that it failed.
  if (typeof stated === 'string' && typeof body['status'] === 'number') return {};
  const { message: _provenText, ...cause } = proven ?? {};
  const { message: text, ...details } = isJsonObject(stated) ? stated : { message: stated };
  const code = typeof text === 'string' ? codeOfMessage(text) : undefined;
  return {
    ...(proven === null ? {} : { status: 'error' }),
    error: { ...(code === undefined ? {} : { code }), ...cause, ...details },
  };
}

function lineWithout(body: JsonObject): JsonObject {
  const { line, message } = body;
  const isUntyped = (body['type'] ?? null) === null && (body['tool_name'] ?? null) === null;
  const isServerLog = body['type'] === 'server_log' || (isUntyped && (body['server_id'] ?? null) !== null);
  if (!isServerLog || (typeof line !== 'string' && typeof message !== 'string')) return {};
  const parsed = typeof line === 'string' ? parseLine(line) : { timestamp: null, level: null };
  const timestamp = body['timestamp'] ?? parsed.timestamp;
  const level = body['level'] ?? parsed.level;
  return {
    message: '',
    ...(timestamp === null ? {} : { timestamp }),
    ...(level === null ? {} : { level }),
  };
}
