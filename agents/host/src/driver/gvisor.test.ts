// The gvisor driver on real Sentries of a real engine: the table of all drivers, and their own traps.
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@sandtrail/runtime/clock';
import { proofHolds } from '@sandtrail/schemas/proof-holds';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestContainer, type TestContainer } from '../docker/test-container.ts';
import { startTestEngine, type TestEngine } from '../docker/test-engine.ts';
import { busyCommand, driverConformance } from './conformance.ts';
import { createGvisorDriver } from './gvisor.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(async () => {
  expect(await engine.close()).toEqual([]);
});

const driver = createGvisorDriver({ clock: systemClock });
const runtime = 'runsc';
const start = (options: Parameters<typeof startTestContainer>[1]) =>
  startTestContainer(engine, { ...options, runtime });

describe('on real Sentries', () => {
  // Each task is a traced process of its own, and starts as slowly as that.
  driverConformance({ driver, start, many: 30 });
});

async function withBusy(work: (container: TestContainer) => Promise<void>): Promise<void> {
  const container = await start({ command: busyCommand(2) });
  await new Promise((resolve) => container.launched.stdout?.once('data', resolve));
  try {
    await work(container);
  } finally {
    await container.end();
  }
}

test('the guest runs under gVisor’s kernel, and the Sentry has a cgroup of its own', async () => {
  const { target, launched, end } = await start({ command: ['sh', '-c', 'dmesg; sleep 60'] });
  const [line] = await new Promise<string[]>((resolve) =>
    launched.stdout?.once('data', (chunk: Buffer) => resolve([String(chunk)])),
  );
  expect(line).toMatch(/gVisor/);
  expect(readFileSync(`${target.cgroup?.path}/cgroup.procs`, 'utf8')).toContain(
    `${target.initPid}\n`,
  );
  await end();
  expect(existsSync(target.cgroup?.path ?? '')).toBe(false);
});

test('a sandbox that its engine has paused is killed within 200 ms', async () => {
  await withBusy(async ({ id, target }) => {
    await engine.api('POST', `/containers/${id}/pause`);
    const beganMs = performance.now();
    expect(await driver.apply(target, 'L5')).toMatchObject({ state: 'applied', level: 'L5' });
    const tookMs = performance.now() - beganMs;
    expect(proofHolds('L5', await driver.verify(target))).toBe(true);
    console.log(`a paused gVisor sandbox was dead after ${tookMs.toFixed(1)} ms`);
    expect(tookMs).toBeLessThan(200);
    await engine.api('POST', `/containers/${id}/wait`);
    expect((await engine.engine.inspect(id))?.State.Status).toBe('exited');
  });
});

test('a restart policy does not bring a killed Sentry back', async () => {
  const container = await start({ command: busyCommand(1), restart: 'always' });
  await new Promise((resolve) => container.launched.stdout?.once('data', resolve));
  const killed = await driver.apply(container.target, 'L5');
  expect(killed).toMatchObject({ state: 'applied' });
  expect(killed).not.toHaveProperty('detail');
  await delay(1_500);
  expect(proofHolds('L5', await driver.verify(container.target))).toBe(true);
  expect((await engine.engine.inspect(container.id))?.State.Status).toBe('exited');
  await container.end();
});

test('what the engine pauses can be frozen, and runs on after the release', async () => {
  await withBusy(async ({ id, target }) => {
    await engine.api('POST', `/containers/${id}/pause`);
    await engine.api('POST', `/containers/${id}/unpause`);
    await driver.apply(target, 'L2');
    expect(proofHolds('L2', await driver.verify(target))).toBe(true);
    expect(await driver.release(target)).toMatchObject({ state: 'applied', level: 'L0' });
    expect((await driver.verify(target)).cpuDeltaUs).toBeGreaterThan(0);
  });
});
