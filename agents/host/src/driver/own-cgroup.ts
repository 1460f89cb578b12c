// The cgroup that holds a foreign sandbox and nobody else: the one it has, or one that it is put into.
import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { findCgroupLayout } from '../sandbox/cgroup-layout.ts';
import { systemErrorCode } from '../sandbox/system-error.ts';
import { listProcesses, readTask } from './task.ts';

/** A cgroup of the v2 tree, and whether it was made for the sandbox. */
export interface OwnCgroup {
  readonly path: string;
  readonly id: bigint;
  readonly adopted: boolean;
}

interface Search {
  /** The sandbox's first process. */
  readonly pid: number;
  /** What stands in the name of a cgroup that is the sandbox's own, such as a container's id. */
  readonly mark: string;
  /** Below the v2 tree: where it is put when it has none of its own. */
  readonly adoptInto: string;
}

const roundsMax = 100;

/**
 * Finds it, or makes one and moves the first process and all that descend from it. A runtime that
 * was told to leave cgroups alone (gVisor with `--ignore-cgroups`) leaves its sandbox where it was itself.
 * @throws SandtrailError `SANDBOX_CGROUP` without cgroup v2, or when it does not hold still
 */
export function ownCgroup({ pid, mark, adoptInto }: Search): OwnCgroup {
  const unified = findCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'))?.unified;
  if (unified === undefined) {
    throw new SandtrailError('SANDBOX_CGROUP', { detail: 'no cgroup v2 is mounted' });
  }
  const present = cgroupOf(pid);
  if (present === undefined)
    throw new SandtrailError('SANDBOX_CGROUP', { detail: `${pid} is gone` });
  if (basename(present).includes(mark)) return handleOf(join(unified, present), false);
  const path = join(unified, adoptInto);
  mkdirSync(path, { recursive: true });
  for (let round = 0; round < roundsMax; round += 1) {
    const outside = treeOf(pid).filter(
      (each) => join(unified, cgroupOf(each) ?? adoptInto) !== path,
    );
    if (outside.length === 0) return handleOf(path, true);
    for (const each of outside) move(each, path);
  }
  throw new SandtrailError('SANDBOX_CGROUP', { detail: `${pid} forks faster than it is moved` });
}

/** Removes a cgroup that was made; one that still holds somebody stays, and says so. */
export function removeAdopted({ path, adopted }: OwnCgroup): boolean {
  if (!adopted) return true;
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    return systemErrorCode(error) === 'ENOENT';
  }
}

function handleOf(path: string, adopted: boolean): OwnCgroup {
  return { path, id: statSync(path, { bigint: true }).ino, adopted };
}

/** Its place in the v2 tree (cgroups(7)); `undefined` when it is gone. */
function cgroupOf(pid: number): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
    return line.find((each) => each.startsWith('0::'))?.slice(3);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(systemErrorCode(error) ?? '')) return undefined;
    throw error;
  }
}

function treeOf(root: number): readonly number[] {
  const tasks = listProcesses().map(readTask);
  const tree = [root];
  for (const parent of tree) {
    for (const task of tasks) if (task?.ppid === parent) tree.push(task.pid);
  }
  return tree;
}

/** A process that is gone meanwhile needs no place. */
function move(pid: number, path: string): void {
  try {
    writeFileSync(join(path, 'cgroup.procs'), `${pid}`);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}
