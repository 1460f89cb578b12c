// The driver without root: stop and kill the sandbox's process tree by signals.
import { setTimeout as delay } from 'node:timers/promises';
import type { Level } from '@sandtrail/schemas/finding';
import { systemErrorCode } from '../sandbox/system-error.ts';
import { evidenceLost } from './cgroup.ts';
import { type Applied, answerMsOf, type Driver, type Target } from './driver.ts';
import { proveState } from './proof.ts';
import { isAlive, listProcesses, readTask, type Task } from './task.ts';
import { withinMs } from './within.ts';

/** Rounds of signalling: each catches what was forked during the one before. */
const roundsMax = 200;

/**
 * Contains sandboxes of the same user, by SIGSTOP and SIGKILL over the tree below their first
 * process. Orphans inside a pid namespace are adopted by that process, so the tree is complete.
 */
export function createProcessDriver(): Driver {
  return {
    name: 'process',
    capabilities: () => ['L0', 'L1', 'L2', 'L5'],
    apply: applyLevel,
    verify: (target) =>
      proveState({
        target,
        tasks: () => livingTree(target).map((task) => task.pid),
        frozen: () => livingTree(target).every(isStopped),
        cpuUs: () => undefined,
      }),
    freeze: (target) => signalAll({ target, ...stop }),
    thaw: (target) => Promise.resolve(thaw(target)),
    release: async (target) => {
      if (!thaw(target)) return result('already_gone', 'L0');
      const egress = await withinMs(answerMsOf(target.egress), target.egress.allow());
      const allowed = egress?.denied === false;
      return allowed ? result('applied', 'L0') : result('failed', 'L0', 'egress is still denied');
    },
  };
}

async function applyLevel(target: Target, level: Level): Promise<Applied> {
  if (livingTree(target).length === 0) return result('already_gone', level);
  switch (level) {
    case 'L0':
      return result('applied', 'L0');
    case 'L1': {
      const state = await withinMs(answerMsOf(target.egress), target.egress.deny());
      if (state?.denied === true) return result('applied', 'L1');
      const stopped = await applyLevel(target, 'L2');
      return { ...stopped, detail: 'the runner did not confirm the denial of egress: stopped' };
    }
    case 'L2':
      return reached(level, target, stop);
    case 'L5':
      return reached(level, target, { signalName: 'SIGKILL', left: () => true });
    case 'L3':
    case 'L4':
    case 'L6':
      return result('failed', level, 'not a level of this driver');
    default:
      return level satisfies never;
  }
}

interface Signalling {
  readonly signalName: 'SIGSTOP' | 'SIGKILL';
  /** Which tasks of the tree are not yet in the wanted state. */
  readonly left: (task: Task) => boolean;
}

const stop: Signalling = { signalName: 'SIGSTOP', left: (task) => !isStopped(task) };

async function reached(level: Level, target: Target, how: Signalling): Promise<Applied> {
  const denied = withinMs(answerMsOf(target.egress), target.egress.deny());
  const done = await signalAll({ target, ...how });
  await denied;
  return done
    ? result('applied', level)
    : result('failed', level, `tasks are left after ${roundsMax} rounds`);
}

async function signalAll(how: Signalling & { readonly target: Target }): Promise<boolean> {
  for (let round = 0; round < roundsMax; round += 1) {
    const remaining = livingTree(how.target).filter(how.left);
    if (remaining.length === 0) return true;
    for (const task of remaining) signal(task.pid, how.signalName);
    await delay(1 + round / 10);
  }
  return false;
}

/** Lets the whole tree run on; false when there is none. */
function thaw(target: Target): boolean {
  const tree = livingTree(target);
  for (const task of tree) signal(task.pid, 'SIGCONT');
  return tree.length > 0;
}

/** The sandbox's first process and all that descend from it, as long as it is that very process. */
function livingTree(target: Target): readonly Task[] {
  const init = readTask(target.initPid);
  if (init === undefined || init.startTicks !== target.initStartTicks) return [];
  const children = new Map<number, Task[]>();
  for (const pid of listProcesses()) {
    const task = readTask(pid);
    if (task === undefined) continue;
    const siblings = children.get(task.ppid);
    if (siblings === undefined) children.set(task.ppid, [task]);
    else siblings.push(task);
  }
  const tree = [init];
  for (const parent of tree) tree.push(...(children.get(parent.pid) ?? []));
  return tree.filter(isAlive);
}

function isStopped(task: Task): boolean {
  return task.state === 'T' || task.state === 't';
}

/** A process that is gone needs no signal. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

function result(state: Applied['state'], level: Level, detail?: string): Applied {
  const lost = state === 'applied' ? (evidenceLost[level] ?? []) : [];
  return { state, level, evidenceLost: lost, ...(detail === undefined ? {} : { detail }) };
}
