// `/metrics` of the real product: a parser of Prometheus takes it, and every stage's counts add up.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { panels } from '@sandtrail/grafana/dashboard';
import { inHand, stageBalances } from '@sandtrail/runtime/stage-balances';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { parseMetrics, type Sample } from '../world/prometheus.ts';
import { findingsOf } from '../world/seen.ts';
import { sqlRows } from '../world/sql-rows.ts';
import { until } from '../world/until.ts';
import { runWorkload, watchOnly } from '../world/workload.ts';

let product: TestProduct;
let address = '';
beforeAll(async () => {
  product = await startTestProduct({ telemetry: { prometheus: { port: 0 } } });
  address = /"address":"([^"]*\/metrics)"/.exec(product.log)?.[1] ?? '';
});
afterAll(async () => {
  expect(await product.close()).toEqual([]);
});

async function scrape(): Promise<string> {
  const response = await fetch(address);
  expect(response.headers.get('content-type')).toContain('version=0.0.4');
  return response.text();
}

test('what every stage received, it passed on or dropped for a reason', async () => {
  const script = 'cat /proc/1/root/etc/shadow; for i in $(seq 50); do echo $i > file-$i; done';
  const { uid } = await runWorkload(product, { script, policy: watchOnly() });
  await until(() => findingsOf(product, uid).length > 0, { what: 'a finding' });
  // Nothing is forwarded here, since no destination is configured.
  const stages = stageBalances.filter(({ stage }) => stage !== 'forwarder');
  let busy: readonly string[] = [];
  const samples = await until(
    async () => {
      const now = parseMetrics(await scrape());
      busy = stages
        .map((each) => ({ ...each, hand: handOf(each, now), all: sumOf(now, each.received) }))
        .filter(({ hand, all }) => hand !== 0 || all === 0)
        .map(({ stage, hand, all }) => `${stage}: ${hand} of ${all}`);
      return busy.length === 0 ? now : undefined;
    },
    { what: 'each stage has received and has nothing in hand', withinMs: 30_000 },
  ).catch((error: unknown) => {
    throw new Error(`in hand: ${busy.join(', ')}`, { cause: error });
  });
  expect(new Set(samples.map(({ labels }) => labels['process']))).toEqual(
    new Set(['core', 'host', 'signer']),
  );
});

test('lag is measured from an event to its seal and to its finding', async () => {
  const samples = parseMetrics(await scrape());
  for (const name of ['sealer_event_to_sealed', 'detector_event_to_finding']) {
    const count = samples.find((each) => each.name === `sandtrail_${name}_seconds_count`);
    const sum = samples.find((each) => each.name === `sandtrail_${name}_seconds_sum`);
    expect(count?.value, name).toBeGreaterThan(0);
    expect(sum?.value, name).toBeGreaterThan(0);
  }
});

test('Prometheus’s own parser finds nothing to object to', async () => {
  const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: await scrape(),
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('no label holds what a sandbox or a tenant wrote', async () => {
  const canary = 'label-canary-5309';
  await runWorkload(product, { script: `ls /${canary}; curl -m 1 http://${canary}.example.com` });
  const text = await scrape();
  expect(text).not.toContain(canary);
  const labels = new Set(parseMetrics(text).flatMap((each) => Object.keys(each.labels)));
  expect(labels).toEqual(new Set(['process', 'reason', 'le']));
});

test('other paths and other methods get nothing, and other machines cannot ask', async () => {
  expect((await fetch(new URL('/', address))).status).toBe(404);
  expect((await fetch(address, { method: 'POST' })).status).toBe(404);
  expect(new URL(address).hostname).toBe('127.0.0.1');
});

test('what the dashboard asks of ClickHouse, the store answers', async () => {
  const isSealed = async () =>
    (await sqlRows(product, "SELECT 1 AS one FROM sealed WHERE kind = 'finding'")).length > 0;
  await until(isSealed, { what: 'a finding is sealed' });
  const asked = panels.filter(({ clickhouse }) => clickhouse !== undefined);
  const rows = new Map<string, number>();
  for (const { title, clickhouse = '' } of asked) {
    const sql = clickhouse
      .replaceAll(/\$__timeFilter\(\w+\)/g, 'time > now() - INTERVAL 1 HOUR')
      .replaceAll(/\$__timeInterval\((\w+)\)/g, 'toStartOfInterval($1, INTERVAL 10 SECOND)');
    rows.set(title, (await sqlRows(product, sql)).length);
  }
  expect(rows.get('Newest findings')).toBeGreaterThan(0);
  expect(rows.get('Findings by severity')).toBeGreaterThan(0);
});

test('the alert rules load, and fire on a bad day alone', () => {
  const folder = path.join(import.meta.dirname, '../../deploy/prometheus');
  for (const words of [
    ['check', 'config', 'prometheus.yml'],
    ['test', 'rules', 'sandtrail.rules.test.yml'],
  ]) {
    const { status, stderr } = spawnSync('promtool', words, { cwd: folder, encoding: 'utf8' });
    expect({ words, status, stderr }).toEqual({ words, status: 0, stderr: '' });
  }
  expect(readFileSync(path.join(folder, 'sandtrail.rules.yml'), 'utf8')).toContain('for: 5m');
});

function sumOf(samples: readonly Sample[], names: readonly string[]): number {
  const wanted = names.map((name) => `sandtrail_${name.replaceAll('.', '_')}_total`);
  return samples
    .filter(({ name }) => wanted.includes(name))
    .reduce((sum, { value }) => sum + value, 0);
}

function handOf(balance: (typeof stageBalances)[number], samples: readonly Sample[]): number {
  const { received, passed, dropped } = balance;
  const counters = Object.fromEntries(
    [...received, ...passed, ...dropped].map((name) => [name, sumOf(samples, [name])]),
  );
  return inHand(balance, counters);
}
