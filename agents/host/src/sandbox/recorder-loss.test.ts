import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findCgroupLayout } from './cgroup-layout.ts';
import { reapOrphans } from './orphans.ts';
import { runSandbox } from './run.ts';
import { RunRig, testPolicy } from './run-rig.ts';

let rig: RunRig;

beforeEach(() => {
  rig = new RunRig();
});

afterEach(async () => {
  await rig.close();
});

const busy = ['sh', '-c', 'echo up; while :; do :; done'];

/** Starts a runner in a process of its own; resolves when its command runs. */
async function startRunner(controlSocket: string) {
  const uid = `run-${randomBytes(6).toString('hex')}`;
  rig.know(uid);
  const program = new URL('./runner-child.ts', import.meta.url).pathname;
  const words = [program, rig.directory, rig.parent, controlSocket, uid, ...busy];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return { uid, child, cgroup: join('/sys/fs/cgroup/unified', rig.parent, uid) };
}

async function killHard(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

function isFrozen(cgroup: string): boolean {
  return readFileSync(join(cgroup, 'cgroup.events'), 'utf8').includes('frozen 1');
}

/** Milliseconds until the condition holds. */
async function until(condition: () => boolean, limitMs = 5000): Promise<number> {
  const start = performance.now();
  while (!condition()) {
    if (performance.now() - start > limitMs) throw new Error('it never came to be');
    await delay(2);
  }
  return performance.now() - start;
}

test('kill -9 of the runner freezes its sandbox within a second, with no daemon to help', async () => {
  const { child, cgroup } = await startRunner('');
  expect(isFrozen(cgroup)).toBe(false);
  await killHard(child);
  expect(await until(() => isFrozen(cgroup))).toBeLessThan(1000);
});

test('orphans are killed and told of at the next start; a live runner keeps its own', async () => {
  const dead = await startRunner('');
  const alive = await startRunner('');
  await killHard(dead.child);
  await until(() => isFrozen(dead.cgroup));
  const layout = findCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'));
  if (layout === undefined) throw new Error('no cgroup v2');
  const runsDirectory = join(rig.directory, 'runs');
  const orphans = await reapOrphans({ layout, parent: rig.parent, runsDirectory });
  expect(orphans).toMatchObject([{ uid: dead.uid, incarnation: 0, wasFrozen: true }]);
  expect(orphans[0]?.tasks).toBeGreaterThan(0);
  expect(existsSync(dead.cgroup)).toBe(false);
  expect(isFrozen(alive.cgroup)).toBe(false);
  await killHard(alive.child);
});

test('a living daemon adopts the orphan: frozen for a while, then killed and told', async () => {
  await rig.startHost({ orphanGraceMs: 300 });
  const { uid, child, cgroup } = await startRunner(rig.socketPath);
  await killHard(child);
  await until(() => isFrozen(cgroup));
  await until(() => rig.sandboxes.list().length === 0);
  const told = rig.observed.filter((one) => one.uid === uid).map((one) => one.observation.kind);
  expect(told).toEqual(['sandbox.paused', 'sandbox.killed']);
  await until(() => !existsSync(cgroup));
});

test('an orphan that somebody kills is forgotten long before its time', async () => {
  await rig.startHost({ orphanGraceMs: 60_000 });
  const { child, cgroup } = await startRunner(rig.socketPath);
  await killHard(child);
  await until(() => isFrozen(cgroup));
  writeFileSync(join(cgroup, 'cgroup.kill'), '1');
  await until(() => !existsSync(cgroup));
  expect(rig.sandboxes.list()).toEqual([]);
});

test('without the daemon the sandbox waits, frozen, and runs on when it is watched again', async () => {
  await rig.startHost();
  const { options, io, recorder } = rig.run(['sh', '-c', 'echo up; sleep 1; echo end']);
  const ended = runSandbox(options);
  await once(io.stdout, 'data');
  const cgroup = join('/sys/fs/cgroup/unified', rig.parent, options.uid);
  await rig.stopHost();
  expect(await until(() => isFrozen(cgroup))).toBeLessThan(1000);
  await rig.startHost();
  await until(() => !isFrozen(cgroup));
  expect(await ended).toMatchObject({ exitCode: 0, reason: 'exited' });
  expect(recorder.of('sandbox.paused')).toMatchObject([{ by: 'runner' }]);
  const told = rig.observed.map((one) => one.observation.kind);
  expect(told).toEqual(['sandbox.resumed']);
});

test('a daemon that stays away costs the sandbox its life', async () => {
  await rig.startHost();
  const { options, io } = rig.run(busy, { limits: { hostLossMsMax: 300 } });
  const ended = runSandbox(options);
  await once(io.stdout, 'data');
  await rig.stopHost();
  expect(await ended).toMatchObject({ exitCode: 137, reason: 'orphaned' });
});

test('a policy that lets a sandbox go on unwatched is heeded', async () => {
  await rig.startHost();
  const { options, io } = rig.run(['sh', '-c', 'echo up; sleep 0.5; exit 4'], {
    policy: testPolicy({ on_recorder_loss: 'continue' }),
    limits: { hostLossMsMax: 100 },
  });
  const ended = runSandbox(options);
  await once(io.stdout, 'data');
  await rig.stopHost();
  expect(await ended).toMatchObject({ exitCode: 4 });
});

test('a dead kernel sensor stops every sandbox until it sees again', async () => {
  await rig.startHost();
  const { options, io } = rig.run(['sh', '-c', 'echo up; sleep 0.5; exit 4']);
  const ended = runSandbox(options);
  await once(io.stdout, 'data');
  const cgroup = join('/sys/fs/cgroup/unified', rig.parent, options.uid);
  await rig.sandboxes.recorderLost('the sensor died');
  expect(isFrozen(cgroup)).toBe(true);
  await rig.sandboxes.recorderBack();
  expect(await ended).toMatchObject({ exitCode: 4 });
  const told = rig.observed.map((one) => one.observation.kind);
  expect(told).toEqual(['sandbox.paused', 'sandbox.resumed']);
});
