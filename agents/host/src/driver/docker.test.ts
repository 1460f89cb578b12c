// The docker driver on a real engine: the table of all drivers, and the traps that an engine sets.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@sandtrail/runtime/clock';
import { proofHolds } from '@sandtrail/schemas/proof-holds';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestContainer, type TestContainer } from '../docker/test-container.ts';
import { startTestEngine, type TestEngine } from '../docker/test-engine.ts';
import { busyCommand, driverConformance } from './conformance.ts';
import { createDockerDriver } from './docker.ts';
import { readTask } from './task.ts';

let engine: TestEngine;
beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(async () => {
  expect(await engine.close()).toEqual([]);
});

const driver = createDockerDriver({ clock: systemClock });

describe('on a real engine', () => {
  driverConformance({ driver, start: (options) => startTestContainer(engine, options) });
});

async function withBusy(
  options: Partial<Parameters<typeof startTestContainer>[1]>,
  work: (container: TestContainer) => Promise<void>,
): Promise<void> {
  const container = await startTestContainer(engine, { command: busyCommand(2), ...options });
  await new Promise((resolve) => container.launched.stdout?.once('data', resolve));
  try {
    await work(container);
  } finally {
    await container.end();
  }
}

async function statusOf(id: string): Promise<string | undefined> {
  return (await engine.engine.inspect(id))?.State.Status;
}

test('the engine shows what was frozen as paused, and as running after the release', async () => {
  await withBusy({}, async ({ id, target }) => {
    await driver.apply(target, 'L2');
    expect(await statusOf(id)).toBe('paused');
    await driver.release(target);
    expect(await statusOf(id)).toBe('running');
  });
});

test('what somebody else has paused is frozen, proven and killed all the same', async () => {
  await withBusy({}, async ({ id, target }) => {
    await engine.api('POST', `/containers/${id}/pause`);
    expect(await driver.apply(target, 'L2')).toMatchObject({ state: 'applied', level: 'L2' });
    expect(proofHolds('L2', await driver.verify(target))).toBe(true);
    expect(await driver.apply(target, 'L2')).toMatchObject({ state: 'applied', level: 'L2' });
    expect(await driver.release(target)).not.toHaveProperty('detail');
    expect(await statusOf(id)).toBe('running');
    await driver.apply(target, 'L2');
    await engine.api('POST', `/containers/${id}/unpause`);
    // Frozen by the kernel, not only in the engine's books.
    expect(proofHolds('L2', await driver.verify(target))).toBe(true);
    await engine.api('POST', `/containers/${id}/pause`);
    expect(await driver.apply(target, 'L5')).toMatchObject({ state: 'applied', level: 'L5' });
    expect(proofHolds('L5', await driver.verify(target))).toBe(true);
  });
});

test('a restart policy does not bring a killed container back', async () => {
  await withBusy({ restart: 'always' }, async ({ id, target }) => {
    expect(await driver.apply(target, 'L5')).toMatchObject({ state: 'applied' });
    await engine.api('POST', `/containers/${id}/wait`);
    expect(await statusOf(id)).toBe('exited');
    expect(proofHolds('L5', await driver.verify(target))).toBe(true);
  });
});

test('a container that somebody starts again is no proven kill, and the old handles do not hit it', async () => {
  await withBusy({}, async ({ id, target }) => {
    await driver.apply(target, 'L5');
    await engine.api('POST', `/containers/${id}/wait`);
    await engine.api('POST', `/containers/${id}/start`);
    const proof = await driver.verify(target);
    expect(proof).toMatchObject({ alive: 1, escaped: 1 });
    expect(proofHolds('L5', proof)).toBe(false);
    expect(await driver.apply(target, 'L5')).toMatchObject({ state: 'already_gone' });
    expect(await statusOf(id)).toBe('running');
  });
});

