// Sandboxes whose runner is dead: found when the host daemon starts, killed, and told of.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { openCgroup } from '../driver/cgroup-handle.ts';
import { readTask } from '../driver/task.ts';
import { removeCgroups } from './cgroup.ts';
import { type CgroupLayout, cgroupDirectories } from './cgroup-layout.ts';
import { systemErrorCode } from './system-error.ts';

const RunnerFile = z.strictObject({
  pid: z.int().min(1),
  startTicks: z.string(),
  incarnation: z.int().min(0),
});

/** A sandbox that was found without its runner. */
export interface Orphan {
  /** Its name, which is its uid. */
  readonly uid: string;
  /** `undefined` where the runner's file is missing or damaged. */
  readonly incarnation: number | undefined;
  /** True when its watchdog had frozen it. */
  readonly wasFrozen: boolean;
  /** Tasks that were killed. */
  readonly tasks: number;
}

interface ReapOptions {
  readonly layout: CgroupLayout;
  /** Parent cgroup of all sandboxes. */
  readonly parent: string;
  /** The directory below which each run has its own, named by the sandbox's uid. */
  readonly runsDirectory: string;
  /** Of those a living daemon takes care already. */
  readonly isAdopted?: (uid: string) => boolean;
}

const killTimeoutMs = 5_000;

/** Leaves word in a run's directory of who its runner is. */
export function writeRunnerFile(directory: string, incarnation: number): void {
  const startTicks = readTask(process.pid)?.startTicks.toString() ?? '0';
  const content = JSON.stringify({ pid: process.pid, startTicks, incarnation });
  writeFileSync(join(directory, 'runner'), content, { mode: 0o600 });
}

/** Kills every sandbox below the parent cgroup whose runner is dead; those with a live one stay. */
export async function reapOrphans(options: ReapOptions): Promise<readonly Orphan[]> {
  const parent = join(options.layout.unified, options.parent);
  const orphans: Orphan[] = [];
  // What bears no sandbox's name is not ours to kill: engines put containers there, by their ids.
  for (const uid of directoriesIn(parent).filter((name) => SandboxUid.safeParse(name).success)) {
    const runDirectory = join(options.runsDirectory, uid);
    const runner = readRunnerFile(runDirectory);
    if (runner !== undefined && isRunning(runner)) continue;
    if (options.isAdopted?.(uid) === true) continue;
    const path = join(parent, uid);
    const cgroup = openCgroup({ path, id: statSync(path, { bigint: true }).ino });
    if (cgroup === undefined) continue;
    const wasFrozen = cgroup.event('frozen') === true;
    const tasks = cgroup.threads().length;
    cgroup.write('cgroup.kill', '1');
    for (let ms = 0; cgroup.event('populated') === true && ms < killTimeoutMs; ms += 5)
      await delay(5);
    cgroup.close();
    await clearRemains({ ...options, uid });
    orphans.push({ uid, incarnation: runner?.incarnation, wasFrozen, tasks });
  }
  return orphans;
}

/** Removes the cgroups and the run's directory of a sandbox in which nothing lives. */
export async function clearRemains(options: ReapOptions & { readonly uid: string }): Promise<void> {
  const { runsDirectory, uid } = options;
  await removeCgroups(cgroupDirectories({ ...options, name: uid }));
  rmSync(join(runsDirectory, uid), { recursive: true, force: true });
}

function isRunning({ pid, startTicks }: z.infer<typeof RunnerFile>): boolean {
  return readTask(pid)?.startTicks.toString() === startTicks;
}

function readRunnerFile(directory: string): z.infer<typeof RunnerFile> | undefined {
  try {
    return RunnerFile.parse(JSON.parse(readFileSync(join(directory, 'runner'), 'utf8')));
  } catch (error) {
    // A file that is missing or damaged cannot vouch for a runner.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function directoriesIn(path: string): readonly string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
