// Which sandbox a cgroup is, and for a short while the records of cgroups that nobody named yet.
import { closeSync } from 'node:fs';
import type { WatchedSandbox } from '../collector.ts';
import { openDirectory } from '../kernel-path.ts';
import { SymlinkTable } from '../kernel-symlinks.ts';
import type { Assembled } from './assembler.ts';

/** A sandbox under watch. */
export interface Watched {
  readonly sandbox: WatchedSandbox;
  readonly symlinks: SymlinkTable;
  /** A descriptor of its root directory as its last new program saw it. */
  rootFd: number | undefined;
}

/** Most records that wait for their sandbox to be named; later ones are counted and dropped. */
const waitingMax = 8192;

export class Watchlist {
  readonly #byCgroup = new Map<bigint, Watched>();
  readonly #waiting = new Map<bigint, Assembled[]>();
  #waitingCount = 0;
  /** Records of cgroups that were never named, or came when too many waited. */
  unknown = 0;

  get(cgroup: bigint): Watched | undefined {
    return this.#byCgroup.get(cgroup);
  }

  all(): readonly Watched[] {
    return [...this.#byCgroup.values()];
  }

  /** Names a cgroup; returns the records that waited for it, in order. */
  add(cgroup: bigint, sandbox: WatchedSandbox): readonly Assembled[] {
    const rootFd = openDirectory(`/proc/${sandbox.initPid}/root`);
    this.#byCgroup.set(cgroup, { sandbox, symlinks: new SymlinkTable(), rootFd });
    const waiting = this.#waiting.get(cgroup) ?? [];
    this.#waiting.delete(cgroup);
    this.#waitingCount -= waiting.length;
    return waiting;
  }

  remove(cgroup: bigint): void {
    const watched = this.#byCgroup.get(cgroup);
    if (watched?.rootFd !== undefined) closeSync(watched.rootFd);
    this.#byCgroup.delete(cgroup);
  }

  /** Keeps a record of a cgroup that is not named yet. */
  hold(cgroup: bigint, record: Assembled): void {
    if (this.#waitingCount >= waitingMax) {
      this.unknown += 1;
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
      this.unknown += records.length;
    }
  }

  /** Keeps the root directory of the sandbox's newest program open. */
  refreshRoot(watched: Watched, pid: number): void {
    const fd = openDirectory(`/proc/${pid}/root`);
    if (fd === undefined) return;
    if (watched.rootFd !== undefined) closeSync(watched.rootFd);
    watched.rootFd = fd;
  }
}
