// The processes of a running product as /proc shows them, by the part that each plays.
import { readFileSync } from 'node:fs';
import { isAlive, listProcesses, readTask, type Task } from '@sandtrail/host/driver/task';

/** The parts of the product that are processes of their own. */
export const parts = ['core', 'engine', 'signer', 'host', 'bpftrace'] as const;
export type Part = (typeof parts)[number];

const marks: Readonly<Record<Part, RegExp>> = {
  core: /^sandtrail-core|role-entry\.js core /,
  engine: /chdb-child\.ts/,
  signer: /^sandtrail-signer|role-entry\.js signer /,
  host: /^sandtrail-host|role-entry\.js host /,
  bpftrace: /^\S*bpftrace /,
};

/** The part that a process with this command line plays; undefined for any other process. */
export function partOf(commandLine: string): Part | undefined {
  return parts.find((part) => marks[part].test(commandLine));
}

/** A process that lives; `startTicks` tells it from a later one of the same id. */
export interface Living extends Pick<Task, 'pid' | 'startTicks'> {
  readonly commandLine: string;
}

/** All that descend from `root` and live, nearest first; without `root` itself. */
export function descendantsOf(root: number): readonly Living[] {
  const tasks = listProcesses()
    .map(readTask)
    .filter((task) => task !== undefined)
    .filter(isAlive);
  const found: Living[] = [];
  let parents = [root];
  while (parents.length > 0) {
    const children = tasks.filter(({ ppid }) => parents.includes(ppid));
    for (const { pid, startTicks } of children)
      found.push({ pid, startTicks, commandLine: commandLineOf(pid) });
    parents = children.map(({ pid }) => pid);
  }
  return found;
}

/** The process that plays a part below `root`; undefined while there is none. */
export function findPart(root: number, part: Part): Living | undefined {
  return descendantsOf(root).find(({ commandLine }) => marks[part].test(commandLine));
}

/** True while that very process lives. */
export function lives({ pid, startTicks }: Pick<Living, 'pid' | 'startTicks'>): boolean {
  const task = readTask(pid);
  return task !== undefined && isAlive(task) && task.startTicks === startTicks;
}

/** The words of a process, joined by spaces; empty when it is gone. */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
