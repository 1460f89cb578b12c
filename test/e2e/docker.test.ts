// Containers of a real Docker engine as sandboxes: watched from birth, judged, contained with proof.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startTestEngine, type TestEngine } from '@sandtrail/host/docker/test-engine';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { startTestProduct, type TestProduct } from '../world/product.ts';
import { awaitRecord, findingsOf, recordsOf } from '../world/seen.ts';
import { until } from '../world/until.ts';
import { policyOf } from '../world/workload.ts';

let engine: TestEngine;
let product: TestProduct;
const cgroupParent = `st-docker-e2e-${process.pid}`;

beforeAll(async () => {
  engine = await startTestEngine(cgroupParent);
  const schedulers = [{ docker: { socket: engine.socketPath } }];
  product = await startTestProduct({ cgroupParent, schedulers });
  mkdirSync(product.layout.policies, { recursive: true });
  for (const isolation of ['docker', 'gvisor'] as const) {
    const policy = policyOf({ isolation, network: { mode: 'none' } });
    writeFileSync(path.join(product.layout.policies, `${isolation}.yaml`), JSON.stringify(policy));
  }
});
afterAll(async () => {
  for (const id of started) await engine.api('DELETE', `/containers/${id}?force=1`);
  const left = await product.close();
  expect([...left, ...(await engine.close())]).toEqual([]);
});

const started: string[] = [];
const label = 'dev.sandtrail.policy';

/** Starts a shell script in a container; with a policy's name it is watched from birth. */
async function startContainer(script: string, policy?: string) {
  const created = await engine.api('POST', '/containers/create', {
    Image: 'box:1',
    Cmd: ['sh', '-c', `mkdir -p /tmp/agent; cd /tmp/agent; ${script}`],
    Labels: policy === undefined ? {} : { [label]: policy },
    HostConfig: { NetworkMode: 'none' },
  });
  const { Id: id } = z.object({ Id: z.string() }).parse(created);
  started.push(id);
  await engine.api('POST', `/containers/${id}/start`);
  return { id, uid: `docker-${id.slice(0, 32)}` };
}

async function statusOf(id: string): Promise<string | undefined> {
  return (await engine.engine.inspect(id))?.State.Status;
}

async function kill(uid: string) {
  const words = ['quarantine', uid, '--level', 'L5', '--json'];
  const killed = await product.command(words, { actor: 'anna' });
  return { exit: killed.exit, report: JSON.parse(killed.stdout) };
}

const work =
  'while :; do echo honest > notes; cat notes > /dev/null; ls / > /dev/null; sleep 0.1; done';

test('an attack in a container is found, frozen with proof, released by a person, and killed', async () => {
  const attack =
    'sleep 0.5; cat /proc/1/root/etc/shadow; while :; do echo x > busy; sleep 0.02; done';
  const { id, uid } = await startContainer(attack, 'docker');
  const { body: created } = await awaitRecord(product, uid, 'sandbox.created');
  expect(created).toMatchObject({ isolation: 'docker', template: 'box:1' });
  const { body: found } = await awaitRecord(product, uid, 'finding', { withinMs: 20_000 });
  expect(found.finding).toMatchObject({ detector: 'escape-primitive', severity: 'high' });
  const { body: verified } = await awaitRecord(product, uid, 'containment.verified');
  expect(verified.result).toMatchObject({ level: 'L2', driver: 'docker' });
  expect(verified.result.proof).toMatchObject({ escaped: 0, cpuDeltaUs: 0, openFlows: 0 });
  await until(async () => (await statusOf(id)) === 'paused', {
    what: 'the engine shows it paused',
  });

  const released = await product.command(['release', uid, '--json'], { actor: 'maria' });
  const state = (await engine.engine.inspect(id))?.State;
  expect({ ...JSON.parse(released.stdout), engine: state }).toMatchObject({ state: 'released' });
  expect(await statusOf(id)).toBe('running');

  const { exit, report } = await kill(uid);
  expect({ exit, state: report.state }).toEqual({ exit: 0, state: 'verified' });
  expect(report.results.at(-1).proof).toMatchObject({ alive: 0, escaped: 0 });
  const { body: ended } = await awaitRecord(product, uid, 'sandbox.destroyed');
  expect(ended).toMatchObject({ reason: 'contained' });
  expect(ended.streams.map(({ stream }) => stream.split(':')[0]).toSorted()).toEqual([
    'docker',
    'ebpf',
    'host',
  ]);
  expect(await statusOf(id)).toBe('exited');
});

