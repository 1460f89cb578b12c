// Which process belongs to which sandbox: the tree below its first process, kept up by forks.
import { readdirSync } from 'node:fs';
import type { Counters } from '@sandtrail/runtime/counters';
import type { WatchedSandbox } from '../collector.ts';
import { readProcess } from '../kernel/processes.ts';

/** Most processes that are followed; a fork beyond it is counted and not followed. */
const processesMax = 65_536;

/** Processes of watched sandboxes by pid. */
export class ProcessTree {
  readonly #owner = new Map<number, WatchedSandbox>();
  readonly #counters: Counters;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  owner(pid: number): WatchedSandbox | undefined {
    return this.#owner.get(pid);
  }

  /** Follows the sandbox's first process and all that already descend from it. */
  add(sandbox: WatchedSandbox): void {
    const children = childrenByParent();
    const pending = [sandbox.initPid];
    for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
      this.#owner.set(pid, sandbox);
      pending.push(...(children.get(pid) ?? []));
    }
  }

  remove(sandbox: WatchedSandbox): void {
    for (const [pid, owner] of this.#owner) if (owner === sandbox) this.#owner.delete(pid);
  }

  forked(parent: number, child: number): void {
    const sandbox = this.#owner.get(parent);
    if (sandbox === undefined) return;
    if (this.#owner.size < processesMax) this.#owner.set(child, sandbox);
    else this.#counters.add('proc.forks_not_followed');
  }

  exited(pid: number): void {
    this.#owner.delete(pid);
  }
}

function childrenByParent(): ReadonlyMap<number, number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const { pid, ppid } = readProcess(Number(name)) ?? {};
    if (pid === undefined || ppid === undefined) continue;
    const siblings = children.get(ppid);
    if (siblings === undefined) children.set(ppid, [pid]);
    else siblings.push(pid);
  }
  return children;
}
