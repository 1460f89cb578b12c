// What every local driver must do, as tests on real busy processes.
import type { Readable } from 'node:stream';

import { proofHolds } from '@sandtrail/schemas/proof-holds';
import { afterEach, describe, expect, test } from 'vitest';
import type { Driver, EgressSwitch, Target } from './driver.ts';

/** A sandbox that runs a command of a test. */
export interface SandboxUnderTest {
  readonly target: Target;
  readonly launched: {
    readonly stdout: Readable | undefined;
    readonly exited: Promise<unknown>;
  };
  end(): Promise<unknown>;
}

/** A driver and how to start a sandbox that it contains. */
export interface DriverUnderTest {
  readonly driver: Driver;
  /** How many busy tasks count as many; 300 unless told. */
  readonly many?: number;
  start(options: {
    readonly command: readonly string[];
    readonly egress?: EgressSwitch;
    readonly pidsMax?: number;
  }): Promise<SandboxUnderTest>;
}

/** A shell that starts `n` busy children, says so, and waits. */
export function busyCommand(n: number): readonly string[] {
  const loop =
    'i=0; while [ $i -lt $0 ]; do (while :; do :; done) & i=$((i+1)); done; echo up; wait';
  return ['sh', '-c', loop, String(n)];
}

/** Below everybody else's work: what stands here is that it stops, not that it starves the machine. */
export const idly: readonly string[] = ['chrt', '-i', '0'];

/** So many leave the machine to others without that. */
const fewTasks = 10;

const forkBomb = [...idly, 'sh', '-c', 'b() { b & b & while :; do :; done; }; b 2>/dev/null'];

