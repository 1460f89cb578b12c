// Turns strace's lines into observations, once the sandbox's own command has begun.
import type { Observation } from '@sandtrail/schemas/observation';
import type { WatchedSandbox } from '../collector.ts';
import { namespaceFlags, type WatchedCall, watchedCalls } from '../kernel/calls.ts';
import { observeExec } from '../kernel/exec.ts';
import { observeCall, type ResolveText } from '../kernel/observation.ts';
import { ProcessTable, readProcess, type SeenProcess, startTick } from '../kernel/processes.ts';
import { parseSocketAddress, type SocketAddress } from '../kernel/sockaddr.ts';
import type { StraceLine } from './lines.ts';
import { descriptorPath, memberOf, numberOf, skipToken, splitList, textOf } from './tokens.ts';

type CallLine = Extract<StraceLine, { type: 'call' }>;

interface Task {
  readonly seen: SeenProcess;
  /** How many programs were executed on the way to it. */
  programs: number;
}

/** Tasks that are remembered; beyond it the oldest is forgotten. */
const tasksMax = 8_192;
const calls = new Map(watchedCalls.map((call) => [call.name, call]));
const forks = new Set(['clone', 'clone3', 'fork', 'vfork']);
const threadFlag = 0x10000n;

/** Whose lines they are. */
export interface StraceObserverOptions {
  readonly sandbox: WatchedSandbox;
  /** How many programs stand before the sandbox's command: 1 for bubblewrap. */
  readonly launchers: number;
  /** Nanoseconds since the Unix epoch at boot: gives a process that is gone its start, to 10 ms. */
  readonly bootNs: bigint;
}

/** Follows the tasks of one sandbox through its lines. */
export class StraceObserver {
  readonly #tasks = new Map<number, Task>();
  readonly #processes = new ProcessTable();
  readonly #sandbox: WatchedSandbox;
  readonly #launchers: number;

  readonly #bootNs: bigint;
  /** The sandbox's own command was executed. */
  #begun = false;

  constructor({ sandbox, launchers, bootNs }: StraceObserverOptions) {
    this.#sandbox = sandbox;
    this.#launchers = launchers;
    this.#bootNs = bootNs;
  }

  observe(line: StraceLine): readonly Observation[] {
    switch (line.type) {
      case 'call':
        return this.#call(line);
      case 'exit':
        return this.#exit(line);
      case 'replaced':
      case 'malformed':
        return [];
      default:
        return line satisfies never;
    }
  }

  #call(line: CallLine): readonly Observation[] {
    const task = this.#task(line.pid);
    if (forks.has(line.name)) return this.#fork(line, task);
    if (line.name === 'execve' || line.name === 'execveat') return this.#exec(line, task);
    const call = calls.get(line.name === 'umount2' ? 'umount' : line.name);
    if (call === undefined || !this.#watched(task)) return [];
    if (call.name === 'socket' && !isRawSocket(line)) return [];
    if (call.name === 'chdir' || call.name === 'fchdir') this.#processes.moved(task.seen);
    return [this.#observeCall(call, line, task)].filter((one) => one !== undefined);
  }

  #observeCall(call: WatchedCall, line: CallLine, task: Task): Observation | undefined {
    const token = (at: number | undefined) => (at === undefined ? undefined : line.args[at]);
    const address = token(call.address) ?? memberOf(token(call.message) ?? '', 'msg_name');
    const sends = call.address !== undefined || call.message !== undefined;
    if (sends && address?.startsWith('{') !== true) return undefined;
    return observeCall(
      {
        call,
        atNs: line.atNs,
        process: this.#processes.describe(task.seen),
        result: line.result,
        numbers: call.numbers.map(({ at, pointer }) => {
          const value = line.args[at] ?? '0';
          return numberOf(pointer ? (memberOf(value, 'flags') ?? '0') : value);
        }),
        path: textOf(token(call.path) ?? ''),
        target: textOf(token(call.target) ?? ''),
        address: address === undefined ? undefined : socketAddress(address),
      },
      resolver(line),
    );
  }

