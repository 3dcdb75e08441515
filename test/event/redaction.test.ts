/** Redaction: every form and name of a credential, wherever it stands; nothing else changes, and twice is as once. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MERGED_FIELDS } from '../../src/event/merge.ts';
import { credentialNamedBy } from '../../src/event/credential-name.ts';
import { openRedaction } from '../../src/event/redaction.ts';
import { parseRedactionPatterns, redactionOf } from '../../src/event/redaction-setting.ts';
import { PEM, SECRETS } from './secrets.ts';

const redact = openRedaction({ salt: 'pepper', patterns: [] });
const MARK = /\[redacted:[a-z0-9_.-]+:[0-9a-f]{8}\]/;

async function mark(kind: string, secret: string, salt = 'pepper'): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(salt + secret));
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `[redacted:${kind}:${hex.slice(0, 8)}]`;
}

describe('by form', () => {
  test.each(SECRETS)('%s: %s', async (kind, secret) => {
    const shown = await mark(kind, secret);
    expect(await redact(secret)).toBe(shown);
    expect(await redact({ a: [{ b: { c: [secret, 1] } }], d: 'x' })).toEqual({
      a: [{ b: { c: [shown, 1] } }],
      d: 'x',
    });
    expect(await redact(`used ${secret}, twice: (${secret})`)).toBe(`used ${shown}, twice: (${shown})`);
    expect(await redact({ [secret]: 1 })).toEqual({ [shown]: 1 });
    expect(await redact(JSON.stringify({ note: secret, n: [1] }))).toBe(
      JSON.stringify({
        note: kind === 'private_key' ? await mark(kind, PEM.replaceAll('\n', '\\n')) : shown,
        n: [1],
      }),
    );
    expect(JSON.stringify(await redact(JSON.stringify(JSON.stringify([{ note: secret }]))))).not.toContain(
      secret.slice(-12),
    );
  });

  test('schemes and URLs keep what is no secret', async () => {
    const token = 'abc123-def';
    expect(await redact(`curl -H "X: Bearer ${token}" now`)).toBe(
      `curl -H "X: Bearer ${await mark('bearer', token)}" now`,
    );
    const basic = btoa('user:pass');
    expect(await redact(`sent Basic ${basic}.`)).toBe(`sent Basic ${await mark('basic', basic)}.`);
    for (const userinfo of ['user:pass', 'user:p@ss', ':pass', 'token'])
      expect(await redact(`see postgres://${userinfo}@db.example:5432/x?a=b`)).toBe(
        `see postgres://${await mark('userinfo', userinfo)}@db.example:5432/x?a=b`,
      );
    const [, key] = SECRETS[0] ?? ['', ''];
    expect(await redact(`Bearer ${key}`)).toBe(`Bearer ${await mark('anthropic_key', key)}`);
  });

  test('a key that was cut off is still one', async () => {
    const cut = PEM.slice(0, 80);
    expect(await redact(`key: ${cut}`)).toBe(`key: ${await mark('private_key', cut)}`);
  });

  test.each([
    'The secret of a good password: length.',
    'Bearer authentication is required; Basic authentication is not.',
    'WWW-Authenticate: Bearer resource_metadata="https://a.example/.well-known"',
    'disk-management-of-the-whole-system and task-force-of-twenty-people',
    'https://www.npmjs.com/package/@scope/name?q=a:b',
    'ssh://git@github.com/a/b.git',
    'password: required',
    'const password: string = process.env.PASSWORD;',
    'next_page_token=abc&max_tokens=100',
    'valid_token=yes',
    '2026-01-01T12:00:00.123Z log_01hx3k4z5tq8v9w0abcdefgh',
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    'eyJmb28iOiJiYXIifQ and sk-short',
  ])('left alone: %s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe('by name', () => {
  const NAMES: readonly (readonly [key: string, kind: string])[] = [
    ['authorization', 'authorization'],
    ['Proxy-Authorization', 'proxy_authorization'],
    ['Cookie', 'cookie'],
    ['set-cookie', 'set_cookie'],
    ['X-Api-Key', 'x_api_key'],
    ['api_key', 'api_key'],
    ['apikey', 'api_key'],
    ['apiKey', 'api_key'],
    ['OPENAI_API_KEY', 'api_key'],
    ['access_token', 'access_token'],
    ['refresh-token', 'refresh_token'],
    ['id_token', 'id_token'],
    ['sessionToken', 'session_token'],
    ['client_secret', 'client_secret'],
    ['PASSWORD', 'password'],
    ['passwd', 'passwd'],
    ['secret', 'secret'],
    ['private_key', 'private_key'],
    ['x-portkey-config', 'x_portkey_config'],
    ['x-portkey-api-key', 'x_portkey_api_key'],
    ['AWS_SECRET_ACCESS_KEY', 'secret_access_key'],
  ];

  test.each(NAMES)('%s', async (key, kind) => {
    const shown = await mark(kind, 'hunter2');
    expect(await redact({ a: [{ [key]: 'hunter2', b: 1 }] })).toEqual({ a: [{ [key]: shown, b: 1 }] });
    expect(await redact({ [key]: ['hunter2', { x: { y: 'hunter2' } }, null, true, ''] })).toEqual({
      [key]: [shown, { x: { y: shown } }, null, true, ''],
    });
    expect(await redact({ [key]: 1234 })).toEqual({ [key]: await mark(kind, '1234') });
    for (const pair of ['name', 'key'])
      expect(await redact({ [pair]: key, value: { stringValue: 'hunter2' } })).toEqual({
        [pair]: key,
        value: { stringValue: shown },
      });
    const inner = JSON.stringify({ [key]: 'hunter2', list: { [key]: ['hunter2', 'hunter2'] }, n: 1 });
    const hidden = inner.replaceAll('hunter2', shown);
    expect(await redact({ body: inner })).toEqual({ body: hidden });
    expect(await redact({ body: JSON.stringify({ inner }) })).toEqual({
      body: JSON.stringify({ inner: hidden }),
    });
    expect(await redact(`x {'${key}': 'hunter2'} y`)).toBe(`x {'${key}': '${shown}'} y`);
    expect(await redact(`GET /a?${key}=hunter2&b=1 HTTP`)).toBe(`GET /a?${key}=${shown}&b=1 HTTP`);
  });

  test('a value is taken whole, whatever it holds', async () => {
    const hard = 'a"b\\c d, {e}\\';
    expect(await redact({ password: hard })).toEqual({ password: await mark('password', hard) });
    for (const levels of [1, 2, 3]) {
      let text: string = JSON.stringify({ password: hard, after: 'kept' });
      for (let level = 1; level < levels; level++) text = JSON.stringify({ text });
      let read: unknown = await redact(text);
      for (let level = 1; level < levels; level++)
        read = (JSON.parse(read as string) as { text: string }).text;
      expect(JSON.parse(read as string)).toEqual({ password: expect.stringMatching(MARK), after: 'kept' });
    }
    expect(JSON.parse((await redact('{"password": 1234, "n": 5}')) as string)).toEqual({
      password: await mark('password', '1234'),
      n: 5,
    });
  });

  test('the same secret has the same mark under its name, in a header, in a scheme and in text', async () => {
    const token = 'abc123def456';
    const found = JSON.stringify(
      await redact([
        { authorization: `Bearer ${token}` },
        { 'x-api-key': token },
        `authorization: Bearer ${token}`,
        `{"Authorization":"Bearer ${token}"}`,
        `Bearer ${token}`,
        `PASSWORD=${token}`,
        `x-api-key: ${token}`,
      ]),
    );
    const digits = [...found.matchAll(/\[redacted:\w+:([0-9a-f]{8})\]/g)].map((match) => match[1]);
    expect(digits).toHaveLength(7);
    expect(new Set(digits).size).toBe(1);
    expect(found).not.toContain(token);
  });

  test('lines of headers and settings', async () => {
    expect(await redact('Cookie: a=b; c=d\nHost: x')).toBe(
      `Cookie: ${await mark('cookie', 'a=b; c=d')}\nHost: x`,
    );
    expect(await redact('password: hunter2, ok')).toBe(`password: ${await mark('password', 'hunter2')}, ok`);
    expect(await redact('db_password = "a b" x=1')).toBe(
      `db_password = "${await mark('password', 'a b')}" x=1`,
    );
    expect(await redact('{"password":"cut off he')).toBe(
      `{"password":"${await mark('password', 'cut off he')}`,
    );
    expect(await redact(`PRIVATE_KEY="${PEM}"`)).toBe(`PRIVATE_KEY="${await mark('private_key', PEM)}"`);
  });

  test('no field of an event is a credential by its name', () => {
    const fields = [
      ...Object.values(MERGED_FIELDS).flat(),
      'id',
      'timestamp',
      'type',
      'status',
      'project_id',
      'line',
    ];
    expect(fields.filter((field) => credentialNamedBy(field) !== null)).toEqual([]);
  });

  test('an id that is a secret is one, and stays comparable', async () => {
    const [, key = ''] = SECRETS[1] ?? [];
    const shown = await mark('bifrost_key', key);
    expect(await redact({ id: key, virtual_key_id: key })).toEqual({ id: shown, virtual_key_id: shown });
    const plain = { id: 'log_01hx3k4z5tq8v9w0abcdefgh', virtual_key_id: 'vk-prod' };
    expect(redact(plain)).toBe(plain);
  });
});

describe('settings', () => {
  test('the salt changes the marks', async () => {
    expect(await openRedaction({ salt: 'other', patterns: [] })({ secret: 'hunter2' })).toEqual({
      secret: await mark('secret', 'hunter2', 'other'),
    });
  });

  test('REDACT=off gives everything back, and another word is refused', () => {
    const body = { password: 'hunter2' };
    expect(redactionOf({ REDACT: 'off' }, '')(body)).toBe(body);
    expect(redactionOf({ REDACT: 'on' }, '')(body)).toBeInstanceOf(Promise);
    expect(() => redactionOf({ REDACT: 'no' }, '')).toThrow('REDACT: must be on or off');
  });

  test('own patterns', async () => {
    const REDACT_PATTERNS =
      '[{"name":"acme","pattern":"acme_[0-9a-f]{4}"},{"name":"ssn","pattern":"\\\\d{3}-\\\\d{2}"}]';
    const own = redactionOf({ REDACT_PATTERNS }, 'pepper');
    const shown = `${await mark('acme', 'acme_00ff')} password=${await mark('password', 'p')} ${await mark('ssn', '123-45')}`;
    expect(await own('acme_00ff password=p 123-45')).toBe(shown);
    expect(own(shown)).toBe(shown);
    expect(own({ a: 'acme' })).toEqual({ a: 'acme' });
    expect(parseRedactionPatterns(undefined)).toEqual([]);
    expect(parseRedactionPatterns(' ')).toEqual([]);
  });

  test.each([
    ['acme_[0-9]+', 'REDACT_PATTERNS: must be a JSON array'],
    ['{"name":"a","pattern":"b"}', 'REDACT_PATTERNS: must be a JSON array'],
    ['["a"]', 'REDACT_PATTERNS[0]: must be an object'],
    ['[{"name":"a","pattern":"b"},{"name":"A B","pattern":"b"}]', 'REDACT_PATTERNS[1].name'],
    ['[{"name":"a"}]', 'REDACT_PATTERNS[0].pattern: must be a regular expression'],
    ['[{"name":"a","pattern":"("}]', 'REDACT_PATTERNS[0].pattern: Invalid regular expression'],
    ['[{"name":"a","pattern":"x*"}]', 'REDACT_PATTERNS[0].pattern: must not match the empty text'],
    ['[{"name":"a","pattern":"x","flags":"y"}]', 'REDACT_PATTERNS[0].flags'],
  ])('refused: %s', (setting, sentence) => {
    expect(() => parseRedactionPatterns(setting)).toThrow(sentence);
  });
});

describe('laws', () => {
  const secret = fc.constantFrom(...SECRETS.map(([, text]) => text));
  const textWith = fc
    .tuple(fc.string(), secret, fc.string())
    .map(([before, it, after]) => `${before} ${it} ${after}`);
  const named = fc
    .constantFrom('password', 'X-API-KEY', 'Authorization', 'clientSecret')
    .map((name) => ({ [name]: 'hunter2-hunter2' }));
  const leaf = fc.oneof(
    textWith,
    named,
    named.map((it) => JSON.stringify(it)),
    textWith.map((it) => JSON.stringify([it])),
  );
  const { any } = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.jsonValue(),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.string(), textWith, fc.constant('__proto__')), tie('any'), { maxKeys: 3 }),
    ),
  }));
  const fragments = [
    ...SECRETS.map(([, text]) => text),
    'sk-',
    'eyJ',
    'AKIA',
    '-----BEGIN',
    'Bearer ',
    'Basic ',
    'dXNlcjpwYXNz',
    '://',
    'a@b',
    '=',
    ':',
    '.',
    '[',
    '"',
    "'",
    '\\',
    '\\"',
    ',',
    ' ',
    '\n',
    '{',
    '}',
    'password',
    'x-api-key',
    'cookie',
    'authorization',
    'abc',
    '[redacted:x:12345678]',
    'aB3',
    '1',
    ')',
    '&',
    '/',
    '-',
    'none',
    '$',
  ];

  test('no secret survives', async () => {
    await fc.assert(
      fc.asyncProperty(any, async (value) => {
        const text = JSON.stringify(await redact(value));
        const left = [...SECRETS.map(([, it]) => JSON.stringify(it).slice(1, -1)), 'hunter2-hunter2'];
        expect(left.filter((it) => text.includes(it))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test('redacting twice changes nothing, in values and in any mixture of what patterns are made of', async () => {
    const mixture = fc
      .array(fc.oneof(fc.constantFrom(...fragments), fc.string({ maxLength: 3 })), { maxLength: 14 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(any, mixture, fc.dictionary(mixture, mixture, { maxKeys: 2 })),
        async (value) => {
          const once = await redact(value);
          expect(redact(once)).toBe(once);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test('what holds no sign of a secret comes back itself, at once', () => {
    const word = fc
      .stringMatching(/^[a-zA-Z ,.;!?é漢😀]{0,40}$/u)
      .filter((text) => !/bearer|basic/i.test(text));
    const clean = fc.dictionary(
      fc.constantFrom('name', 'text', 'n', 'items'),
      fc.oneof(word, fc.double(), fc.array(word)),
    );
    fc.assert(
      fc.property(clean, (value) => {
        expect(redact(value)).toBe(value);
      }),
    );
  });

  test('what is nested too deep to be an event is no danger', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
    expect(redact({ arguments: deep })).toEqual(expect.anything());
  });
});

test.each([
  'a',
  'eyJ',
  'eyJaaaaaaaa.',
  'sk-',
  'gl_',
  'AKIA',
  '-----BEGIN',
  '-----BEGIN PRIVATE KEY-----',
  '://',
  '://a@',
  'Bearer ',
  '=',
  ':',
  '\\"',
  'password="',
  "password='\\",
  'secret:["a",',
  'cookie:a=',
  '[redacted:',
  'cookie:a',
  'password:',
  'password:))',
  'password=))',
  'password=process.env',
  'password=process.env[redacted:x:12345678]',
  'authorization=Bearer [redacted:x:12345678]',
])('a megabyte of %s takes no time', async (part) => {
  const text = part.repeat(Math.ceil(2 ** 20 / part.length));
  const start = Date.now();
  await redact({ text });
  // Time stands still inside a Worker until something is waited for.
  await new Promise((resolve) => {
    setTimeout(resolve, 1);
  });
  expect(Date.now() - start).toBeLessThan(400);
});