/** Registers the conformance tests of one driver. */
export function driverConformance(under: DriverUnderTest): void {
  const { driver, many = 300 } = under;
  const running: SandboxUnderTest[] = [];
  const start: DriverUnderTest['start'] = async (options) => {
    const sandbox = await under.start(options);
    running.push(sandbox);
    return sandbox;
  };
  const busy = async (n: number, egress?: EgressSwitch) => {
    const command = [...(n > fewTasks ? idly : []), ...busyCommand(n)];
    const sandbox = await start(egress === undefined ? { command } : { command, egress });
    await firstOutput(sandbox);
    return sandbox;
  };
  afterEach(async () => {
    for (const sandbox of running.splice(0)) await sandbox.end();
  });

  describe(`the ${driver.name} driver`, () => {
    test(`freezes ${many} busy tasks and proves that none ran on`, async () => {
      const { target } = await busy(many);
      expect(await driver.apply(target, 'L2')).toMatchObject({ state: 'applied', level: 'L2' });
      const proof = await driver.verify(target);
      expect(proof).toMatchObject({ escaped: 0, truncated: false, cpuDeltaUs: 0, openFlows: 0 });
      expect(proof.visited).toBeGreaterThan(many);
      expect(proofHolds('L2', proof)).toBe(true);
    });

    test('kills what is frozen', async () => {
      const { target } = await busy(20);
      await driver.apply(target, 'L2');
      expect(await driver.apply(target, 'L5')).toMatchObject({ state: 'applied', level: 'L5' });
      expect(proofHolds('L5', await driver.verify(target))).toBe(true);
    });

    test('a second freeze finds the state and is no failure', async () => {
      const { target } = await busy(2);
      await driver.apply(target, 'L2');
      expect(await driver.apply(target, 'L2')).toMatchObject({ state: 'applied' });
      expect(proofHolds('L2', await driver.verify(target))).toBe(true);
    });

    test('stops a fork bomb', async () => {
      const { target } = await start({ command: forkBomb, pidsMax: 200 });
      await untilTasks(driver, { target, tasks: 50 });
      expect(await driver.apply(target, 'L2')).toMatchObject({ state: 'applied' });
      expect(proofHolds('L2', await driver.verify(target))).toBe(true);
      expect(await driver.apply(target, 'L5')).toMatchObject({ state: 'applied' });
      expect(proofHolds('L5', await driver.verify(target))).toBe(true);
    });

    test('says that a sandbox is gone instead of failing', async () => {
      const { target, launched } = await start({ command: ['true'] });
      await launched.exited;
      // Bubblewrap outside may end a moment before the first process inside does.
      while ((await driver.verify(target)).alive > 0) await launched.exited;
      expect(await driver.apply(target, 'L2')).toMatchObject({ state: 'already_gone' });
      expect(await driver.apply(target, 'L5')).toMatchObject({ state: 'already_gone' });
      expect(proofHolds('L5', await driver.verify(target))).toBe(true);
    });

    test('a running sandbox does not pass for a frozen or a dead one', async () => {
      const { target } = await busy(2);
      const proof = await driver.verify(target);
      expect(proof.cpuDeltaUs).toBeGreaterThan(0);
      expect(proofHolds('L2', proof)).toBe(false);
      expect(proofHolds('L5', proof)).toBe(false);
    });

    test('a release lets it run on', async () => {
      const { target } = await busy(2);
      await driver.apply(target, 'L2');
      expect(await driver.release(target)).toMatchObject({ state: 'applied', level: 'L0' });
      expect((await driver.verify(target)).cpuDeltaUs).toBeGreaterThan(0);
    });

    test('freezes and thaws without a word about egress', async () => {
      const untouchable = () => Promise.reject(new Error('egress was touched'));
      const status = () => Promise.resolve({ openFlows: 1, denied: false });
      const egress = { deny: untouchable, allow: untouchable, status };
      const { target } = await busy(2, egress);
      expect(await driver.freeze(target)).toBe(true);
      expect(proofHolds('L2', await driver.verify(target))).toBe(true);
      expect(await driver.thaw(target)).toBe(true);
      expect((await driver.verify(target)).cpuDeltaUs).toBeGreaterThan(0);
    });

    test('never touches another sandbox', async () => {
      const { target } = await busy(2);
      const other = await busy(2);
      await driver.apply(target, 'L5');
      const untouched = await driver.verify(other.target);
      expect(untouched).toMatchObject({ frozen: 0, escaped: untouched.alive });
      expect(untouched.cpuDeltaUs).toBeGreaterThan(0);
      const another = { ...other.target, initStartTicks: 1n };
      const stale = { ...another, cgroup: renumbered(other.target.cgroup) };
      expect(await driver.apply(stale, 'L5')).toMatchObject({ state: 'already_gone' });
      expect((await driver.verify(other.target)).cpuDeltaUs).toBeGreaterThan(0);
    });

    test('denies egress alone at the first rung', async () => {
      const { target } = await busy(2);
      expect(await driver.apply(target, 'L1')).toMatchObject({ state: 'applied', level: 'L1' });
      const proof = await driver.verify(target);
      expect(proofHolds('L1', proof)).toBe(true);
      expect(proof.cpuDeltaUs).toBeGreaterThan(0);
    });

    test('freezes when the runner does not answer a denial of egress', async () => {
      const never = () => new Promise<never>(() => undefined);
      const { target } = await busy(2, { deny: never, allow: never, status: never });
      expect(await driver.apply(target, 'L1')).toMatchObject({ state: 'applied', level: 'L2' });
      const proof = await driver.verify(target);
      expect(proof.openFlows).toBeUndefined();
      expect(proofHolds('L2', proof)).toBe(true);
      expect(proofHolds('L1', proof)).toBe(false);
    });
  });
}

function renumbered(cgroup: Target['cgroup']): Target['cgroup'] {
  return cgroup === undefined ? undefined : { ...cgroup, id: cgroup.id + 1n };
}

async function firstOutput(sandbox: SandboxUnderTest): Promise<void> {
  const { stdout } = sandbox.launched;
  await new Promise<void>((resolve) => stdout?.once('data', () => resolve()));
}

async function untilTasks(
  driver: Driver,
  { target, tasks }: { readonly target: Target; readonly tasks: number },
): Promise<void> {
  for (let look = 0; look < 100; look += 1) {
    if ((await driver.verify(target)).visited >= tasks) return;
  }
  throw new Error('the fork bomb did not grow');
}
