// How a proof is made: look at every task, wait, look again, and count what still moves.

import { setTimeout as delay } from 'node:timers/promises';
import type { Proof } from '@sandtrail/schemas/containment';
import { answerMsOf, lookIntervalMs, type Target } from './driver.ts';
import { isAlive, listProcesses, pidNamespaceOf, readTask, type Task } from './task.ts';
import { withinMs } from './within.ts';

/** Most tasks that one proof visits; a sandbox with more is reported as truncated. */
export const tasksMax = 8192;

/** What a driver adds to the common walk. */
export interface ProofSource {
  /** Ids of all threads (or processes) that belong to the sandbox now. */
  tasks(): readonly number[];
  /** True when the mechanism itself says that everything is stopped. */
  frozen(): boolean;
  /** CPU time of the whole sandbox in microseconds; `undefined` where only tasks can be summed. */
  cpuUs(): number | undefined;
  /** Whoever is in its pid namespace but not among `tasks()` has escaped. */
  readonly target: Target;
}

/** Visits every task twice. A task is frozen when it did not run between the two looks. */
export async function proveState(source: ProofSource): Promise<Proof> {
  const flows = withinMs(answerMsOf(source.target.egress), source.target.egress.status());
  const cpuBefore = source.cpuUs();
  const before = look(source.tasks());
  await delay(lookIntervalMs);
  const ids = source.tasks();
  const after = look(ids);
  const cpuAfter = source.cpuUs();
  const isFrozen = source.frozen();
  const alive = [...after.values()].filter(isAlive);
  const still = isFrozen ? alive.filter((task) => didNotRun(before.get(task.pid), task)) : [];
  const outside = strangers(source.target, ids);
  const openFlows = (await flows)?.openFlows;
  return {
    visited: alive.length,
    frozen: still.length,
    alive: alive.length + outside,
    escaped: alive.length - still.length + outside,
    truncated: ids.length > tasksMax,
    cpuDeltaUs:
      cpuBefore === undefined || cpuAfter === undefined
        ? summedCpuUs(before, after)
        : Math.max(0, cpuAfter - cpuBefore),
    ...(openFlows === undefined ? {} : { openFlows }),
  };
}

function look(ids: readonly number[]): ReadonlyMap<number, Task> {
  const tasks = new Map<number, Task>();
  for (const id of ids.slice(0, tasksMax)) {
    const task = readTask(id);
    if (task !== undefined) tasks.set(id, task);
  }
  return tasks;
}

function didNotRun(before: Task | undefined, after: Task): boolean {
  return before !== undefined && after.state !== 'R' && before.cpuNs === after.cpuNs;
}

function summedCpuUs(before: ReadonlyMap<number, Task>, after: ReadonlyMap<number, Task>): number {
  let sumNs = 0n;
  for (const [id, task] of after) sumNs += (task.cpuNs ?? 0n) - (before.get(id)?.cpuNs ?? 0n);
  return Number(sumNs / 1000n);
}

/**
 * Live processes of the sandbox that are not where it is held: of its pid namespace, or, where that
 * is the host's own (gVisor's ptrace platform), below its first process. When its first process is
 * dead, so are all others of the namespace, and its name may be a new one's (pid_namespaces(7)).
 */
function strangers({ pidNamespace, initPid, initStartTicks }: Target, ids: readonly number[]) {
  const init = readTask(initPid);
  if (init === undefined || init.startTicks !== initStartTicks || !isAlive(init)) return 0;
  const known = new Set(ids);
  const isShared = pidNamespace === pidNamespaceOf(process.pid);
  const belongs = isShared
    ? (pid: number) => descendsFrom(pid, initPid)
    : (pid: number) => pidNamespaceOf(pid) === pidNamespace;
  let count = 0;
  for (const pid of listProcesses()) {
    if (known.has(pid) || !belongs(pid)) continue;
    const task = readTask(pid);
    if (task !== undefined && isAlive(task)) count += 1;
  }
  return count;
}

const generationsMax = 256;

function descendsFrom(pid: number, ancestor: number): boolean {
  let at = pid;
  for (let generation = 0; generation < generationsMax && at > 1; generation += 1) {
    if (at === ancestor) return true;
    at = readTask(at)?.ppid ?? 0;
  }
  return false;
}
