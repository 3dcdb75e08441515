/** Security headers: every answer has them, whoever gives it and however it ends. */
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { ORIGIN, world } from '../world.ts';

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
};

const ASKED: readonly (readonly [number, string, string, string?])[] = [
  [200, 'GET', '/healthz'],
  [200, 'GET', '/'],
  [200, 'GET', '/api/mcp-logs'],
  [200, 'HEAD', '/v1/requests'],
  [200, 'POST', '/api/v3.1/logs/tool_execution', '{}'],
  [200, 'GET', '/v1/workspaces'],
  [202, 'POST', '/v1/events', '[]'],
  [200, 'POST', '/_bulk', '{"index":{}}\n{"message":"a"}\n'],
  [400, 'POST', '/v1/ingest/kong', '{'],
  [401, 'GET', '/v1/keys'],
  [404, 'GET', '/nowhere'],
  [405, 'PUT', '/api/mcp-logs', ''],
];

describe.for(ASKED)('%i %s %s', ([status, method, path, body]) => {
  const ask = async (origin: string): Promise<Response> => {
    const { key } = await world();
    const headers = { authorization: `Bearer ${status === 401 ? 'unknown' : key}` };
    const init = { method, headers, ...(body === undefined ? {} : { body }) };
    return createApp().fetch(new Request(origin + path, init), env);
  };

  test('has them all', async () => {
    const answer = await ask(ORIGIN);
    expect(answer.status).toBe(status);
    expect(Object.fromEntries(answer.headers)).toMatchObject(HEADERS);
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000');
    expect(answer.headers.get('x-powered-by')).toBeNull();
  });

  test('does not insist on TLS on this machine', async () => {
    for (const origin of ['http://localhost:8787', 'http://127.0.0.1:8787', 'http://[::1]:8787']) {
      const answer = await ask(origin);
      expect(Object.fromEntries(answer.headers)).toMatchObject(HEADERS);
      expect(answer.headers.get('strict-transport-security')).toBeNull();
    }
  });
});
