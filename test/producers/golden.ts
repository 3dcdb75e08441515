/** Bodies as their producers' documents give them, one or more for each gateway, and a delivery that carries one. */
import { FINGERPRINT_KEY_BYTES, openFingerprint } from '../../src/event/fingerprint.ts';
import type { Posted } from '../../src/event/intake.ts';
import { draftOf, type DraftOf } from '../../src/event/draft.ts';
import type { Kind } from '../../src/event/event.ts';
import type { Delivery } from '../../src/producers/producer.ts';

/** A delivery of a text, with headers and parameters. */
export function deliveryOf(
  text: string,
  headers: Record<string, string> = {},
  parameters: Record<string, string> = {},
): Delivery {
  return {
    bytes: new TextEncoder().encode(text),
    text,
    header: (name) => headers[name] ?? null,
    headersUnder: (prefix) =>
      Object.fromEntries(
        Object.entries(headers).flatMap(([name, value]) =>
          name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [],
        ),
      ),
    parameter: (name) => parameters[name] ?? null,
    receivedAt: Date.parse('2026-01-01T00:00:10Z'),
    fingerprint: openFingerprint(new Uint8Array(FINGERPRINT_KEY_BYTES)),
  };
}

/** The draft that admission makes of a posted body. */
export function draft<K extends Kind>(kind: K, posted: Posted | undefined): DraftOf[K] {
  if (posted === undefined || 'problem' in posted) throw new Error(posted?.problem ?? 'nothing was posted');
  const result = draftOf(posted.body);
  if ('problem' in result) throw new Error(result.problem);
  if (result.draft.event.kind !== kind) throw new Error(`it is a ${result.draft.event.kind}`);
  return result.draft.event as DraftOf[K];
}

export const LITELLM_TOOL = {
  id: 'call-id',
  trace_id: 't',
  call_type: 'call_mcp_tool',
  status: 'success',
  response_cost: 0.01,
  startTime: 1767225600.1,
  endTime: 1767225600.5,
  response_time: 0.4,
  model: 'MCP: get_weather',
  prompt_tokens: 0,
  completion_tokens: 0,
  request_tags: [],
  error_str: null,
  error_information: null,
  metadata: {
    user_api_key_hash: 'hash-1',
    user_api_key_alias: 'prod',
    user_api_key_team_id: 't1',
    user_api_key_project_id: null,
    spend_logs_metadata: null,
    mcp_tool_call_metadata: {
      name: 'get_weather',
      arguments: { city: 'Paris' },
      result: { temp_c: 21 },
      mcp_server_name: 'weather-mcp',
      namespaced_tool_name: 'weather-mcp/get_weather',
      mcp_server_cost_info: {
        default_cost_per_query: 0.01,
        tool_name_to_cost_per_query: { get_weather: 0.05 },
      },
      mcp_session_id: 'sess',
    },
  },
  messages: [],
  response: {},
  model_parameters: {},
  hidden_params: {},
};

export const LITELLM_FAILURE = {
  id: 'chatcmpl-9',
  trace_id: 't',
  call_type: 'acompletion',
  status: 'failure',
  response_cost: 0,
  startTime: '2026-01-01T00:00:00.250Z',
  endTime: '2026-01-01T00:00:01Z',
  model: 'gpt-4o',
  custom_llm_provider: 'openai',
  prompt_tokens: 9,
  completion_tokens: 0,
  error_str: 'RateLimitError: slow down',
  error_information: { error_code: '429', error_class: 'RateLimitError', llm_provider: 'openai' },
  metadata: { user_api_key_hash: 'hash-1', user_api_key_team_id: 't1', user_api_key_project_id: 'p1' },
  messages: [{ role: 'user', content: 'hi' }],
  response: null,
};

/** What `generic_api_use_v1` makes of a call: each value is Python's `str` of what it was. */
export const LITELLM_STRINGS = {
  id: 'chatcmpl-1',
  call_type: 'acompletion',
  cache_hit: 'False',
  startTime: '2026-01-01 00:00:00.500000',
  endTime: '2026-01-01 00:00:02',
  model: 'openai/gpt-4o',
  user: 'u1',
  modelParameters: "{'temperature': 0.5, 'stop': None}",
  messages: `[{'role': 'user', 'content': "it's \\n here"}]`,
  response: "ModelResponse(id='chatcmpl-1', choices=[Choices(index=0)])",
  usage: 'Usage(completion_tokens=2, prompt_tokens=9, total_tokens=11, prompt_tokens_details=None)',
  metadata: "{'user_api_key': 'hash-1', 'user_api_key_team_id': 't1', 'auth': UserAPIKeyAuth(token='x')}",
  cost: '0.002',
};

export const LITELLM_ALERT = {
  spend: 101,
  max_budget: 100,
  token: '88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f1243fe6b4b',
  user_id: 'u1',
  event: 'budget_crossed',
  event_group: 'user',
  event_message: 'User Budget: Budget Crossed',
};

