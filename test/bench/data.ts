/** The data of the bench: tool calls, model requests and server lines over thirty days, each made from its place alone. */
import type { EventOf, Kind, Level, ModelRequest, ServerLog, ToolCall } from '../../src/event/event.ts';
import { callArguments, callResult, prose } from './prose.ts';
import { below, logNormal, logUniform, randomAt, zipf, type Random } from './random.ts';

/** The sizes of the store, in tool calls. Each adds a pass over all thirty days to the ones before. */
export const SIZES = [10_000, 100_000, 1_000_000] as const;

/** What else is stored for each tool call. */
export const SHARES: Readonly<Record<Kind, number>> = { tool_call: 1, request: 0.1, server_log: 0.2 };

/** The window of time that the data fill, in milliseconds: 30 days but an hour, so that the last 30 days hold all. */
export const SPAN = 30 * 86_400_000 - 3_600_000;

const SERIES: Readonly<Record<Kind, number>> = { tool_call: 1, request: 2, server_log: 3 };

const VERBS = ['search', 'get', 'list', 'create', 'update', 'delete', 'send', 'run'];
const NOUNS = ['web', 'issue', 'file', 'page', 'message'];

/** Forty tools, the most frequent first; the n-th belongs to the server n modulo eight. */
export const TOOLS = NOUNS.flatMap((noun) => VERBS.map((verb) => `${verb}_${noun}`));

/** The labels of the servers that the tools belong to. */
export const SERVERS = ['browser', 'github', 'drive', 'notion', 'slack', 'linear', 'mail', 'shell'];

/** The providers of models. */
export const PROVIDERS = ['openai', 'anthropic', 'google', 'mistral', 'groq', 'cohere'];

/** The workspaces that server lines come from. */
export const WORKSPACES = Array.from(
  { length: 4 },
  (_, place) => `${place + 1}0000000-0000-4000-8000-000000000000`,
);

/** The servers of each workspace, the first the loudest. */
export const WORKSPACE_SERVERS = ['echo', 'browser', 'github', 'postgres', 'slack', 'files'];

const LEVEL_SHARES: readonly (readonly [Level, number])[] = [
  ['debug', 0.1],
  ['info', 0.8],
  ['warning', 0.93],
  ['error', 0.99],
  ['critical', 1],
];

const ERROR_SHARE = 0.03;
const PROCESSING_SHARE = 0.005;

const tool = zipf(TOOLS.length);
const key = zipf(20);
const user = zipf(200);
const session = zipf(5000);
const server = zipf(WORKSPACE_SERVERS.length);
const provider = zipf(PROVIDERS.length);

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';

/** The virtual key of a place among twenty. */
export function virtualKey(place: number): string {
  return `vk_${String(place).padStart(2, '0')}`;
}

/** The event of a kind at a place; `end` is the end of the thirty days in epoch milliseconds. */
export function eventAt<K extends Kind>(kind: K, place: number, end: number): EventOf[K] {
  const makers: { [E in Kind]: (random: Random, place: number, end: number) => EventOf[E] } = {
    tool_call: toolCall,
    request: modelRequest,
    server_log: serverLog,
  };
  return makers[kind](randomAt(SERIES[kind], place), place, end);
}

const GIVEN_ON_ARRIVAL: ReadonlySet<string> = new Set(['kind', 'id', 'timestamp', 'created_at']);

/** An event as `POST /v1/events` takes it, without its time, so that it happens when it is received. */
export function wireOf(event: EventOf[Kind], id: string): Record<string, unknown> {
  const fields = Object.entries(event).filter(
    ([name, value]) => value !== null && !GIVEN_ON_ARRIVAL.has(name),
  );
  return { type: event.kind, id, ...Object.fromEntries(fields) };
}

