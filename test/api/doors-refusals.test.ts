/** What a door refuses as a whole is told in the envelope and with the status that its producer's clients know. */
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import { encodeTraces } from '../producers/otlp-encoder.ts';
import { ORIGIN, world, type Ask, type World } from '../world.ts';
import { DOORS, type DoorCase } from './door-cases.ts';
import { readStatus, refusalOf } from './door-envelopes.ts';

const CHALLENGE = 'Bearer, Basic realm="gatelog", ApiKey';

/** A packed body, whose unpacked text may be far larger. */
function packed(text: string): ReadableStream<Uint8Array> {
  const stream = new Blob([text]).stream();
  return stream.pipeThrough(new CompressionStream('gzip'));
}

describe.for(DOORS.map((door) => [door.name, door] as const))('%s', ([, door]) => {
  const asked = async (
    here: World,
    status: number,
    ask: Ask,
  ): Promise<{ says: string; response: Response }> => {
    const headers = { 'content-type': door.type, ...ask.headers };
    const response = await here.ask(door.path(here), { method: 'POST', ...ask, headers });
    expect(response.status).toBe(status);
    return { says: await refusalOf(door.producer)(response.clone()), response };
  };

  test('credentials: none, a wrong one, one without the scope', async () => {
    const here = await world();
    const body = door.body(here, 'words');
    for (const ask of [
      { key: null },
      { key: 'wrong' },
      { key: null, headers: { authorization: 'Basic eDp5' } },
    ]) {
      const { says, response } = await asked(here, 401, { body, ...ask });
      expect(says).toMatch(/credential/);
      expect(response.headers.get('www-authenticate')).toBe(CHALLENGE);
    }
    const { key } = await here.mint({ scopes: ['read'] });
    expect((await asked(here, 403, { body, key })).says).toContain('ingest');
  });

  test('bodies: too large, a bomb, a packing that is broken or unknown', async () => {
    const here = await world();
    const spaces = ' '.repeat(11_000_000);
    const gzip = { 'content-encoding': 'gzip' };
    expect((await asked(here, 413, { body: `[${spaces}]` })).says).toContain('10485760 bytes');
    expect((await asked(here, 413, { body: packed(spaces.repeat(4)), headers: gzip })).says).toContain(
      '10485760',
    );
    expect((await asked(here, 400, { body: 'not packed', headers: gzip })).says).toContain('not gzip');
    const whole = new Uint8Array(await new Response(packed(door.body(here, 'words'))).arrayBuffer());
    expect((await asked(here, 400, { body: whole.subarray(0, -9), headers: gzip })).says).toContain(
      'cut short',
    );
    expect((await asked(here, 415, { body: '[]', headers: { 'content-encoding': 'zstd' } })).says).toContain(
      'gzip',
    );
  });

  test('more events than one call may have', async () => {
    const here = await world();
    const body = manyOf(door, here);
    expect((await asked(here, 413, { body })).says).toContain('the limit is 5000');
    const stored = env.DB.prepare('SELECT count(*) AS n FROM server_logs WHERE project_id = ?').bind(
      here.project,
    );
    expect(await stored.first('n')).toBe(0);
  });

  test('a writer that is behind, with the time after which to come back', async () => {
    const here = await world();
    const namespace = {
      getByName: () => ({ append: () => Promise.resolve({ outcome: 'behind', retryAfterSeconds: 7 }) }),
    };
    const response = await fetched(door, here, { ...env, INGEST: namespace });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '7']);
    expect(await refusalOf(door.producer)(response)).toContain('nothing was kept');
  });

  test('a deployment that is not set up, and a failure of ours, which is told without a word of it', async () => {
    const here = await world();
    const unset = await fetched(door, here, { ...env, ADMIN_KEY: '' });
    expect(unset.status).toBe(503);
    expect(await refusalOf(door.producer)(unset)).toContain('ADMIN_KEY');
    const namespace = { getByName: () => ({ append: () => Promise.reject(new Error('kaput')) }) };
    const failed = await fetched(door, here, { ...env, INGEST: namespace });
    expect(failed.status).toBe(500);
    expect(await refusalOf(door.producer)(failed)).toMatch(/^internal error\n?$/);
  });

  test('another method, with those that are taken', async () => {
    const here = await world();
    const { response } = await asked(here, 405, { method: 'DELETE' });
    expect(response.headers.get('allow')).toBe('POST, PUT');
  });
});

test('OTLP in protobuf is refused in protobuf', async () => {
  const here = await world();
  const headers = { 'content-type': 'application/x-protobuf' };
  const cut = encodeTraces([], [{ name: 'chat', traceId: 'aa' }]).subarray(0, -3);
  for (const [status, ask] of [
    [400, { body: cut }],
    [401, { body: cut, key: 'wrong' }],
    [415, { body: cut, headers: { 'content-encoding': 'br' } }],
  ] as readonly [number, Ask][]) {
    const response = await here.ask('/v1/traces', { ...ask, headers: { ...headers, ...ask.headers } });
    expect(response.status).toBe(status);
    expect(await readStatus(response)).not.toBe('');
  }
});

/** Asks a Worker with other bindings. */
async function fetched(door: DoorCase, here: World, bindings: object): Promise<Response> {
  const headers = { authorization: `Bearer ${here.key}`, 'content-type': door.type };
  const request = new Request(ORIGIN + door.path(here), {
    method: 'POST',
    headers,
    body: door.body(here, 'words'),
  });
  return createApp().fetch(request, bindings);
}

/** A delivery with 5,001 records or more, each of them the door's own. */
function manyOf(door: DoorCase, here: World): string {
  const body = door.body(here, 'words');
  const times = 5001;
  switch (door.name) {
    case 'otlp-traces':
    case 'otlp-logs': {
      const [top, rest] = body.split(/(?<="(?:spans|logRecords)":\[)/) as [string, string];
      const end = rest.lastIndexOf(']}]}]}');
      return `${top}${Array(times).fill(rest.slice(0, end)).join(',')}${rest.slice(end)}`;
    }
    case 'loki':
      return body.replace(
        /"values":\[(.*)\]\}\]\}$/s,
        (_, value: string) => `"values":[${Array(times).fill(value).join(',')}]}]}`,
      );
    case 'elasticsearch':
    case 'pino':
    case 'syslog':
      return body.repeat(times);
    default: {
      const record = body.replace(/^\[|\]$/g, '');
      return `[${Array(times).fill(record).join(',')}]`;
    }
  }
}