export const PORTKEY_LOG = {
  request: {
    json: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] },
    text: 'hi',
    isStreamingRequest: false,
    isTransformed: false,
    headers: {
      'x-portkey-metadata': '{"_user":"u1","project":"p1"}',
      'x-portkey-trace-id': 'tr1',
    },
  },
  response: {
    json: { id: 'chatcmpl-1', usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 } },
    text: 'hello',
    statusCode: 200,
    isTransformed: false,
  },
  provider: 'openai',
  requestType: 'chatComplete',
  metadata: { _user: 'u1', project: 'p1', plan: 'free' },
};

export const PORTKEY_BEFORE = {
  request: { json: { model: 'gpt-4o-mini' }, text: 'hi', isStreamingRequest: false, isTransformed: false },
  response: { json: {}, text: '', statusCode: null, isTransformed: false },
  provider: 'openai',
  requestType: 'chatComplete',
  metadata: {},
  eventType: 'beforeRequestHook',
};

export const KONG_MCP = {
  request: { id: 'aa11', method: 'POST', uri: '/mcp', size: 210 },
  response: { status: 200, size: 800 },
  latencies: { request: 60, kong: 5, proxy: 55 },
  started_at: 1767225600123,
  service: { id: 's1', name: 'weather' },
  route: { id: 'r1', name: 'weather-route' },
  consumer: { id: 'c1', username: 'alice' },
  ai: {
    mcp: {
      mcp_session_id: 'sess',
      rpc: [
        {
          method: 'tools/call',
          id: '4',
          latency: 12,
          tool_name: 'get_weather',
          response_body_size: 120,
          payload: {
            request:
              '{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"get_weather","arguments":{"city":"Paris"}}}',
            response:
              '{"jsonrpc":"2.0","id":4,"result":{"content":[{"type":"text","text":"21"}],"isError":false}}',
          },
        },
        {
          method: 'tools/call',
          id: '5',
          latency: 3,
          tool_name: 'drop_table',
          error: 'Invalid params',
          payload: {
            response:
              'event: message\ndata: {"jsonrpc":"2.0","id":5,"error":{"code":-32602,"message":"Invalid params"}}\n\n',
          },
        },
      ],
      audit: [
        {
          primitive_name: 'get_weather',
          primitive: 'tool',
          action: 'allow',
          consumer: { id: 'c1', name: 'alice' },
        },
      ],
    },
    sanitizer: {
      duration: 4,
      sanitized_items: [{ entity_type: 'EMAIL', original: 'jane@example.org', redact_text: 'PLACEHOLDER1' }],
    },
  },
};

export const KONG_MODEL = {
  request: { id: 'bb22', uri: '/chat' },
  response: { status: 200 },
  latencies: { request: 900, kong: 5, proxy: 895 },
  started_at: 1767225600123,
  ai: {
    proxy: {
      meta: {
        request_model: 'gpt-4o',
        response_model: 'gpt-4o-2024-08-06',
        provider_name: 'openai',
        llm_latency: 850,
      },
      usage: {
        prompt_tokens: 9,
        completion_tokens: 2,
        total_tokens: 11,
        cost: 0.0038,
        time_to_first_token: 90,
      },
    },
  },
};

export const HELICONE_TOOL = {
  providerRequest: {
    url: 'custom-model-nopath',
    json: { _type: 'tool', toolName: 'search', input: { q: 'a' } },
    meta: {},
  },
  providerResponse: {
    headers: { 'Helicone-User-Id': 'u1' },
    status: 200,
    json: { _type: 'tool', toolName: 'search', status: 'success', message: 'ok' },
  },
  timing: {
    startTime: { seconds: 1795204319, milliseconds: 735 },
    endTime: { seconds: 1795204319, milliseconds: 935 },
  },
};

export const HELICONE_MODEL = {
  providerRequest: {
    url: 'custom-model-nopath',
    json: { model: 'llama-3', messages: [] },
    meta: { team: 'red' },
  },
  providerResponse: {
    headers: {},
    status: 200,
    json: { usage: { prompt_tokens: 10, completion_tokens: 20 } },
  },
  timing: {
    startTime: { seconds: 1795204319, milliseconds: 0 },
    endTime: { seconds: 1795204320, milliseconds: 500 },
    timeToFirstToken: 120,
  },
  provider: 'OPENAI',
};

/** Events of `POST /v1/events` itself, some of which look like a gateway's record on purpose. */
export const CANONICAL = [
  { tool_name: 'search', status: 'success' },
  { type: 'tool_call', ...HELICONE_TOOL },
  { tool_name: 'search', call_type: 'call_mcp_tool', startTime: 1, endTime: 2, id: 'x' },
  { model: 'gpt-4o', provider: 'openai', status: 200, call_type: 'c', startTime: 1, endTime: 2, id: 'x' },
  {
    model: 'gpt-4o',
    provider: 'openai',
    status: 200,
    requestType: 'chat',
    request: { json: {} },
    response: {},
  },
  { type: 'request', model: 'm', provider: 'p', status: 200, ai: {}, request: {}, started_at: 1 },
  { server_id: 's', message: 'm', event: 'e', event_group: 'g', event_message: 'm' },
  [{ tool_name: 'a' }, { tool_name: 'b' }],
  { events: [{ tool_name: 'a' }] },
];
