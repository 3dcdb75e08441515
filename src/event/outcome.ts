/** What the result and the error of a tool call say about its outcome, whatever its status says. */
import type { Json, Outcome, ToolCallError, ToolCallStatus } from './event.ts';
import { OUTCOMES } from './event.ts';
import { isJsonObject } from './draft-schema.ts';
import { storableText } from './text.ts';

/** How the TypeScript SDK begins the text of every error that it makes of a JSON-RPC code. */
const MCP_ERROR_CODE = /^MCP error (-?\d+):/;

/** The status that goes with each outcome: an interim result is a success, whatever failed is an error. */
export const STATUS_OF_OUTCOME: Readonly<Record<Outcome, ToolCallStatus>> = {
  ok: 'success',
  input_required: 'success',
  tool_error: 'error',
  protocol_error: 'error',
  transport_error: 'error',
  denied: 'error',
  timeout: 'error',
  cancelled: 'error',
};

/** Codes to which JSON-RPC reserves a meaning: its own, and those of servers, among which MCP has its. */
const PROTOCOL_CODES = [
  { least: -32_700, most: -32_600 },
  { least: -32_099, most: -32_000 },
] as const;

/** `ErrorCode.ConnectionClosed` of the TypeScript SDK, with which its HTTP transport also refuses requests. */
const CONNECTION_CLOSED = -32_000;

/** `ErrorCode.RequestTimeout` of the same; with HTTP 404 it is its transport's "Session not found". */
const REQUEST_TIMEOUT = -32_001;

/**
 * Words of error types and codes: exceptions (`TimeoutError`), errno (`ECONNREFUSED`), gRPC (`PERMISSION_DENIED`). The
 * first that is found counts, so that a connection's timeout is a timeout, and a cancelled connection is not a call's.
 */
const WORDS: readonly { readonly word: RegExp; readonly outcome: Outcome }[] = [
  { word: /timed?[\s_-]*out(?!put)|deadline/i, outcome: 'timeout' },
  {
    word: /transport|connection|network|socket|^econn|^enotfound|^(?:service_?)?unavailable/i,
    outcome: 'transport_error',
  },
  { word: /cancell?ed|cancellation|^abort(?:ed|_?error)?$/i, outcome: 'cancelled' },
  { word: /denied|forbidden|unauthori[sz]ed|unauthenticated|authentication/i, outcome: 'denied' },
];

const HTTP_NOT_FOUND = 404;
const HTTP_ERROR_MIN = 400;

/** HTTP statuses that say more than that the transport failed; 499 is a client that closed its request. */
const HTTP_OUTCOMES: ReadonlyMap<number, Outcome> = new Map([
  [401, 'denied'],
  [403, 'denied'],
  [408, 'timeout'],
  [504, 'timeout'],
  [499, 'cancelled'],
]);

/**
 * The error inside an MCP `CallToolResult` with `isError: true` (contracts/events.md, "type: tool_call"): type
 * `tool_error`, the JSON-RPC code where the first text begins with `MCP error <code>:`, and that text as message.
 * @returns null for any other result
 */
export function errorOfResult(result: Json | undefined): ToolCallError | null {
  if (!isJsonObject(result) || result['isError'] !== true) return null;
  const message = firstText(result['content']);
  const code = message === null ? undefined : codeOfMessage(message);
  return {
    type: 'tool_error',
    ...(code === undefined ? {} : { code }),
    ...(message === null ? {} : { message: storableText(message) }),
  };
}

/** The JSON-RPC code at the beginning of a message of the TypeScript SDK; undefined for any other message. */
export function codeOfMessage(message: string): string | undefined {
  return MCP_ERROR_CODE.exec(message)?.[1];
}

/**
 * What a result proves of its outcome: an error of the protocol or of the tool, or that the server wants input first.
 * @returns null for one that proves nothing; without `resultType` it is complete
 */
export function outcomeOfResult(result: Json | undefined): Outcome | null {
  const error = errorOfResult(result);
  if (error !== null) return error.code === undefined ? 'tool_error' : 'protocol_error';
  return isJsonObject(result) && result['resultType'] === 'input_required' ? 'input_required' : null;
}

/**
 * The outcome of a tool call that does not say it itself; it always goes with the status.
 * @returns null for a call in flight
 */
export function outcomeOf(
  status: ToolCallStatus,
  error: ToolCallError | null,
  result: Json | undefined,
): Outcome | null {
  if (status === 'processing') return null;
  const proven = outcomeOfResult(result);
  if (proven !== null && STATUS_OF_OUTCOME[proven] === status) return proven;
  return status === 'success' ? 'ok' : outcomeOfError(error ?? {});
}

/** The layer at which a call failed, by the type of its error, its code and its HTTP status, in this order. */
function outcomeOfError({ type = '', code = '', message = '', status_code: status }: ToolCallError): Outcome {
  return (
    outcomeOfType(type) ??
    outcomeOfCode(Number(code || (codeOfMessage(message) ?? type)), status) ??
    outcomeOfWord(code) ??
    outcomeOfHttp(status ?? Number(type)) ??
    outcomeOfHttp(Number(code)) ??
    'tool_error'
  );
}

/** A type of `tool_error` says no more than that the call failed; its code may know the layer. */
function outcomeOfType(type: string): Outcome | undefined {
  const stated = OUTCOMES.find((outcome) => outcome === type && STATUS_OF_OUTCOME[outcome] === 'error');
  return stated === 'tool_error' ? undefined : (stated ?? outcomeOfWord(type));
}

function outcomeOfWord(text: string): Outcome | undefined {
  return WORDS.find(({ word }) => word.test(text))?.outcome;
}

function outcomeOfCode(code: number, status: number | undefined): Outcome | undefined {
  if (!PROTOCOL_CODES.some(({ least, most }) => code >= least && code <= most)) return undefined;
  if (code === CONNECTION_CLOSED) return 'transport_error';
  if (code === REQUEST_TIMEOUT) return status === HTTP_NOT_FOUND ? 'transport_error' : 'timeout';
  return 'protocol_error';
}

function outcomeOfHttp(status: number): Outcome | undefined {
  // A larger number is no HTTP status, and NaN is no number.
  if (!(status >= HTTP_ERROR_MIN && status < 600)) return undefined;
  return HTTP_OUTCOMES.get(status) ?? 'transport_error';
}

function firstText(content: Json | undefined): string | null {
  const part = Array.isArray(content)
    ? content.find((item) => isJsonObject(item) && 'text' in item)
    : undefined;
  return isJsonObject(part) && typeof part['text'] === 'string' ? part['text'] : null;
}
