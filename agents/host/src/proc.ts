// The proc collector: forks, executions and exits from the kernel's process connector; needs only root.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Observation } from '@sandtrail/schemas/observation';
import type { Collector, CollectorSink, EffectiveMode, WatchedSandbox } from './collector.ts';
import { observeExec, splitArguments } from './kernel/exec.ts';
import { readLink } from './kernel/path.ts';
import { ProcessTable, readProcess, type SeenProcess } from './kernel/processes.ts';
import { type Connector, openConnector } from './proc/connector.ts';
import type { ProcMessage } from './proc/message.ts';
import { ProcessTree } from './proc/tree.ts';

/** Time, and where losses are counted. */
export interface ProcOptions {
  readonly clock: Clock;
  readonly counters: Counters;
}

const blindSpots = [
  'files, network and every other system call: only forks, executions, exits and changes of uid',
  'program, arguments and directory of processes that are gone within a fraction of a millisecond',
  'executions that fail',
  'processes that left the tree of the sandbox before it was watched',
];

const canaryTimeoutMs = 5_000;
const settleMs = 300;

/** Watches process trees through the process connector: the fallback where bpftrace cannot load. */
export function createProcCollector(options: ProcOptions): Collector {
  return new Proc(options);
}

type Event<T extends ProcMessage['type']> = Extract<ProcMessage, { type: T }>;

class Proc implements Collector {
  readonly name = 'proc';
  readonly #options: ProcOptions;
  readonly #tree: ProcessTree;
  readonly #processes = new ProcessTable();
  readonly #seen = new Map<number, SeenProcess>();
  #sink: CollectorSink | undefined;
  #connector: Connector | undefined;
  #canary: { pid: number; readonly executed: Set<number>; onSeen: () => void } | undefined;
  #lastNs = 0n;

  constructor(options: ProcOptions) {
    this.#options = options;
    this.#tree = new ProcessTree(options.counters);
  }

