// How long it takes to stop what runs: freeze and kill, apply and proof, by number of busy tasks.
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@sandtrail/runtime/clock';
import { expect, test } from 'vitest';
import { startTestSandbox } from '../sandbox/test-sandbox.ts';
import { createCgroupDriver } from './cgroup.ts';
import { busyCommand } from './conformance.ts';

const driver = createCgroupDriver({ clock: systemClock });
const options = { iterations: 40, time: 0, warmupIterations: 1, warmupTime: 0 };

for (const tasks of [1, 50, 300]) {
  test(`freeze ${tasks} busy tasks`, { timeout: 120_000 }, async ({ bench }) => {
    const sandbox = await startTestSandbox({ command: busyCommand(tasks) });
    try {
      await new Promise((resolve) => sandbox.launched.stdout?.once('data', resolve));
      const freeze = async () => {
        expect(await driver.apply(sandbox.target, 'L2')).toMatchObject({ state: 'applied' });
      };
      const thaw = async () => {
        await driver.thaw(sandbox.target);
        // Long enough for the tasks to be really running again.
        await delay(20);
      };
      await bench(`freeze ${tasks} busy tasks`, { afterEach: thaw }, freeze).run(options);
      const verify = async () => {
        await driver.verify(sandbox.target);
      };
      await bench(`prove ${tasks} busy tasks`, verify).run(options);
    } finally {
      await sandbox.end();
    }
  });
}