test('an honest container stays quiet, exec sessions and pauses of the engine included', async () => {
  const { id, uid } = await startContainer(work, 'docker');
  await awaitRecord(product, uid, 'file.open', { fits: ({ path: { raw } }) => raw === 'notes' });
  const exec = await engine.api('POST', `/containers/${id}/exec`, { Cmd: ['ls', '/tmp/agent'] });
  const { Id } = z.object({ Id: z.string() }).parse(exec);
  await engine.api('POST', `/exec/${Id}/start`, { Detach: true });
  const { body } = await awaitRecord(product, uid, 'command', {
    fits: ({ phase }) => phase === 'finished',
  });
  expect(body).toMatchObject({ argv: ['ls /tmp/agent'], exitCode: 0 });
  await engine.api('POST', `/containers/${id}/pause`);
  await engine.api('POST', `/containers/${id}/unpause`);
  await awaitRecord(product, uid, 'sandbox.resumed');
  await engine.api('POST', `/containers/${id}/kill`);
  await awaitRecord(product, uid, 'sandbox.destroyed');
  expect(findingsOf(product, uid)).toEqual([]);
  const fields = recordsOf(product, uid, 'sandbox.unenforced').map(({ field }) => field);
  expect(fields).not.toContain('kernel sensors');
  expect(fields).toContain('resources.memory_limit');
});

test('a container that is isolated less than its policy declares is killed at birth', async () => {
  const { id, uid } = await startContainer(work, 'gvisor');
  await awaitRecord(product, uid, 'sandbox.unenforced', {
    fits: ({ field }) => field === 'isolation',
  });
  const { body } = await awaitRecord(product, uid, 'sandbox.killed');
  expect(body).toMatchObject({ by: 'policy' });
  await until(async () => (await statusOf(id)) === 'exited', { what: 'it is dead' });
});

test('a container without a label is watched when a person names it, unless it is too weak', async () => {
  const { id, uid } = await startContainer(work);
  const policy = (name: string) => path.join(product.layout.policies, `${name}.yaml`);
  const words = (name: string) => ['watch', `docker:${id}`, '--policy', policy(name), '--json'];
  const refused = await product.command(words('gvisor'));
  expect(refused.exit).toBe(77);
  expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'SANDBOX_WEAKER' } });
  const watched = await product.command(words('docker'));
  expect(JSON.parse(watched.stdout)).toMatchObject({ uid, incarnation: 0, isolation: 'docker' });
  await awaitRecord(product, uid, 'file.open', { fits: ({ path: { raw } }) => raw === 'notes' });
  expect(await kill(uid)).toMatchObject({ exit: 0, report: { state: 'verified' } });
});

test('a container that is started again is another life of the same sandbox', async () => {
  const { id, uid } = await startContainer(work, 'docker');
  await awaitRecord(product, uid, 'sandbox.started');
  await engine.api('POST', `/containers/${id}/kill`);
  await awaitRecord(product, uid, 'sandbox.destroyed');
  await engine.api('POST', `/containers/${id}/start`);
  const seen = await product.feed.find(
    (each) =>
      each.sandbox === uid &&
      each.body.kind === 'sandbox.started' &&
      each.body.stream.endsWith(':1'),
    10_000,
  );
  expect(seen).toBeDefined();
});

test('a container that nobody watches is left alone, wherever its cgroup lies', async () => {
  const { id } = await startContainer(work);
  // Longer than the daemon waits between two looks for orphans.
  await delay(6_000);
  expect(await statusOf(id)).toBe('running');
});

test('the doctor says which engine answers, and what it cannot see without one', async () => {
  const { stdout } = await product.command(['doctor', '--json']);
  const { checks } = z
    .object({ checks: z.array(z.looseObject({ name: z.string() })) })
    .parse(JSON.parse(stdout));
  const named = (name: string) => checks.find((check) => check.name.startsWith(name));
  expect(named('docker')).toMatchObject({ state: 'on', mode: expect.stringMatching(/^API 1\.41/) });
  expect(named('gvisor')).toMatchObject({ state: 'on', mode: expect.stringMatching(/seccheck/) });
});

test('the record of all that verifies', async () => {
  const { exit, report } = await product.verify();
  expect(report.findings).toEqual([]);
  expect({ exit, verdict: report.verdict }).toEqual({ exit: 0, verdict: 'verified' });
});
