// A sandbox's own cgroup: made before anything runs in it, limited by the policy, removed at its end.
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Limits } from '@sandtrail/policy/resources';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { type CgroupLayout, type LimitController, limitControllers } from './cgroup-layout.ts';
import { systemErrorCode } from './system-error.ts';

/** Something that the policy declares and that is not enforced here. */
export interface Unenforced {
  readonly field: string;
  readonly reason: string;
}

/** A cgroup that exists. */
export interface SandboxCgroup {
  /** Its directory in the v2 tree: the handle of freeze and kill. */
  readonly path: string;
  /** That directory's inode, which no later cgroup of the same name shares. */
  readonly id: bigint;
  /** A process that writes its pid to each of these files is inside, limits and all. */
  readonly procsFiles: readonly string[];
  readonly unenforced: readonly Unenforced[];
  /** Tasks killed so far because the memory limit was reached; undefined where none is enforced. */
  oomKills(): number | undefined;
  /** Removes the directories; waits up to 5 s for the last dead tasks to be reaped. */
  remove(): Promise<void>;
}

interface CgroupOptions {
  readonly layout: CgroupLayout;
  /** Name of the parent cgroup, whose direct children the kernel sensors watch. */
  readonly parent: string;
  readonly name: string;
  readonly limits: Limits;
}

const removeTimeoutMs = 5_000;
const cpuPeriodUs = 100_000;
const swapFile = 'memory.swap.max';

/**
 * Makes a sandbox's cgroup in the v2 tree, and in the v1 trees where a limit's controller lies
 * there. A limit whose controller is missing is listed in `unenforced`.
 * @throws SandtrailError `SANDBOX_CGROUP` when the v2 cgroup cannot be made.
 */
export function createSandboxCgroup(options: CgroupOptions): SandboxCgroup {
  const { layout, parent, name, limits } = options;
  const path = join(layout.unified, parent, name);
  makeDirectory(path);
  const unenforced: Unenforced[] = [];
  const directories = [path];
  for (const controller of limitControllers) {
    const mount = layout.v1[controller];
    const directory = mount === undefined ? path : join(mount, parent, name);
    try {
      if (mount === undefined) enableController({ layout, parent, controller });
      else mkdirSync(directory, { recursive: true });
      for (const [file, value] of limitFiles(controller, limits, mount !== undefined)) {
        // A kernel without swap has no such file, and needs none.
        const isNeeded = file !== swapFile || existsSync(join(directory, file));
        if (isNeeded) writeFileSync(join(directory, file), value);
      }
    } catch (error) {
      unenforced.push({ field: limitFields[controller], reason: `cgroup: ${String(error)}` });
    }
    if (mount !== undefined) directories.push(directory);
  }
  return {
    path,
    id: statSync(path, { bigint: true }).ino,
    procsFiles: directories.map((directory) => join(directory, 'cgroup.procs')),
    unenforced,
    oomKills: () =>
      readOomKills(layout.v1.memory === undefined ? path : join(layout.v1.memory, parent, name)),
    remove: () => removeCgroups(directories),
  };
}

const limitFields: Readonly<Record<LimitController, string>> = {
  memory: 'resources.memory_limit',
  pids: 'resources.pids_limit',
  cpu: 'resources.cpu_limit',
};

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    throw new SandtrailError('SANDBOX_CGROUP', { detail: path, cause });
  }
}

/** In the pure v2 layout a controller must be handed down from each ancestor. */
function enableController({ layout, parent, controller }: Enable): void {
  let directory = layout.unified;
  for (const part of ['', ...parent.split('/')]) {
    directory = join(directory, part);
    const enabled = readFileSync(join(directory, 'cgroup.subtree_control'), 'utf8');
    if (enabled.split(/\s+/).includes(controller)) continue;
    writeFileSync(join(directory, 'cgroup.subtree_control'), `+${controller}`);
  }
}

interface Enable {
  readonly layout: CgroupLayout;
  readonly parent: string;
  readonly controller: LimitController;
}

/** File and value of a limit (kernel: cgroup-v2.rst, cgroup-v1/memory.rst, scheduler/sched-bwc.rst). */
function limitFiles(
  controller: LimitController,
  { cpuCores, memoryBytes, pidsMax }: Limits,
  isV1: boolean,
): readonly (readonly [string, string])[] {
  const quota = String(Math.max(1000, Math.round(cpuCores * cpuPeriodUs)));
  switch (controller) {
    case 'memory':
      // Without its own limit on swap a sandbox would swap the machine full instead.
      return isV1
        ? [['memory.limit_in_bytes', String(memoryBytes)]]
        : [
            ['memory.max', String(memoryBytes)],
            [swapFile, '0'],
          ];
    case 'pids':
      return [['pids.max', String(pidsMax)]];
    case 'cpu':
      return isV1
        ? [
            ['cpu.cfs_period_us', String(cpuPeriodUs)],
            ['cpu.cfs_quota_us', quota],
          ]
        : [['cpu.max', `${quota} ${cpuPeriodUs}`]];
    default:
      return controller satisfies never;
  }
}

/** `oom_kill` of memory.oom_control (v1) or memory.events (v2). */
function readOomKills(directory: string): number | undefined {
  for (const file of ['memory.oom_control', 'memory.events']) {
    const name = join(directory, file);
    if (!existsSync(name)) continue;
    const count = /^oom_kill (\d+)$/m.exec(readFileSync(name, 'utf8'))?.[1];
    if (count !== undefined) return Number(count);
  }
  return undefined;
}

/** Removes cgroup directories; waits up to 5 s for the last dead tasks to be reaped. */
export async function removeCgroups(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    for (let waitedMs = 0; !tryRemove(directory) && waitedMs < removeTimeoutMs; waitedMs += 10) {
      await delay(10);
    }
  }
}

/** True when the directory is gone; false while it is busy, because dead tasks linger a moment. */
function tryRemove(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EBUSY') return false;
    if (code === 'ENOENT') return true;
    throw error;
  }
}
