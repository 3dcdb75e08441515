/** What the result of a tool call says about its outcome, whatever its status says. */
import type { Json, ToolCallError } from './event.ts';
import { isJsonObject } from './draft-schema.ts';
import { storableText } from './text.ts';

const MCP_ERROR_CODE = /^MCP error (-?\d+):/;

/**
 * The error inside an MCP `CallToolResult` with `isError: true` (contracts/events.md, "type: tool_call"): type
 * `tool_error`, the JSON-RPC code where the first text begins with `MCP error <code>:`, and that text as message.
 * @returns null for any other result
 */
export function errorOfResult(result: Json | undefined): ToolCallError | null {
  if (!isJsonObject(result) || result['isError'] !== true) return null;
  const message = firstText(result['content']);
  const code = message === null ? undefined : MCP_ERROR_CODE.exec(message)?.[1];
  return {
    type: 'tool_error',
    ...(code === undefined ? {} : { code }),
    ...(message === null ? {} : { message: storableText(message) }),
  };
}

function firstText(content: Json | undefined): string | null {
  const part = Array.isArray(content)
    ? content.find((item) => isJsonObject(item) && 'text' in item)
    : undefined;
  return isJsonObject(part) && typeof part['text'] === 'string' ? part['text'] : null;
}
