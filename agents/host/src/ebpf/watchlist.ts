// Which sandbox a cgroup is, and for a short while the records of cgroups that nobody named yet.
import type { Counters } from '@sandtrail/runtime/counters';
import type { WatchedSandbox } from '../collector.ts';
import { SandboxNames } from '../kernel/names.ts';
import type { Assembled } from './assembler.ts';

/** A sandbox under watch. */
export interface Watched {
  readonly sandbox: WatchedSandbox;
  readonly names: SandboxNames;
}

interface Claimed {
  readonly waiting: readonly Assembled[];
  readonly dropped: number;
}

/** Cgroups for which it is remembered how many records were dropped. */
const droppedMax = 1024;

/** Most records that wait for their sandbox to be named; later ones are counted and dropped. */
const waitingMax = 8192;

/** The sandboxes under watch by cgroup. */
export class Watchlist {
  readonly #byCgroup = new Map<bigint, Watched>();
  readonly #waiting = new Map<bigint, Assembled[]>();
  readonly #dropped = new Map<bigint, number>();
  readonly #counters: Counters;
  #waitingCount = 0;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  get(cgroup: bigint): Watched | undefined {
    return this.#byCgroup.get(cgroup);
  }

  all(): readonly Watched[] {
    return [...this.#byCgroup.values()];
  }

  /** Names a cgroup; returns the records that waited for it, in order, and how many no longer do. */
  add(cgroup: bigint, sandbox: WatchedSandbox): Claimed {
    this.#byCgroup.set(cgroup, { sandbox, names: new SandboxNames() });
    const waiting = this.#waiting.get(cgroup) ?? [];
    this.#waiting.delete(cgroup);
    this.#waitingCount -= waiting.length;
    const dropped = this.#dropped.get(cgroup) ?? 0;
    this.#dropped.delete(cgroup);
    return { waiting, dropped };
  }

  remove(cgroup: bigint): void {
    this.#byCgroup.get(cgroup)?.names.close();
    this.#byCgroup.delete(cgroup);
  }

  /** Keeps a record of a cgroup that is not named yet. */
  hold(cgroup: bigint, record: Assembled): void {
    if (this.#waitingCount >= waitingMax) {
      this.#drop(cgroup, 1);
      return;
    }
    this.#waitingCount += 1;
    const waiting = this.#waiting.get(cgroup);
    if (waiting === undefined) this.#waiting.set(cgroup, [record]);
    else waiting.push(record);
  }

  /** Drops what nobody claimed since before `atNs` (time since boot). */
  expire(atNs: bigint): void {
    for (const [cgroup, records] of this.#waiting) {
      if ((records.at(-1)?.main.head.atNs ?? 0n) >= atNs) continue;
      this.#waiting.delete(cgroup);
      this.#waitingCount -= records.length;
      this.#drop(cgroup, records.length);
    }
  }

  #drop(cgroup: bigint, count: number): void {
    this.#counters.add('ebpf.records_unclaimed', count);
    if (!this.#dropped.has(cgroup) && this.#dropped.size >= droppedMax) return;
    this.#dropped.set(cgroup, (this.#dropped.get(cgroup) ?? 0) + count);
  }
}
