// What a product that ended left behind: processes, cgroups, mounts. It is named, then ended.
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { listProcesses } from '@sandtrail/host/driver/task';
import { type CgroupLayout, cgroupDirectories } from '@sandtrail/host/sandbox/cgroup-layout';
import { commandLineOf, type Living, lives } from './processes.ts';

/** Where to look. */
export interface Traces {
  readonly folder: string;
  /** Processes that the product had. */
  readonly seen: readonly Living[];
  readonly layout: CgroupLayout | undefined;
  readonly cgroupParent: string;
}

const reapMs = 100;
const reapMsMax = 2_000;

/** Names what is left of a product, and ends it. */
export async function endLeftovers(traces: Traces): Promise<readonly string[]> {
  return [
    ...(await endProcesses(traces)),
    ...endMounts(traces.folder),
    ...(await endCgroups(traces)),
  ];
}

async function endProcesses({ seen, folder }: Traces): Promise<readonly string[]> {
  const left = () => {
    const pids = [...seen.filter(lives).map(({ pid }) => pid), ...usersOf(folder)];
    // Without words it has let go of its memory: a dead tracer, whose programs the kernel removes.
    return [...new Set(pids)].filter((pid) => commandLineOf(pid) !== '');
  };
  for (let waitedMs = 0; left().length > 0 && waitedMs < reapMsMax; waitedMs += reapMs) {
    await delay(reapMs);
  }
  const pids = left();
  const words = pids.map((pid) => `process ${pid}: ${commandLineOf(pid)}`);
  for (const pid of pids) if (existsSync(`/proc/${pid}`)) process.kill(pid, 'SIGKILL');
  return words;
}

/** Processes that work in a folder or hold something in it open, this one aside. */
function usersOf(folder: string): readonly number[] {
  return listProcesses().filter((pid) => {
    if (pid === process.pid) return false;
    const fds = `/proc/${pid}/fd`;
    const links = [`/proc/${pid}/cwd`, ...namesIn(fds).map((fd) => path.join(fds, fd))];
    return links.some((link) => targetOf(link).startsWith(`${folder}/`));
  });
}

function endMounts(folder: string): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(` ${folder}/`))
    .map((line) => `mount ${line}`);
}

async function endCgroups({ layout, cgroupParent: parent }: Traces): Promise<readonly string[]> {
  if (layout === undefined) return [];
  const left: string[] = [];
  for (const directory of cgroupDirectories({ layout, parent, name: '.' })) {
    for (const name of namesIn(directory).filter((each) => isDirectory(directory, each))) {
      const child = path.join(directory, name);
      left.push(`cgroup ${child}`);
      if (existsSync(path.join(child, 'cgroup.kill'))) {
        writeFileSync(path.join(child, 'cgroup.kill'), '1');
        await delay(reapMs);
      }
      // The daemon clears orphans away too, and may have been first.
      if (existsSync(child)) rmdirSync(child);
    }
    if (existsSync(directory)) rmdirSync(directory);
  }
  return left;
}

function isDirectory(parent: string, name: string): boolean {
  return existsSync(path.join(parent, name, 'cgroup.procs'));
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