  #fork(line: CallLine, parent: Task): readonly Observation[] {
    const flags = line.args.map(flagsOf).find((one) => one !== undefined) ?? 0n;
    const child = childOf(line);
    const made = (flags & namespaceFlags & ~0xffn) !== 0n && this.#watched(parent);
    const call = calls.get(line.name);
    const observed = made && call !== undefined ? this.#namespaces(call, line, flags, parent) : [];
    if (child === undefined || (flags & threadFlag) !== 0n) {
      if (child !== undefined) this.#put(child, { ...parent });
      return observed;
    }
    this.#processes.forked(parent.seen, child);
    const programs = Math.max(parent.programs, this.#tasks.get(child)?.programs ?? 0);
    this.#put(child, { seen: this.#born(child, line, parent), programs });
    if (!this.#watched(parent)) return observed;
    const process = this.#processes.describe(parent.seen);
    const observedAtNs = line.atNs.toString();
    return [...observed, { kind: 'process.fork', observedAtNs, process, childPid: child }];
  }

  #born(pid: number, { atNs }: CallLine, { seen }: Task): SeenProcess {
    const startNs = startTick(atNs - this.#bootNs);
    return readProcess(pid) ?? { pid, startNs, ppid: seen.pid, uid: seen.uid };
  }

  #namespaces(call: WatchedCall, line: CallLine, flags: bigint, task: Task): Observation[] {
    const process = this.#processes.describe(task.seen);
    const none = { path: undefined, target: undefined, address: undefined };
    const seen = { call, atNs: line.atNs, process, result: line.result, numbers: [flags], ...none };
    return [observeCall(seen, () => undefined)].filter((one) => one !== undefined);
  }

