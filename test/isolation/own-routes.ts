/** The routes of gatelog's own surface, but for the doors of producers. */
import type { Body } from '../world.ts';
import type { Call, Place } from './identities.ts';
import { idsOf, serverOf } from './marked-events.ts';
import type { RouteCase } from './route-case.ts';

/** Forged events over the ids of a place, as somebody would post them who knows all of it but the key. */
function forged(of: Place): readonly object[] {
  const ids = idsOf(of);
  const bare = ids.flatMap((id) => [
    { type: 'tool_call', id, tool_name: 'forged', status: 'error', error: 'forged', cost: 9 },
    { type: 'request', id, model: 'forged', provider: 'forged', status: 599 },
    { type: 'server_log', id, workspace_id: of.workspace, server_id: serverOf(of), message: 'forged' },
  ]);
  const named = bare.map((event) => ({ ...event, project_id: of.project, workspace_id: of.workspace }));
  return [...bare, ...named, ...named.map((event) => ({ ...event, virtual_key_id: of.virtualKey }))];
}

const admin = (more: Omit<RouteCase, 'scope'>): RouteCase => ({ scope: 'admin', takesCookie: true, ...more });

function letters(askFor: (id: string) => Call): NonNullable<RouteCase['guesses']> {
  return {
    ask: askFor,
    list: { path: '/v1/dead-letters' },
    ids: ({ dead_letters }, of) =>
      dead_letters.flatMap((letter: Body) => (JSON.stringify(letter).includes(of.word) ? letter.id : [])),
    unknown: '999999999',
  };
}

/** Every one of them. */
export const OWN_ROUTES: Readonly<Record<string, RouteCase>> = {
  'GET /': { scope: 'open', reads: () => [{ path: '/' }] },
  'GET /healthz': { scope: 'open', reads: () => [{ path: '/healthz' }] },
  'GET /readyz': { scope: 'open', reads: () => [{ path: '/readyz' }] },
  'POST /v1/events': {
    scope: 'ingest',
    takesCookie: true,
    writes: (of) => [
      ...forged(of).map((event) => ({ path: '/v1/events?wait=true', body: event })),
      { path: `/v1/events?wait=true&project_id=${of.project}`, body: forged(of) },
      { path: '/v1/events', body: forged(of), headers: { 'idempotency-key': `${of.word} once` } },
    ],
  },
  'POST /v1/session': { scope: 'open', holdsNothing: 'it gives nothing but what its key may see; test/edge' },
  'DELETE /v1/session': {
    scope: 'open',
    holdsNothing: 'it ends the session whose cookie it is given; test/edge',
  },
  'GET /v1/keys': admin({ reads: () => [{ path: '/v1/keys' }] }),
  'POST /v1/keys': admin({
    writes: (of) => [
      { path: '/v1/keys', body: { name: 'forged', scopes: ['read'], project_id: of.project } },
      {
        path: '/v1/keys',
        body: { name: 'forged', scopes: ['read'], workspace_ids: [of.workspace], project_id: of.project },
      },
    ],
  }),
  'DELETE /v1/keys/:id': admin({
    guesses: {
      ask: (id) => ({ path: `/v1/keys/${id}`, method: 'DELETE' }),
      list: { path: '/v1/keys' },
      ids: ({ keys }, of) => keys.flatMap((key: Body) => (key.name.includes(of.word) ? key.id : [])),
      unknown: 'key_00000000-0000-4000-8000-000000000000',
    },
  }),
  'GET /v1/audit': admin({ isUnboundedOnly: true, reads: () => [{ path: '/v1/audit?limit=1000' }] }),
  'GET /metrics': {
    scope: 'metrics',
    takesCookie: true,
    isUnboundedOnly: true,
    reads: () => [{ path: '/metrics' }],
  },
  'GET /v1/retention': admin({ reads: () => [{ path: '/v1/retention' }] }),
  'PUT /v1/retention': admin({
    writes: (of) =>
      ['tool_call', 'request', 'server_log'].map((kind) => ({
        path: '/v1/retention',
        method: 'PUT',
        body: { kind, project_id: of.project, payload_days: 0, row_days: 1 },
      })),
  }),
  'GET /v1/dead-letters': admin({
    reads: () => [{ path: '/v1/dead-letters' }, { path: '/v1/dead-letters?limit=1' }],
  }),
  'POST /v1/dead-letters/:id/resend': admin({
    guesses: letters((id) => ({ path: `/v1/dead-letters/${id}/resend?wait=true`, method: 'POST' })),
  }),
  'DELETE /v1/dead-letters/:id': admin({
    guesses: letters((id) => ({ path: `/v1/dead-letters/${id}`, method: 'DELETE' })),
  }),
};
