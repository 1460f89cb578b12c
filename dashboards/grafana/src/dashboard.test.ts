// The dashboard against the code: every metric it names is counted somewhere, and its file is its own.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { dashboard, dashboardText, panels } from './dashboard.ts';

const root = path.join(import.meta.dirname, '../../..');
const sources = ['services', 'agents'].flatMap((top) =>
  readdirSync(path.join(root, top), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\/src\/.*(?<!\.test)\.ts$/.test(name) && !name.includes('node_modules'))
    .map((name) => readFileSync(path.join(root, top, name), 'utf8')),
);

/** Names that the code counts, times or tells as gauges, as Prometheus has them. */
const known = new Set(
  sources.flatMap((text) => [
    ...[...text.matchAll(/counters\.add\(\s*'([a-z_.]+)'/g)].map(([, name]) =>
      suffixed(name, '_total'),
    ),
    ...[...text.matchAll(/counters\.time\(\s*'([a-z_.]+)'/g)].map(([, name]) =>
      suffixed(name, '_seconds_bucket'),
    ),
    ...[...text.matchAll(/gauges\[`([a-z_.]+)\{/g)].map(([, name]) => suffixed(name, '')),
    ...[...text.matchAll(/'(process\.[a-z_]+)':/g)].flatMap(([, name]) => [
      suffixed(name, ''),
      suffixed(name, '_total'),
    ]),
  ]),
);

test('every metric that it names exists', () => {
  const named = panels.flatMap(({ prometheus = {} }) =>
    Object.values(prometheus).flatMap((query) => query.match(/sandtrail_[a-z_]+/g) ?? []),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

test('a metric that nothing counts would be found', () => {
  expect(known.has('sandtrail_kit_emitted_total')).toBe(true);
  expect(known.has('sandtrail_kit_forgotten_total')).toBe(false);
});

test('the file is what the code says', () => {
  const file = readFileSync(path.join(root, 'dashboards/grafana/sandtrail.json'), 'utf8');
  expect(file).toBe(dashboardText());
});

test('panels do not lie on one another, and have ids of their own', () => {
  const placed = dashboard().panels;
  expect(new Set(placed.map(({ id }) => id)).size).toBe(placed.length);
  for (const one of placed) {
    for (const other of placed.filter(({ id }) => id > one.id)) {
      const [a, b] = [one.gridPos, other.gridPos];
      const apart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      expect(apart, `${one.title} and ${other.title}`).toBe(true);
    }
  }
});

function suffixed(name: string | undefined, suffix: string): string {
  return `sandtrail_${name?.replaceAll('.', '_')}${suffix}`;
}