  #exec(line: CallLine, task: Task): readonly Observation[] {
    const at = line.name === 'execve' ? 0 : 1;
    const asked = textOf(line.args[at] ?? '') ?? { bytes: Buffer.alloc(0), cut: false };
    const held = asked.bytes.length === 0 ? heldProgram(line) : undefined;
    const path = held === undefined ? asked : { bytes: Buffer.from(held), cut: false };
    const failed = line.result === undefined || line.result < 0n;
    const resolved =
      held === undefined ? resolver(line)(path.bytes, { dirfd: -100, follow: true }) : undefined;
    if (!failed) {
      task.programs += 1;
      const name = path.bytes.toString('utf8');
      this.#processes.executed(task.seen, { exe: resolved ?? name, name });
    }
    if (!this.#watched(task) || line.result === undefined) return [];
    this.#begun = true;
    const list = line.args[at + 1] ?? '';
    const words = list.startsWith('[') ? splitList(list.slice(1, skipToken(list, 0) - 1)) : [];
    const argv = words.flatMap((word) => textOf(word) ?? []);
    const exec = {
      atNs: line.atNs,
      process: this.#processes.describe(task.seen),
      ...{ path, resolved },
      argv: argv.map(({ bytes }) => bytes),
      argvCut: argv.some(({ cut }) => cut) || argv.length < words.length,
      cwd: this.#processes.cwd(task.seen),
      errno: failed ? Number(-line.result) : undefined,
      file: undefined,
    };
    return [observeExec(exec, this.#sandbox)];
  }

  #exit(line: Extract<StraceLine, { type: 'exit' }>): readonly Observation[] {
    const task = this.#tasks.get(line.pid);
    this.#tasks.delete(line.pid);
    // A thread's end is not its process's end.
    if (task === undefined || task.seen.pid !== line.pid || !this.#watched(task)) return [];
    const process = this.#processes.describe(task.seen);
    this.#processes.exited(line.pid);
    const how = line.signal === undefined ? { code: line.code ?? 0 } : { signal: line.signal };
    return [{ kind: 'process.exit', observedAtNs: line.atNs.toString(), process, ...how }];
  }

  #watched(task: Task): boolean {
    return task.programs > this.#launchers;
  }

  /** A child's first call may be printed before its parent's fork has returned. */
  #task(tid: number): Task {
    const known = this.#tasks.get(tid);
    if (known !== undefined) return known;
    const gone = { pid: tid, startNs: 0n, ppid: undefined, uid: undefined };
    const seen = readProcess(tid) ?? gone;
    const near = this.#tasks.get(seen.pid) ?? this.#tasks.get(seen.ppid ?? 0);
    const programs = near?.programs ?? (this.#begun ? this.#launchers + 1 : 0);
    const fresh = { seen, programs };
    this.#put(tid, fresh);
    return fresh;
  }

  #put(pid: number, task: Task): void {
    this.#tasks.set(pid, task);
    if (this.#tasks.size <= tasksMax) return;
    const oldest = this.#tasks.keys().next();
    if (oldest.done !== true) this.#tasks.delete(oldest.value);
  }
}

/** `flags=0x1200000|17` of clone, or the structure of clone3; the exit signal does not matter. */
function flagsOf(arg: string): bigint | undefined {
  if (arg.startsWith('flags=')) return numberOf(arg);
  const member = memberOf(arg, 'flags');
  return member === undefined ? undefined : numberOf(member);
}

function childOf({ result, note }: CallLine): number | undefined {
  if (result === undefined || result <= 0n) return undefined;
  const own = /\/\* (\d+) in strace's PID NS \*\//.exec(note)?.[1];
  return own === undefined ? Number(result) : Number(own);
}

function isRawSocket({ args }: CallLine): boolean {
  const family = Number(numberOf(args[0] ?? '0'));
  return [17, 38, 40, 44].includes(family) || (numberOf(args[1] ?? '0') & 15n) === 3n;
}

/** strace itself says where descriptors lead, in the words of the watched process. */
function resolver(line: CallLine): ResolveText {
  return (bytes, { dirfd, follow }) => {
    const opened = follow ? descriptorPath(line.note.trimStart()) : undefined;
    if (opened !== undefined) return opened;
    const path = bytes.toString('utf8');
    if (path.startsWith('/')) return path.includes('/../') ? undefined : path;
    const base = line.args
      .filter((arg) => numberOf(arg) === BigInt(dirfd))
      .map(descriptorPath)
      .find((one) => one !== undefined);
    if (base === undefined || path.startsWith('..') || path.includes('/../')) return undefined;
    return `${base === '/' ? '' : base}/${path.replace(/^(?:\.\/)+/, '')}`;
  };
}

/** An address that strace printed member by member (`-X raw`), as the bytes that it was. */
function socketAddress(token: string): SocketAddress {
  const member = (name: string, size: number) => {
    const bytes = textOf(memberOf(token, name) ?? '')?.bytes ?? Buffer.alloc(0);
    return Buffer.concat([bytes, Buffer.alloc(size)]).subarray(0, size);
  };
  const family = Buffer.alloc(2);
  family.writeUInt16LE(Number(numberOf(memberOf(token, 'sa_family') ?? '0') & 0xffffn));
  switch (family.readUInt16LE()) {
    case 1: {
      const bytes = textOf(memberOf(token, 'sun_path') ?? '')?.bytes ?? Buffer.alloc(0);
      return { family: 'unix', address: bytes, port: undefined };
    }
    case 2:
      return parseSocketAddress(
        Buffer.concat([family, member('sin_port', 2), member('sin_addr', 4)]),
      );
    case 10: {
      const parts = [member('sin6_port', 2), member('sin6_flowinfo', 4), member('sin6_addr', 16)];
      return parseSocketAddress(Buffer.concat([family, ...parts]));
    }
    default:
      return parseSocketAddress(Buffer.concat([family, Buffer.alloc(14)]));
  }
}

/** The file behind a descriptor that is executed itself (fexecve(3)), named as the kernel names it. */
function heldProgram({ name, args }: CallLine): string | undefined {
  const token = args[0] ?? '';
  const path = name === 'execveat' ? descriptorPath(token) : undefined;
  return path !== undefined && token.includes('(deleted)') ? `${path} (deleted)` : path;
}
