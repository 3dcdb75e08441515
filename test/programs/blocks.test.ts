/** The README's blocks for programs that no test runs: each can be parsed, and leads to a path that there is. */
import { expect, test } from 'vitest';
import { producers } from '../../src/producers/index.ts';
import { configurationOf, variablesOf } from './configuration.ts';

const KEY = 'gatelog-dev-admin-key';

const blockOf = (heading: string, place = 0) =>
  configurationOf(heading, { address: 'http://127.0.0.1:8787', place });

/** The name of the producer that a path leads to, as the doors open it; null where there is none. */
function producerAt(path: string): string | null {
  const owner = producers.find(({ paths }) =>
    paths.some((pattern) => new RegExp(`^${pattern.replaceAll(/:\w+/g, '[^/]+')}$`).test(path)),
  );
  return owner?.name ?? null;
}

/** The producers that the whole addresses in a block lead to. */
function producersIn(block: string): readonly (string | null)[] {
  const paths = [...block.matchAll(/http:\/\/127\.0\.0\.1:8787(\/[^\s"'?]+)/g)].map(([, path]) => path ?? '');
  return paths.map(producerAt);
}

/** The settings in YAML's plainest form, by names and places such as `plugins.0.name`; throws at any other form. */
function yamlSettings(block: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  const names: string[] = [];
  for (const line of block.trimEnd().split('\n')) {
    const [, indent, item = '', name = '', value] =
      /^((?: {2})*)(- )?([\w-]+):(?: (\S.*))?$/.exec(line) ?? [];
    if (indent === undefined) throw new Error(`no YAML: ${line}`);
    const depth = indent.length / 2;
    if (depth > names.length) throw new Error(`no parent: ${line}`);
    const place = item === '' ? [] : [String(Number(names[depth] ?? -1) + 1)];
    names.splice(depth, Number.POSITIVE_INFINITY, ...place, name);
    if (value !== undefined) settings.set(names.join('.'), value);
  }
  return settings;
}

/** TOML's tables and keys, whose values here are JSON as well; throws at any other line, and at a key told twice. */
function tomlSettings(block: string): ReadonlyMap<string, unknown> {
  const settings = new Map<string, unknown>();
  let table = '';
  for (const line of block.split('\n').filter((each) => each !== '')) {
    const [, opened, name = '', value = ''] = /^(?:\[([\w.]+)\]|([\w-]+) = (.+))$/.exec(line) ?? [line];
    if (opened === undefined && settings.has(`${table}.${name}`)) throw new Error(`told twice: ${line}`);
    if (opened === undefined) settings.set(`${table}.${name}`, JSON.parse(value));
    else table = opened;
  }
  return settings;
}

/** Whether every bracket is closed by its own kind and every string ends; within strings brackets are text. */
function isBalanced(block: string): boolean {
  const open: string[] = [];
  const code = block.replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '');
  for (const sign of code.replaceAll(/[^"(){}[\]]/g, '')) {
    if (sign === '"') return false;
    if ('({['.includes(sign)) open.push(sign);
    else if (!['()', '{}', '[]'].includes(`${open.pop() ?? ''}${sign}`)) return false;
  }
  return open.length === 0;
}

test('the checks know a broken block', () => {
  expect(producersIn('http://127.0.0.1:8787/v1/ingest/nobody?x=1')).toEqual([null]);
  expect(() => yamlSettings('plugins:\n   name: x')).toThrow('no YAML');
  expect(() => yamlSettings('plugins:\n      name: x')).toThrow('no parent');
  expect(() => tomlSettings('uri = http://x')).toThrow('JSON');
  expect(['a(b{c})', 'a("(")', 'a(b', 'a(b}', 'a("b)'].map(isBalanced)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('Kong', () => {
  const block = blockOf('Kong');
  const settings = yamlSettings(block);
  expect(Object.fromEntries(settings)).toMatchObject({
    'plugins.0.name': 'http-log',
    'plugins.0.config.http_endpoint': expect.stringMatching(/^http:/),
    'plugins.0.config.headers.Authorization': `Bearer ${KEY}`,
    'plugins.1.name': 'ai-mcp-proxy',
    'plugins.1.config.logging.log_payloads': 'true',
  });
  expect(producersIn(block)).toEqual(['kong']);
});

test('Fluent Bit', () => {
  const [head, ...lines] = blockOf('Fluent Bit').trimEnd().split('\n');
  expect(head).toBe('[OUTPUT]');
  const settings = new Map(
    lines.map((line) => {
      const [, name, value] = /^ {4}(\w+) +(\S.*)$/.exec(line) ?? [];
      return [name, value];
    }),
  );
  expect(Object.fromEntries(settings)).toMatchObject({
    Name: 'http',
    Host: '127.0.0.1',
    Port: '8787',
    Format: 'json',
    Header: `Authorization Bearer ${KEY}`,
  });
  expect(producerAt(settings.get('URI')?.split('?')[0] ?? '')).toBe('fluent-bit');
});

test('Vector', () => {
  const block = blockOf('Vector');
  const settings = tomlSettings(block);
  expect(Object.fromEntries(settings)).toMatchObject({
    'sinks.gatelog.type': 'http',
    'sinks.gatelog.encoding.codec': 'json',
    'sinks.gatelog.auth.strategy': 'bearer',
    'sinks.gatelog.auth.token': KEY,
  });
  expect(producersIn(block)).toEqual(['vector']);
});

test('Grafana Alloy', () => {
  const block = blockOf('Grafana Alloy');
  expect(isBalanced(block)).toBe(true);
  expect(block).toContain(`"authorization" = "Bearer ${KEY}"`);
  expect(producersIn(block)).toEqual(['otlp-logs']);
});

test('syslog-ng and rsyslog', () => {
  const [syslogNg, rsyslog] = [0, 1].map((place) => blockOf('syslog-ng and rsyslog', place));
  expect([syslogNg, rsyslog].map((block) => isBalanced(block ?? ''))).toEqual([true, true]);
  expect(producersIn(syslogNg ?? '')).toEqual(['syslog']);
  expect(syslogNg).toContain(`"Authorization: Bearer ${KEY}"`);
  // omelasticsearch adds `/_bulk` itself.
  expect(rsyslog).toContain('server="127.0.0.1" serverport="8787"');
  expect(rsyslog).toContain(`pwd="${KEY}"`);
  expect(producerAt('/_bulk')).toBe('elasticsearch');
});

test('Cloudflare AI Gateway, OpenRouter, Claude Code', () => {
  const [headers, environment] = [0, 1].map((place) =>
    blockOf('Cloudflare AI Gateway, OpenRouter, Claude Code', place),
  );
  expect(JSON.parse(headers ?? '')).toEqual({ Authorization: `Bearer ${KEY}` });
  const variables = variablesOf(environment ?? '');
  expect(variables).toMatchObject({
    CLAUDE_CODE_ENABLE_TELEMETRY: '1',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${KEY}`,
  });
  // Exporters add the path of what they export.
  const base = new URL(variables['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '').pathname.replace(/\/$/, '');
  expect([`${base}/v1/logs`, `${base}/v1/traces`].map(producerAt)).toEqual(['otlp-logs', 'otlp-traces']);
});
