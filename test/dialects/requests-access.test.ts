/** requests: one request by its id, who may see what, and every error, as clients see them (contracts/requests.md). */
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { requests } from '../../src/dialects/requests/routes.ts';
import { createGate } from '../../src/edge/gate.ts';
import { StoreFailure, type EventReader } from '../../src/query/event-reader.ts';
import { ORIGIN, world, type Body } from '../world.ts';

const PATH = '/v1/requests';

/** A request on the wire with what is required, and these fields. */
function modelRequest(fields: Body = {}): Body {
  return { model: 'gpt-4o', provider: 'openai', status: 200, timestamp: 1_731_666_765_123, ...fields };
}

function ids(body: Body): string[] {
  return body.data.map((row: Body) => row.id);
}

describe('one request', () => {
  test('has the ten keys, what else was recorded, and its tool calls in the order in which they were made', async () => {
    const { post, ask, project } = await world();
    const recorded = {
      id: 'req-1',
      timestamp: '2024-11-15T10:32:45.120Z',
      model: 'gpt-4o',
      provider: 'openai',
      status: 200,
      latency_ms: 843.5,
      input_tokens: 512,
      output_tokens: 0,
      project_id: project,
      error: null,
      virtual_key_id: 'vk-1',
      user_id: 'user-1',
      session_id: 'session-1',
      trace_id: 'trace-1',
      cost: 0.0125,
      metadata: { region: 'eu', nested: [1, null] },
    };
    await post([
      recorded,
      { id: 'late', tool_name: 'fetch', timestamp: 1_500_000_000_000, llm_request_id: 'req-1', error: 'no' },
      { id: 'early', tool_name: 'search', timestamp: 1_000_000_000_000, llm_request_id: 'req-1' },
      {
        id: 'open',
        tool_name: 'write',
        timestamp: 1_000_000_000_001,
        llm_request_id: 'req-1',
        status: 'processing',
      },
      { id: 'other', tool_name: 'search', llm_request_id: 'req-2' },
    ]);
    const response = await ask(`${PATH}/req-1`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      ...recorded,
      tool_calls: [
        { id: 'early', name: 'search', status: 'success' },
        { id: 'open', name: 'write', status: 'processing' },
        { id: 'late', name: 'fetch', status: 'error' },
      ],
    });
    expect((await ask(`${PATH}/req-1`, { method: 'HEAD' })).status).toBe(200);
  });

  test('has nulls and no tool calls where nothing was recorded', async () => {
    const { post, json } = await world();
    await post([modelRequest({ id: 'bare' })]);
    expect(await json(`${PATH}/bare`)).toMatchObject({
      virtual_key_id: null,
      user_id: null,
      session_id: null,
      trace_id: null,
      cost: null,
      metadata: null,
      tool_calls: [],
    });
  });

  test('shows a hundred tool calls at most', async () => {
    const { post, json } = await world();
    const calls = Array.from({ length: 101 }, () => ({ tool_name: 'search', llm_request_id: 'busy' }));
    await post([modelRequest({ id: 'busy' }), ...calls]);
    expect((await json(`${PATH}/busy`)).tool_calls).toHaveLength(100);
  });

  test('is found by any id that could be posted, and by nothing else', async () => {
    const { post, json, ask } = await world();
    const posted = ['a/b', '100%', '%2F', "' OR 1=1 --", '*', '_', '"', 'é 💥', 'a?b#c', 'nul\u0000x'];
    await post(posted.map((id) => modelRequest({ id, session_id: id })));
    for (const id of posted) {
      const found = await json(`${PATH}/${encodeURIComponent(id)}`);
      expect([id, found.session_id]).toEqual([id, id.replace('\u0000', '\uFFFD')]);
    }
    for (const id of ['nul', 'nul%00', '%25', '%E0%A4%A', 'a/b', '_%20', 'OR'])
      expect([id, (await ask(`${PATH}/${id}`)).status]).toEqual([id, 404]);
  });
});

describe('bounds', () => {
  test('a key bound to a project sees nothing of another, nor its tool calls', async () => {
    const mine = await world();
    const theirs = await world();
    await mine.post([modelRequest({ id: 'mine' })]);
    await theirs.post([
      modelRequest({ id: 'theirs' }),
      { id: 'their-call', tool_name: 'search', llm_request_id: 'mine' },
    ]);
    expect(await mine.json(PATH)).toMatchObject({ total: 1, data: [{ id: 'mine' }] });
    expect((await mine.ask(`${PATH}/theirs`)).status).toBe(404);
    expect((await mine.json(`${PATH}/mine`)).tool_calls).toEqual([]);
    expect((await mine.json(`${PATH}/mine`, { key: mine.adminKey })).tool_calls).toEqual([
      { id: 'their-call', name: 'search', status: 'success' },
    ]);
    const own = await mine.json(`${PATH}?project_id=${mine.project}`);
    expect([own.total, ids(own)]).toEqual([1, ['mine']]);
    const unbounded = await mine.json(`${PATH}?project_id=${theirs.project}`, { key: mine.adminKey });
    expect([unbounded.total, ids(unbounded)]).toEqual([1, ['theirs']]);
  });

  test('a key bound to another project gets 403', async () => {
    const mine = await world();
    const theirs = await world();
    for (const project of [theirs.project, `${mine.project}%`, mine.project.toUpperCase()]) {
      const response = await mine.ask(`${PATH}?project_id=${encodeURIComponent(project)}`);
      expect(response.status).toBe(403);
      expect(await response.json()).toEqual({
        error: {
          message: expect.stringContaining('project_id'),
          type: 'permission_error',
          code: 'permission_denied',
        },
      });
    }
  });

  test('keys bound to a virtual key or to workspaces see their own requests', async () => {
    const { post, json, mint, project, workspace } = await world();
    const virtualKey = `vk-${crypto.randomUUID()}`;
    await post([
      modelRequest({ id: 'by-key', virtual_key_id: virtualKey }),
      modelRequest({ id: 'in-workspace', workspace_id: workspace }),
      modelRequest({ id: 'neither' }),
    ]);
    const bounds = [{ virtual_key_id: virtualKey }, { workspace_ids: [workspace] }];
    const seen = await Promise.all(
      bounds.map(async (bound) => {
        const { key } = await mint({ scopes: ['read'], project_id: project, ...bound });
        return [(await json(PATH, { key })).total, ids(await json(PATH, { key }))];
      }),
    );
    expect(seen).toEqual([
      [1, ['by-key']],
      [1, ['in-workspace']],
    ]);
  });
});

