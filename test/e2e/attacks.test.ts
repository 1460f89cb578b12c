// Real attacks in real sandboxes against the running product: each is found, honest work is not.

import { githubTokenTail } from '@sandtrail/local/tour/bait';
import { type FileServer, startFileServer } from '@sandtrail/local/tour/file-server';
import { tourPolicy } from '@sandtrail/local/tour/policy';
import { attacks, benign, type Scenario } from '@sandtrail/local/tour/scenarios';
import { systemRandom } from '@sandtrail/runtime/clock';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { awaitRecord, findingsOf, recordsOf } from '../world/seen.ts';
import { runWorkload, startWorkload, type Workload } from '../world/workload.ts';

let product: TestProduct;
let server: FileServer;
const latencies: string[] = [];

beforeAll(async () => {
  server = await startFileServer();
  product = await startTestProduct();
});

afterAll(async () => {
  console.log(['from event to finding:', ...latencies].join('\n  '));
  await server.close();
  expect(await product.close()).toEqual([]);
});

function workloadOf({ name, files, script }: Scenario): Workload {
  const values: Readonly<Record<string, string>> = {
    port: `${server.port}`,
    githubToken: githubTokenTail(systemRandom),
  };
  return {
    name,
    files,
    script: script.replaceAll(/\{\{(\w+)\}\}/g, (_, word) => values[word] ?? ''),
    policy: tourPolicy({ port: server.port, isolation: 'bubblewrap' }),
  };
}

test('an honest session raises nothing above low', async () => {
  const { uid, exitCode, output } = await runWorkload(product, workloadOf(benign));
  expect(exitCode, output).toBe(0);
  expect(output).toContain('hello from a place that the policy allows');
  await awaitRecord(product, uid, 'sandbox.destroyed');
  expect(recordsOf(product, uid, 'process.exec').length).toBeGreaterThan(10);
  expect(recordsOf(product, uid, 'network.http').length).toBeGreaterThan(0);
  const loud = findingsOf(product, uid).filter(({ severity }) => !isQuiet(severity));
  expect(loud.map(({ detector, explanation }) => `${detector}: ${explanation}`)).toEqual([]);
});

test.each(attacks)('$name is found: $title', async (scenario) => {
  const { detector, name } = scenario;
  const running = startWorkload(product, workloadOf(scenario));
  running.stdin.end();
  const { afterMs } = await awaitRecord(product, running.uid, 'finding', {
    fits: ({ finding }) => finding.detector === detector,
  });
  latencies.push(`${name.padEnd(18)} ${afterMs.toFixed(0).padStart(4)} ms`);
  // One that was frozen for it would not end by itself.
  if (recordsOf(product, running.uid, 'containment.requested').length > 0) {
    await product.command(['quarantine', running.uid, '--level', 'L5']);
  }
  await running.ended;
});

test('what a finding rests on is in the log, and its evidence is witnessed', async () => {
  const scenario = attacks.find(({ detector }) => detector === 'egress-policy');
  if (scenario === undefined) throw new Error('no attack on the egress policy');
  const { uid } = await runWorkload(product, workloadOf(scenario));
  const { body } = await awaitRecord(product, uid, 'finding');
  expect(body.finding.witnessed).toBe(true);
  const streams = product.feed
    .all(({ sandbox }) => sandbox === uid)
    .map((seen) => `${seen.body.stream} ${seen.body.seq}`);
  for (const { stream, seq } of body.finding.evidence)
    expect(streams).toContain(`${stream} ${seq}`);
});

test('an escape is frozen by itself, at once, with a proof that holds', async () => {
  const [attack] = attacks;
  if (attack === undefined) throw new Error('there are no attacks');
  const running = startWorkload(product, workloadOf(attack));
  running.stdin.end();
  const { body } = await awaitRecord(product, running.uid, 'containment.verified');
  expect(body.result).toMatchObject({ level: 'L2', check: 'at_once' });
  expect(body.result.proof).toMatchObject({ escaped: 0, truncated: false, cpuDeltaUs: 0 });
  expect(body.result.proof?.visited).toBeGreaterThan(1);
  latencies.push(
    `${'to frozen, proven'.padEnd(18)} ${(body.result.latencyUs / 1e3).toFixed(0).padStart(4)} ms`,
  );
  const later = await awaitRecord(product, running.uid, 'containment.verified', {
    fits: ({ result }) => result.check === 'after_1s',
  });
  expect(later.body.result.proof).toMatchObject({ cpuDeltaUs: 0, escaped: 0 });
  const killed = await product.command(['quarantine', running.uid, '--level', 'L5', '--json']);
  expect(JSON.parse(killed.stdout)).toMatchObject({ state: 'verified', level: 'L5' });
  expect(await running.ended).toMatchObject({ reason: 'contained', exitCode: 137 });
});

test('the whole record of it verifies against the heads outside', async () => {
  const { exit, report } = await product.verify();
  expect(report.findings).toEqual([]);
  expect({ exit, verdict: report.verdict }).toEqual({ exit: 0, verdict: 'verified' });
});

function isQuiet(severity: string): boolean {
  return severity === 'info' || severity === 'low';
}
