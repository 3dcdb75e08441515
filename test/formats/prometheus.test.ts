/** The text format of Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/ */
import { expect, test } from 'vitest';
import { toPrometheus } from '../../src/formats/prometheus.ts';

test('help, type and samples stand together, one a line, and the text ends with a line break', () => {
  const text = toPrometheus([
    {
      name: 'posts_total',
      type: 'counter',
      help: 'Posts.',
      samples: [
        { labels: { kind: 'a', way: 'b' }, value: 3 },
        { labels: { kind: 'c', way: 'd' }, value: 0.5 },
      ],
    },
    { name: 'absent', type: 'gauge', help: 'Nothing.', samples: [] },
    { name: 'age_seconds', type: 'gauge', help: 'Age.', samples: [{ labels: {}, value: 1e21 }] },
  ]);
  expect(text).toBe(
    '# HELP posts_total Posts.\n# TYPE posts_total counter\nposts_total{kind="a",way="b"} 3\nposts_total{kind="c",way="d"} 0.5\n' +
      '# HELP age_seconds Age.\n# TYPE age_seconds gauge\nage_seconds 1e+21\n',
  );
});

test('backslashes, quotes and line breaks are escaped; quotes in help are not', () => {
  const label = 'a\\b"c\nd\\n';
  const text = toPrometheus([
    { name: 'm', type: 'gauge', help: 'a\\b"c\nd', samples: [{ labels: { label }, value: 1 }] },
  ]);
  expect(text).toBe(
    String.raw`# HELP m a\\b"c\nd` + '\n# TYPE m gauge\n' + String.raw`m{label="a\\b\"c\nd\\n"} 1` + '\n',
  );
});

test('numbers that are none have the names that Go gives them', () => {
  const samples = [Number.NaN, Infinity, -Infinity].map((value) => ({ labels: {}, value }));
  expect(
    toPrometheus([{ name: 'm', type: 'gauge', help: 'h', samples }])
      .split('\n')
      .slice(2, 5),
  ).toEqual(['m NaN', 'm +Inf', 'm -Inf']);
});