describe('errors', () => {
  const unauthenticated = {
    error: {
      message: 'Invalid authentication credentials.',
      type: 'authentication_error',
      code: 'invalid_api_key',
    },
  };

  test('401 without a good bearer credential, on every path', async () => {
    const { ask, key } = await world();
    const answers = [
      await ask(PATH, { key: null }),
      await ask(`${PATH}/any`, { key: null }),
      await ask(PATH, { key: 'gl_wrong' }),
      await ask(PATH, { key: null, headers: { 'x-api-key': key } }),
      await ask(PATH, { key: null, headers: { authorization: `Basic ${key}` } }),
      await ask(`${PATH}?limit=0`, { key: null }),
    ];
    for (const response of answers) {
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual(unauthenticated);
    }
  });

  test('403 without the scope read', async () => {
    const { ask, mint, project } = await world();
    const { key } = await mint({ scopes: ['ingest'], project_id: project });
    const response = await ask(PATH, { key });
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      error: {
        message: expect.stringContaining('read'),
        type: 'permission_error',
        code: 'permission_denied',
      },
    });
  });

  test('404 for an unknown id and an unknown path', async () => {
    const { ask } = await world();
    for (const path of [`${PATH}/nothing`, `${PATH}/a/b`]) {
      const response = await ask(path);
      expect(response.status).toBe(404);
      expect(await response.json()).toEqual({
        error: { message: expect.any(String), type: 'not_found_error', code: 'not_found' },
      });
    }
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])('405 for %s, with Allow', async (method) => {
    const { ask } = await world();
    for (const path of [PATH, `${PATH}/any`]) {
      const response = await ask(path, { method });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
      expect(await response.json()).toEqual({
        error: { message: expect.any(String), type: 'invalid_request_error', code: 'method_not_allowed' },
      });
    }
  });

  test('every answer carries the request id under both names', async () => {
    const { ask, post } = await world();
    await post([modelRequest({ id: 'one' })]);
    const answers: [string, Body, number][] = [
      [PATH, {}, 200],
      [PATH, { method: 'HEAD' }, 200],
      [`${PATH}/one`, {}, 200],
      [`${PATH}?limit=0`, {}, 400],
      [PATH, { key: null }, 401],
      [`${PATH}?project_id=other`, {}, 403],
      [`${PATH}/two`, {}, 404],
      [`${PATH}/two/three`, {}, 404],
      [PATH, { method: 'POST' }, 405],
    ];
    for (const [path, asked, status] of answers) {
      const minted = await ask(path, asked);
      const given = await ask(path, { ...asked, headers: { 'x-request-id': 'mine-1' } });
      expect([path, minted.status, given.status]).toEqual([path, status, status]);
      expect(minted.headers.get('x-gateway-request-id')).toMatch(/^[\w.:-]+$/);
      expect(minted.headers.get('x-gateway-request-id')).toBe(minted.headers.get('x-request-id'));
      expect(given.headers.get('x-gateway-request-id')).toBe('mine-1');
      expect(given.headers.get('x-request-id')).toBe('mine-1');
    }
  });

  test.each([
    ['busy', 503, 'service_unavailable', 'service_unavailable'],
    ['failed', 500, 'server_error', 'internal_error'],
  ] as const)(
    'a store that is %s answers %i, and tells nothing of itself',
    async (reason, status, type, code) => {
      const fail = (): Promise<never> => Promise.reject(new StoreFailure(reason, 'secret SQL'));
      const reader = { page: fail, count: fail, find: fail } as unknown as EventReader;
      const gate = createGate(
        async (context, next) => {
          context.set('reader', reader);
          await next();
        },
        [requests],
      );
      for (const path of [PATH, `${PATH}/any`]) {
        const headers = { authorization: `Bearer ${env.ADMIN_KEY}` };
        const response = await gate.request(`${ORIGIN}${path}`, { headers }, { ADMIN_KEY: env.ADMIN_KEY });
        const body = await response.text();
        expect(response.status).toBe(status);
        expect(response.headers.get('retry-after')).toBe(status === 503 ? '2' : null);
        expect(response.headers.get('x-gateway-request-id')).toBe(response.headers.get('x-request-id'));
        expect(JSON.parse(body)).toEqual({ error: { message: expect.any(String), type, code } });
        expect(body).not.toContain('secret');
      }
    },
  );

  test('503 before the service is configured', async () => {
    const gate = createGate((_context, next) => next(), [requests]);
    const response = await gate.request(`${ORIGIN}${PATH}`, {}, {});
    expect(response.status).toBe(503);
    expect(response.headers.get('x-gateway-request-id')).toBe(response.headers.get('x-request-id'));
    expect(await response.json()).toEqual({
      error: { message: expect.any(String), type: 'service_unavailable', code: 'not_configured' },
    });
  });
});
