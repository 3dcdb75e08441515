/** Events whose every text holds the word of their place, so that whatever of them is shown gives itself away. */
import type { Place } from './identities.ts';

/** Events of one kind that a place has. */
export const EVENTS_OF_KIND = 3;

/** The ids of a place's events; each kind has the same ones, since ids are unique within a kind. */
export function idsOf({ word }: Place): readonly string[] {
  return Array.from({ length: EVENTS_OF_KIND }, (_, number) => `${word}-id-${number}`);
}

/** The server of a place's lines. */
export const serverOf = ({ word }: Place): string => `${word}-server`;

/** The events of a place: three of each kind. */
export function eventsOf(place: Place): readonly Record<string, unknown>[] {
  return idsOf(place).flatMap((id, number) => [
    toolCall(place, id, number),
    request(place, id, number),
    line(place, id, number),
  ]);
}

function home({ project, workspace, virtualKey, time }: Place, number: number): Record<string, unknown> {
  return {
    project_id: project,
    workspace_id: workspace,
    virtual_key_id: virtualKey,
    timestamp: time + number * 1000,
  };
}

function toolCall(place: Place, id: string, number: number): Record<string, unknown> {
  const { word } = place;
  return {
    ...home(place, number),
    type: 'tool_call',
    id,
    tool_name: `${word}-tool`,
    server_label: `${word}-label`,
    status: ['success', 'error', 'error'][number],
    arguments: { q: `${word} arguments`, [`${word}-key`]: number },
    result: { content: [{ type: 'text', text: `${word} result` }] },
    ...(number === 1
      ? { error: { message: `${word} error`, type: `${word}-type`, code: `${word}-code` } }
      : {}),
    ...(number === 2 ? {} : { latency_ms: 100 + number, cost: 0.5 + number }),
    virtual_key_name: `${word} named`,
    llm_request_id: `${word}-id-0`,
    request_id: `${word}-request`,
    trace_id: `${word}-trace`,
    session_id: `${word}-session-${number}`,
    sandbox_id: `${word}-sandbox`,
    user_id: `${word}-user`,
    connected_account_id: `${word}-account`,
    auth_config_id: `${word}-auth`,
    parent: { log_id: `${word}-parent`, tool_slug: `${word}-slug` },
    source: { host: `${word}-host`, framework: `${word}-framework`, language: `${word}-language` },
    message: `${word} message`,
    metadata: { note: `${word} metadata` },
  };
}

function request(place: Place, id: string, number: number): Record<string, unknown> {
  const { word } = place;
  return {
    ...home(place, number),
    type: 'request',
    id,
    model: `${word}-model`,
    provider: `${word}-provider`,
    status: [200, 500, 429][number],
    error: number === 0 ? null : `${word} error`,
    latency_ms: 10 + number,
    input_tokens: 7 + number,
    output_tokens: 3,
    cost: 0.25,
    user_id: `${word}-user`,
    session_id: `${word}-session`,
    trace_id: `${word}-trace`,
    metadata: { note: `${word} metadata` },
  };
}

function line(place: Place, id: string, number: number): Record<string, unknown> {
  const { word } = place;
  return {
    ...home(place, number),
    type: 'server_log',
    id,
    server_id: serverOf(place),
    message: `${word} message ${number}`,
    level: ['info', 'error', 'debug'][number],
    pod_name: `${word}-pod`,
    container_name: `${word}-container`,
    trace_id: `${word}-trace`,
    metadata: { note: `${word} metadata` },
  };
}