function toolCall(random: Random, place: number, end: number): ToolCall {
  const base = common(random, 'tool_call', place, end);
  const toolPlace = tool(random);
  const fate = random();
  const isProcessing = fate < PROCESSING_SHARE;
  const isError = !isProcessing && fate < PROCESSING_SHARE + ERROR_SHARE;
  const characters = logUniform(random, 200, 4096);
  const keyPlace = key(random);
  return {
    ...base,
    kind: 'tool_call',
    status: isProcessing ? 'processing' : isError ? 'error' : 'success',
    tool_name: TOOLS[toolPlace] ?? '',
    server_label: SERVERS[toolPlace % SERVERS.length] ?? '',
    arguments: callArguments(random, characters / 4),
    result: isProcessing || isError ? null : callResult(random, (characters * 3) / 4),
    error: isError ? { type: 'tool_error', code: '-32000', message: prose(random, 80) } : null,
    latency_ms: isProcessing ? null : Math.round(logNormal(random, 180, 1.1) * 10) / 10,
    cost: !isProcessing && random() < 0.5 ? Math.round(logNormal(random, 0.002, 1) * 1e6) / 1e6 : null,
    virtual_key_id: virtualKey(keyPlace),
    virtual_key_name: `key ${keyPlace}`,
    llm_request_id: random() < 0.8 ? textId('req_', base.timestamp, random) : null,
    request_id: textId('', base.timestamp, random),
    session_id: `session-${session(random)}`,
    sandbox_id: null,
    user_id: `user-${user(random)}`,
    connected_account_id: random() < 0.3 ? `account-${below(random, 300)}` : null,
    auth_config_id: null,
    parent: null,
    source: { host: 'gateway', framework: 'mcp' },
    message: null,
    level: null,
    outcome: isProcessing ? null : isError ? 'tool_error' : 'ok',
  };
}

function modelRequest(random: Random, place: number, end: number): ModelRequest {
  const providerPlace = provider(random);
  const fate = random();
  const status = fate < 0.94 ? 200 : fate < 0.97 ? 429 : fate < 0.99 ? 500 : 400;
  return {
    ...common(random, 'request', place, end),
    kind: 'request',
    provider: PROVIDERS[providerPlace] ?? '',
    model: `${PROVIDERS[providerPlace]}-model-${below(random, 3)}`,
    status,
    latency_ms: Math.round(logNormal(random, 900, 0.8)),
    input_tokens: Math.round(logUniform(random, 50, 20_000)),
    output_tokens: Math.round(logUniform(random, 10, 4000)),
    error: status === 200 ? null : prose(random, 60),
    virtual_key_id: virtualKey(key(random)),
    user_id: `user-${user(random)}`,
    session_id: `session-${session(random)}`,
    cost: Math.round(logNormal(random, 0.004, 1) * 1e6) / 1e6,
  };
}

function serverLog(random: Random, place: number, end: number): ServerLog {
  const fate = random();
  const serverPlace = server(random);
  const serverId = WORKSPACE_SERVERS[serverPlace] ?? '';
  return {
    ...common(random, 'server_log', place, end),
    kind: 'server_log',
    workspace_id: WORKSPACES[below(random, WORKSPACES.length)] ?? '',
    server_id: serverId,
    level: LEVEL_SHARES.find(([, share]) => fate < share)?.[0] ?? 'info',
    message: prose(random, logUniform(random, 40, 400)),
    pod_name: `${serverId}-${below(random, 3)}`,
    container_name: serverId,
  };
}

function common(random: Random, kind: Kind, place: number, end: number) {
  const timestamp = timeAt(kind, place, end, random());
  return {
    id: textId(kind === 'request' ? 'req_' : 'log_', timestamp, random),
    timestamp,
    created_at: timestamp,
    project_id: `project-${below(random, 5)}`,
    workspace_id: null,
    virtual_key_id: null,
    trace_id: null,
    metadata: null,
  };
}

/** Within a pass time only rises, as it does where events arrive; each pass covers the whole window. */
function timeAt(kind: Kind, place: number, end: number, jitter: number): number {
  let first = 0;
  for (const size of SIZES) {
    const last = Math.round(size * SHARES[kind]);
    if (place < last) return Math.floor(end - SPAN + (SPAN * (place - first + jitter)) / (last - first));
    first = last;
  }
  return end;
}

/** Ids rise with time, as minted ones do (src/event/id.ts). */
function textId(prefix: string, time: number, random: Random): string {
  let digits = '';
  for (let rest = time; digits.length < 10; rest = Math.floor(rest / 32))
    digits = CROCKFORD.charAt(rest % 32) + digits;
  for (let place = 0; place < 16; place++) digits += CROCKFORD.charAt(below(random, 32));
  return prefix + digits;
}
