// The processes of watched sandboxes, as far as seen: identity, program and working directory.
import { readFileSync } from 'node:fs';
import type { Observation } from '@sandtrail/schemas/observation';
import { readLink } from './path.ts';

/** A process as it stands in an observation. */
export type ProcessWire = NonNullable<Observation['process']>;

/** What the sensor itself says of a process. */
export interface SeenProcess {
  readonly pid: number;
  /** Nanoseconds from boot to its start, cut to the clock tick as `/proc/PID/stat` counts. */
  readonly startNs: bigint;
  readonly ppid: number | undefined;
  readonly uid: number | undefined;
}

interface Known {
  readonly startNs: bigint;
  comm: string | undefined;
  exe: string | undefined;
  cwd: string | undefined;
  view: string | undefined;
}

/** Most processes that are remembered; the one not seen for longest is forgotten first. */
const processesMax = 16_384;

/** A clock tick of `/proc`, always 1/100 s to user space. */
const tickNs = 10_000_000n;

/** A start time cut to the tick, so that every collector names a process alike. */
export function startTick(startNs: bigint): bigint {
  return (startNs / tickNs) * tickNs;
}

/** A process by the id of any of its threads, from `/proc`; `undefined` when it is gone. */
export function readProcess(tid: number): SeenProcess | undefined {
  const status = readText(`/proc/${tid}/status`) ?? '';
  const field = (name: string) => new RegExp(`^${name}:\\t(\\d+)`, 'm').exec(status)?.[1];
  const pid = Number(field('Tgid') ?? tid);
  const stat = readText(`/proc/${pid}/stat`);
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields?.[19];
  if (fields === undefined || ticks === undefined) return undefined;
  const uid = field('Uid');
  return {
    pid,
    startNs: BigInt(ticks) * tickNs,
    ppid: Number(fields[1]),
    uid: uid === undefined ? undefined : Number(uid),
  };
}

/** Remembers processes past their end, so that short-lived ones keep program and directory. */
export class ProcessTable {
  readonly #known = new Map<number, Known>();

  /** The process as it stands in an event. */
  describe(seen: SeenProcess): ProcessWire {
    const { comm, exe } = this.#find(seen);
    return {
      pid: seen.pid,
      startNs: seen.startNs.toString(),
      ...(seen.ppid === undefined ? {} : { ppid: seen.ppid }),
      ...(seen.uid === undefined ? {} : { uid: seen.uid }),
      ...(comm === undefined || comm === '' ? {} : { comm }),
      ...(exe === undefined || exe === '' ? {} : { exe: exe.slice(0, 4096) }),
    };
  }

  /** Its working directory as last known. */
  cwd(seen: SeenProcess): string | undefined {
    const known = this.#find(seen);
    known.cwd ??= readLink(`/proc/${seen.pid}/cwd`);
    return known.cwd;
  }

  /** What it sees of the file system: the same text for all in one mount namespace and root. */
  view(seen: SeenProcess): string | undefined {
    const known = this.#find(seen);
    known.view ??= readView(seen.pid);
    return known.view;
  }

  /** The process may have moved to another mount namespace or root. */
  viewChanged(seen: SeenProcess): void {
    this.#find(seen).view = undefined;
  }

  /** The process became another program: `exe` is its file, `name` the path that was asked for. */
  executed(
    seen: SeenProcess,
    { exe, name }: { readonly exe: string; readonly name: string },
  ): void {
    const known = this.#find(seen);
    known.exe = exe;
    known.comm = name.slice(name.lastIndexOf('/') + 1).slice(0, 15);
    known.cwd = readLink(`/proc/${seen.pid}/cwd`) ?? known.cwd;
    known.view = readView(seen.pid) ?? known.view;
  }

  /** A child starts as a copy of its parent; its own start time is learnt from its first event. */
  forked(parent: SeenProcess, childPid: number): void {
    this.cwd(parent);
    this.view(parent);
    this.#put(childPid, { ...this.#find(parent), startNs: 0n });
  }

  /** The process changed its working directory. */
  moved(seen: SeenProcess): void {
    this.#find(seen).cwd = undefined;
  }

  exited(pid: number): void {
    this.#known.delete(pid);
  }

  #find(seen: SeenProcess): Known {
    const known = this.#known.get(seen.pid);
    if (known !== undefined && known.startNs === seen.startNs) return known;
    const inherited = known?.startNs === 0n ? known : undefined;
    const fresh = {
      startNs: seen.startNs,
      comm: inherited?.comm ?? readText(`/proc/${seen.pid}/comm`)?.trimEnd().slice(0, 64),
      exe: inherited?.exe ?? readLink(`/proc/${seen.pid}/exe`),
      cwd: inherited?.cwd,
      view: inherited?.view,
    };
    this.#put(seen.pid, fresh);
    return fresh;
  }

  #put(pid: number, known: Known): void {
    this.#known.delete(pid);
    this.#known.set(pid, known);
    if (this.#known.size <= processesMax) return;
    const oldest = this.#known.keys().next();
    if (oldest.done !== true) this.#known.delete(oldest.value);
  }
}

function readView(pid: number): string | undefined {
  const namespace = readLink(`/proc/${pid}/ns/mnt`);
  const root = readLink(`/proc/${pid}/root`);
  return namespace === undefined || root === undefined ? undefined : `${namespace} ${root}`;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