  async start(sink: CollectorSink): Promise<EffectiveMode> {
    this.#sink = sink;
    this.#lastNs = this.#options.clock.nowNs();
    this.#connector = openConnector({
      onMessage: (message) => this.#message(message),
      onLoss: (count) => this.#lost(count),
      onMalformed: () => this.#options.counters.add('proc.messages_malformed'),
    });
    try {
      await this.#prove();
    } catch (error) {
      await this.stop();
      throw error;
    }
    return {
      on: true,
      detail: 'process connector: fork, exec, exit, uid, gid, ptrace',
      blindSpots,
    };
  }

  async watch(sandbox: WatchedSandbox): Promise<void> {
    this.#tree.add(sandbox);
  }

  async unwatch(sandbox: WatchedSandbox): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, settleMs);
    await promise;
    this.#tree.remove(sandbox);
  }

  async stop(): Promise<void> {
    await this.#connector?.close();
    this.#connector = undefined;
  }

  /** A real execution must come back, and under the number by which this process knows it. */
  async #prove(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const canary = { pid: 0, executed: new Set<number>(), onSeen: () => resolve(true) };
    this.#canary = canary;
    const timer = setTimeout(() => resolve(false), canaryTimeoutMs);
    const child = spawn('/bin/true', { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    canary.pid = child.pid ?? 0;
    if (canary.executed.has(canary.pid)) resolve(true);
    const proven = await promise;
    clearTimeout(timer);
    this.#canary = undefined;
    if (proven) return;
    throw new SandtrailError('SENSOR_UNAVAILABLE', {
      detail: 'proc connector: the canary did not come back as an event',
    });
  }

  #message(message: ProcMessage): void {
    const atNs = this.#wallTime(message.atNs);
    this.#lastNs = atNs;
    if (message.type === 'exec') this.#canarySeen(message.pid);
    if (message.type === 'other') return;
    const pid = message.type === 'fork' ? message.parent : message.pid;
    const sandbox = this.#tree.owner(pid);
    if (sandbox === undefined) return;
    const observation = this.#observe(message, atNs, sandbox);
    if (observation !== undefined) this.#sink?.observe(sandbox, observation);
  }

  #observe(message: ProcMessage, atNs: bigint, sandbox: WatchedSandbox): Observation | undefined {
    switch (message.type) {
      case 'fork':
        return this.#forked(message, atNs);
      case 'exec':
        return this.#executed(message, atNs, sandbox);
      case 'exit':
        return this.#exited(message, atNs);
      case 'uid':
        return {
          ...{ kind: 'process.credentials', ...this.#about(message.pid, atNs) },
          ...{ realUid: message.real, effectiveUid: message.effective },
        };
      case 'gid':
        return {
          ...{ kind: 'process.credentials', ...this.#about(message.pid, atNs) },
          ...{ realGid: message.real, effectiveGid: message.effective },
        };
      case 'trace':
        return this.#traced(message, atNs);
      case 'other':
        return undefined;
      default:
        return message satisfies never;
    }
  }

  #forked({ parent, child }: Event<'fork'>, atNs: bigint): Observation {
    this.#tree.forked(parent, child);
    const seen = this.#identify(parent);
    this.#processes.forked(seen, child);
    // Read at once: in a fraction of a millisecond it may be gone.
    const born = readProcess(child);
    const startNs = born?.startNs ?? 0n;
    this.#seen.set(child, born ?? { pid: child, startNs, ppid: parent, uid: seen.uid });
    const start = startNs === 0n ? {} : { childStartNs: startNs.toString() };
    return { kind: 'process.fork', ...this.#about(parent, atNs), childPid: child, ...start };
  }

  #executed({ pid }: Event<'exec'>, atNs: bigint, sandbox: WatchedSandbox): Observation {
    const exe = readLink(`/proc/${pid}/exe`);
    const argv = readBytes(`/proc/${pid}/cmdline`);
    if (exe === undefined) this.#options.counters.add('proc.exec_vanished');
    const seen = this.#identify(pid);
    const name = exe ?? '';
    this.#processes.executed(seen, { exe: name, name: name.replace(/ \(deleted\)$/, '') });
    return observeExec(
      {
        ...{ atNs, process: this.#processes.describe(seen) },
        path: { bytes: Buffer.from(name), cut: false },
        resolved: exe,
        argv: splitArguments(argv ?? Buffer.alloc(0)),
        argvCut: argv === undefined,
        cwd: this.#processes.cwd(seen),
        ...{ errno: undefined, file: undefined },
      },
      sandbox,
    );
  }

  #exited({ pid, status }: Event<'exit'>, atNs: bigint): Observation {
    const about = this.#about(pid, atNs);
    this.#tree.exited(pid);
    this.#processes.exited(pid);
    this.#seen.delete(pid);
    const signal = status & 0x7f;
    const how = signal === 0 ? { code: (status >> 8) & 0xff } : { signal };
    return { kind: 'process.exit', ...about, ...how };
  }

  #traced({ pid, tracer }: Event<'trace'>, atNs: bigint): Observation {
    const args = [{ name: 'tracer', value: `${tracer}` }];
    return { kind: 'syscall', ...this.#about(pid, atNs), name: 'ptrace', args };
  }

  #about(pid: number, atNs: bigint) {
    const process = this.#processes.describe(this.#identify(pid));
    return { observedAtNs: atNs.toString(), process };
  }

  #identify(pid: number): SeenProcess {
    const known = this.#seen.get(pid);
    if (known !== undefined && known.startNs !== 0n) return known;
    const gone = { pid, startNs: 0n, ppid: undefined, uid: undefined };
    const seen = readProcess(pid) ?? known ?? gone;
    this.#seen.set(pid, seen);
    return seen;
  }

  #canarySeen(pid: number): void {
    const canary = this.#canary;
    if (canary === undefined) return;
    canary.executed.add(pid);
    if (pid === canary.pid) canary.onSeen();
  }

  #lost(count: number): void {
    this.#options.counters.add('proc.messages_lost', Math.max(count, 1));
    const lastNs = this.#options.clock.nowNs();
    const gap = { source: 'proc', count: BigInt(count), firstNs: this.#lastNs, lastNs };
    this.#sink?.lost(undefined, { ...gap, reason: 'ring_full' });
  }

  #wallTime(monotonicNs: bigint): bigint {
    return this.#options.clock.nowNs() - (process.hrtime.bigint() - monotonicNs);
  }
}

function readBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
