// The gvisor driver on a sandbox that no engine keeps: runsc started it by itself.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@sandtrail/runtime/clock';
import { proofHolds } from '@sandtrail/schemas/proof-holds';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import { expect, test } from 'vitest';
import { endCgroup } from '../docker/test-engine.ts';
import { quietEgress } from '../sandbox/test-sandbox.ts';
import { createGvisorDriver } from './gvisor.ts';
import { ownCgroup } from './own-cgroup.ts';
import { readTarget } from './target.ts';

const id = `alone-${process.pid}`;

function runsc(folder: string, ...words: readonly string[]): string {
  const run = spawnSync('runsc', [`--root=${folder}/root`, ...words], { encoding: 'utf8' });
  return run.stdout + run.stderr;
}

function writeBundle(folder: string): string {
  const bundle = join(folder, 'bundle');
  mkdirSync(join(bundle, 'rootfs/bin'), { recursive: true });
  copyFileSync('/usr/bin/busybox', join(bundle, 'rootfs/bin/busybox'));
  symlinkSync('busybox', join(bundle, 'rootfs/bin/sh'));
  const words = ['spec', '--', 'sh', '-c', 'echo up; while :; do :; done'];
  spawnSync('runsc', words, { cwd: bundle });
  return bundle;
}

test('is frozen, proven, released, and killed within 200 ms though runsc has paused it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sta-'));
  const parent = `st-alone-${process.pid}`;
  const flags = ['--platform=ptrace', '--network=none', '--ignore-cgroups'];
  const words = [`--root=${folder}/root`, ...flags, 'run', '-bundle', writeBundle(folder), id];
  const outer = spawn('runsc', words, { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(outer, 'exit');
  try {
    await once(outer.stdout, 'data');
    const initPid = Number(/"pid": (\d+)/.exec(runsc(folder, 'state', id))?.[1]);
    const cgroup = ownCgroup({ pid: initPid, mark: id, adoptInto: `${parent}/${id}` });
    const uid = SandboxUid.parse(id);
    const egress = quietEgress();
    const target = readTarget({ uid, incarnation: 0, cgroup, initPid, egress });
    const driver = createGvisorDriver({ clock: systemClock });
    expect(await driver.apply(target, 'L2')).toMatchObject({ state: 'applied', level: 'L2' });
    expect(proofHolds('L2', await driver.verify(target))).toBe(true);
    expect(await driver.release(target)).toMatchObject({ state: 'applied', level: 'L0' });
    expect(proofHolds('L2', await driver.verify(target))).toBe(false);

    expect(runsc(folder, 'pause', id)).toBe('');
    const beganMs = performance.now();
    expect(await driver.apply(target, 'L5')).toMatchObject({ state: 'applied', level: 'L5' });
    const tookMs = performance.now() - beganMs;
    console.log(`a paused Sentry of runsc alone was dead after ${tookMs.toFixed(1)} ms`);
    expect(tookMs).toBeLessThan(200);
    expect(proofHolds('L5', await driver.verify(target))).toBe(true);
  } finally {
    runsc(folder, 'delete', '--force', id);
    outer.kill('SIGKILL');
    await ended;
    expect(await endCgroup(`/sys/fs/cgroup/unified/${parent}`)).toEqual([]);
    rmSync(folder, { recursive: true, force: true });
  }
});
