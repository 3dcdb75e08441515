/** The configurations that the README tells people to paste, as the tests of the real programs use them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The address and the key that the README's examples name. */
const README_ADDRESS = 'http://127.0.0.1:8787';
/** Programs that take host and port apart. */
const README_PORT = '8787';
const README_KEY = 'gatelog-dev-admin-key';

/**
 * The code block under the heading `### <heading>` of the README, with the address and the key of a running gatelog.
 * @param place which block under the heading, from 0
 * @throws when the README has no such block
 */
export function configurationOf(
  heading: string,
  { address, key = README_KEY, place = 0 }: { address: string; key?: string; place?: number },
): string {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const section = readme.split(`\n### ${heading}\n`)[1]?.split(/\n#{1,3} /)[0] ?? '';
  const block = [...section.matchAll(/```[a-z]*\n(.*?)```/gs)][place]?.[1];
  if (block === undefined) throw new Error(`The README has no block ${place} under "### ${heading}"`);
  return block
    .replaceAll(README_ADDRESS, address)
    .replaceAll(README_PORT, new URL(address).port)
    .replaceAll(README_KEY, key);
}

/** The variables that a block of `NAME=value` and `export NAME="value"` lines sets. */
export function variablesOf(block: string): Record<string, string> {
  const lines = [...block.matchAll(/^(?:export )?([A-Z_]+)=(?:"(.*)"|'(.*)'|(.*))$/gm)];
  return Object.fromEntries(lines.map(([, name = '', ...values]) => [name, values.find(Boolean) ?? '']));
}
