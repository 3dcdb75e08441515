/** The README is true: every path that it names exists, and every npm script too. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const readme = readFileSync('README.md', 'utf8');

test('every file and folder that it names exists', () => {
  const named = [...readme.matchAll(/`((?:src|test|drizzle|\.dev|\.ci)\/[\w./-]*)`/g)].map(
    ([, path]) => path ?? '',
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});

test('every npm script that it names exists', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const named = [...readme.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, name]) => name ?? '');
  expect(named.filter((name) => !['ci', 'install'].includes(name) && scripts[name] === undefined)).toEqual(
    [],
  );
});