test('an engine that hangs holds up no freeze and no kill, and the result says so', async () => {
  await withBusy({}, async ({ target }) => {
    process.kill(engine.pid, 'SIGSTOP');
    try {
      const frozen = await driver.apply(target, 'L2');
      expect(frozen).toMatchObject({
        state: 'applied',
        detail: expect.stringMatching(/frozen, but/),
      });
      expect(proofHolds('L2', await driver.verify(target))).toBe(true);
      const killed = await driver.apply(target, 'L5');
      expect(killed).toMatchObject({ state: 'applied', detail: expect.stringMatching(/again/) });
      expect(proofHolds('L5', await driver.verify(target))).toBe(true);
    } finally {
      process.kill(engine.pid, 'SIGCONT');
    }
  });
});

test('an engine that is away leaves the kernel to contain, and finds the container dead when it is back', async () => {
  await withBusy({}, async ({ id, target }) => {
    await engine.stop();
    expect(await driver.apply(target, 'L2')).toMatchObject({ state: 'applied', level: 'L2' });
    expect(proofHolds('L2', await driver.verify(target))).toBe(true);
    expect(await driver.apply(target, 'L5')).toMatchObject({ state: 'applied', level: 'L5' });
    expect(proofHolds('L5', await driver.verify(target))).toBe(true);
    await engine.start();
    expect(await statusOf(id)).toBe('exited');
  });
});

test('a container of the same name is another sandbox', async () => {
  await withBusy({ name: 'twin' }, async ({ id, target }) => {
    await engine.api('DELETE', `/containers/${id}?force=1`);
    await withBusy({ name: 'twin' }, async (other) => {
      expect(await driver.apply(target, 'L5')).toMatchObject({ state: 'already_gone' });
      expect((await driver.verify(other.target)).cpuDeltaUs).toBeGreaterThan(0);
      expect(await statusOf(other.id)).toBe('running');
    });
  });
});

test('the first rung takes the network away, flows and all, and the release gives it back', async () => {
  const network = 'lane';
  await engine.api('POST', '/networks/create', { Name: network });
  const serve = [
    'sh',
    '-c',
    'echo up; nc -ll -p 7000 -e sh -c "while :; do echo x; sleep 0.1; done"',
  ];
  await withBusy({ network, command: serve, name: 'server' }, async () => {
    const ask = ['sh', '-c', 'nc server 7000'];
    await withBusy({ network, command: ask }, async ({ target, launched }) => {
      await new Promise((resolve) => launched.stdout?.once('data', resolve));
      expect(await driver.verify(target)).toMatchObject({ openFlows: 1 });
      expect(await driver.apply(target, 'L1')).toMatchObject({ state: 'applied', level: 'L1' });
      expect(namespaceInterfaces(target.initPid)).toEqual(['lo']);
      const proof = await driver.verify(target);
      expect(proof).toMatchObject({ openFlows: 0 });
      expect(proofHolds('L1', proof)).toBe(true);
      expect(await driver.release(target)).toMatchObject({ state: 'applied', level: 'L0' });
      expect(namespaceInterfaces(target.initPid)).toHaveLength(2);
    });
  });
});

test('a container on the network of the host cannot be denied alone: it is frozen', async () => {
  await withBusy({ network: 'host' }, async ({ target }) => {
    expect(await driver.apply(target, 'L1')).toMatchObject({ state: 'applied', level: 'L2' });
  });
});

/** Read here in another way than the driver does. */
function namespaceInterfaces(pid: number): readonly string[] {
  expect(readTask(pid)).toBeDefined();
  return readdirSync(join('/proc', `${pid}`, 'root/sys/class/net'))
    .filter((name) => !/^(?:sit|tunl|ip6tnl|gre|erspan|ip_vti|ip6)/.test(name))
    .map((name) => name.replace(/^eth\d+$/, 'eth'))
    .concat(readFileSync(`/proc/${pid}/net/dev`, 'utf8') === '' ? ['unreadable'] : []);
}
