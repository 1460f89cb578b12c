// gVisor sandboxes of a real engine: seen through their Sentries, judged, contained from the host.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startTestEngine, type TestEngine } from '@sandtrail/host/docker/test-engine';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { awaitRecord, findingsOf, recordsOf } from '../world/seen.ts';
import { policyOf } from '../world/workload.ts';

let engine: TestEngine;
let product: TestProduct;
const cgroupParent = `st-gvisor-e2e-${process.pid}`;
const started: string[] = [];

beforeAll(async () => {
  engine = await startTestEngine(cgroupParent);
  const schedulers = [{ docker: { socket: engine.socketPath } }];
  product = await startTestProduct({ cgroupParent, schedulers });
  mkdirSync(product.layout.policies, { recursive: true });
  const policy = policyOf({ isolation: 'gvisor', network: { mode: 'none' } });
  writeFileSync(path.join(product.layout.policies, 'agent.yaml'), JSON.stringify(policy));
});
afterAll(async () => {
  for (const id of started) {
    // An engine waits long for a Sentry that still stands frozen.
    await product.command(['quarantine', `docker-${id.slice(0, 32)}`, '--level', 'L5', '--json']);
    await engine.api('DELETE', `/containers/${id}?force=1`);
  }
  const left = await product.close();
  expect([...left, ...(await engine.close())]).toEqual([]);
});

async function startGuest(script: string) {
  const created = await engine.api('POST', '/containers/create', {
    Image: 'box:1',
    Cmd: ['sh', '-c', `mkdir -p /tmp/agent; cd /tmp/agent; ${script}`],
    Labels: { 'dev.sandtrail.policy': 'agent' },
    HostConfig: { NetworkMode: 'none', Runtime: 'runsc' },
  });
  const { Id: id } = z.object({ Id: z.string() }).parse(created);
  started.push(id);
  await engine.api('POST', `/containers/${id}/start`);
  return { id, uid: `docker-${id.slice(0, 32)}` };
}

test('an attack under gVisor is found, its Sentry frozen with proof, released, and killed', async () => {
  const attack = 'sleep 3; cat /proc/1/root/etc/shadow; while :; do echo x > busy; sleep 0.1; done';
  const { uid } = await startGuest(attack);
  const { body: created } = await awaitRecord(product, uid, 'sandbox.created');
  expect(created).toMatchObject({ isolation: 'gvisor' });
  await awaitRecord(product, uid, 'process.exec', { withinMs: 20_000 });
  const { body: found } = await awaitRecord(product, uid, 'finding', { withinMs: 20_000 });
  expect(found.finding).toMatchObject({ detector: 'escape-primitive', severity: 'high' });
  const { body: verified } = await awaitRecord(product, uid, 'containment.verified');
  expect(verified.result).toMatchObject({ level: 'L2', driver: 'gvisor' });
  expect(verified.result.proof).toMatchObject({ escaped: 0, cpuDeltaUs: 0 });

  const release = await product.command(['release', uid, '--json'], { actor: 'maria' });
  expect(JSON.parse(release.stdout)).toMatchObject({ state: 'released' });

  const words = ['quarantine', uid, '--level', 'L5', '--json'];
  const killed = await product.command(words, { actor: 'anna' });
  const report = JSON.parse(killed.stdout);
  expect({ exit: killed.exit, state: report.state }).toEqual({ exit: 0, state: 'verified' });
  expect(report.results.at(-1).proof).toMatchObject({ alive: 0, escaped: 0 });
  const { body: ended } = await awaitRecord(product, uid, 'sandbox.destroyed');
  expect(ended.streams.map(({ stream }) => stream.split(':')[0]).toSorted()).toEqual([
    ...['docker', 'gvisor', 'host'],
  ]);
});

test('an honest guest stays quiet', async () => {
  const work =
    'while :; do echo honest > notes; cat notes >/dev/null; ls / >/dev/null; sleep 0.2; done';
  const { id, uid } = await startGuest(work);
  await awaitRecord(product, uid, 'file.open', {
    withinMs: 20_000,
    fits: ({ path: { raw } }) => raw === 'notes',
  });
  await awaitRecord(product, uid, 'process.exit');
  await engine.api('POST', `/containers/${id}/kill`);
  await awaitRecord(product, uid, 'sandbox.destroyed', { withinMs: 20_000 });
  expect(findingsOf(product, uid)).toEqual([]);
  expect(recordsOf(product, uid, 'collector.gap')).toEqual([]);
});

test('the record of all that verifies', async () => {
  const { exit, report } = await product.verify();
  expect(report.findings).toEqual([]);
  expect({ exit, verdict: report.verdict }).toEqual({ exit: 0, verdict: 'verified' });
});
