// The ebpf collector: what watched sandboxes do, seen by the kernel through bpftrace's tracepoints.
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { every, pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Collector, CollectorSink, EffectiveMode, WatchedSandbox } from './collector.ts';
import type { Assembled } from './ebpf/assembler.ts';
import type { LedgerLoss, LedgerTotals } from './ebpf/ledger.ts';
import { observeRecord } from './ebpf/observer.ts';
import { buildProgram, type Program, specialCalls } from './ebpf/program.ts';
import { SensorRun } from './ebpf/run.ts';
import { ensureTracefs, kernelDirectory, tracepointArguments } from './ebpf/tracefs.ts';
import { type Watched, Watchlist } from './ebpf/watchlist.ts';
import { ProcessTable } from './kernel/processes.ts';

/** Where the sandboxes are, and how the collector watches them. */
export interface EbpfOptions {
  /** Directory in the cgroup v2 tree whose children are the sandboxes; made when it is absent. */
  readonly parentCgroup: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly bpftrace?: string;
  /** Opens for reading below these are counted and not shown; none means that all are shown. */
  readonly quietDirectories?: readonly string[];
  /** Pages of 4 KiB in each processor's ring: how much a burst may run ahead. */
  readonly ringPages?: number;
}

/** The collector with what tests and `doctor` look at. */
export interface EbpfCollector extends Collector {
  /** bpftrace's process id while it runs. */
  readonly sensorPid: () => number | undefined;
  /** Asks the kernel for its counts; afterwards `counted = seen + lost` for a sandbox at rest. */
  readonly settle: () => Promise<void>;
  /** The present sensor's ledger for a sandbox, and the opens that its filter left out. */
  readonly totals: (sandbox: WatchedSandbox) => LedgerTotals & { readonly filtered: bigint };
}

/** Libraries and shared files of the system: read by every program, written by none inside. */
const quietByDefault = ['/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/share'];

/** What no option of this collector can show. */
const blindSpots = [
  'system calls that a seccomp filter refuses',
  'file operations through io_uring (its setup is shown)',
  'bytes read and written; only opens, names and addresses are seen',
  'file texts after their first 199 bytes (marked as cut)',
  'arguments after the first 1,056 bytes; the arguments of executions that fail',
  'system calls of 32-bit programs, where the kernel gives them no tracepoints',
  'cgroups that a sandbox makes below its own',
];

const fenceEveryMs = 1_000;
const fencesToSettle = 4;
const stalledAfterMs = 10_000;
const claimWithinNs = 5_000_000_000n;
/** Pages of 4 KiB: 32 MiB in all rings together, some 100,000 records. */
const ringPagesInAll = 8_192;
const ringPagesMin = 64;
const firstAttemptsMax = 5;
const backoffFirstMs = 100;
const backoffMaxMs = 10_000;

/** Watches children of one parent cgroup with bpftrace; needs root, tracefs and BTF. */
export function createEbpfCollector(options: EbpfOptions): EbpfCollector {
  return new Ebpf(options);
}

class Ebpf implements EbpfCollector {
  readonly name = 'ebpf';
  readonly #options: EbpfOptions;
  readonly #watchlist: Watchlist;
  readonly #processes = new ProcessTable();
  readonly #stopped = new AbortController();
  #sink: CollectorSink | undefined;
  #run: SensorRun | undefined;
  #tasks: Promise<void> | undefined;

  constructor(options: EbpfOptions) {
    this.#options = options;
    this.#watchlist = new Watchlist(options.counters);
  }

  /** The program filters by parent cgroup; and gVisor's kernel is no part of what it runs. */
  concerns({ cgroup, container }: WatchedSandbox): boolean {
    const isHostKernel = container?.runscRoot === undefined;
    const isBelow = cgroup !== undefined && dirname(cgroup.path) === this.#options.parentCgroup;
    return isHostKernel && isBelow;
  }

  readonly sensorPid = (): number | undefined => this.#run?.pid;

  readonly totals = (sandbox: WatchedSandbox) => {
    const id = cgroupOf(sandbox);
    const totals = this.#run?.ledger.totals(id) ?? { counted: 0n, seen: 0n, lost: 0n };
    return { ...totals, filtered: this.#run?.filtered.get(`${id}`) ?? 0n };
  };

  readonly settle = async (): Promise<void> => {
    for (let answered = 0, asked = 0; answered < fencesToSettle && asked < 10; asked += 1) {
      if (this.#run?.up !== true) return;
      if (await this.#run.fence()) answered += 1;
    }
  };

  async start(sink: CollectorSink): Promise<EffectiveMode> {
    this.#sink = sink;
    if (!ensureTracefs()) {
      throw new SandtrailError('SENSOR_UNAVAILABLE', { detail: 'tracefs cannot be mounted' });
    }
    mkdirSync(this.#options.parentCgroup, { recursive: true });
    const quiet = (this.#options.quietDirectories ?? quietByDefault)
      .map(kernelDirectory)
      .filter((directory) => directory !== undefined);
    const program = buildProgram({
      parentCgroup: this.#options.parentCgroup,
      fencePid: process.pid,
      argumentsOf: tracepointArguments,
      quiet,
      processors: Math.min(availableParallelism(), 512),
    });
    const probes = await this.#firstRun(program);
    const { signal } = this.#stopped;
    this.#tasks = every({ ms: fenceEveryMs, signal }, () => this.#check());
    return effectiveMode(program, probes, quiet.length > 0);
  }

  async watch(sandbox: WatchedSandbox): Promise<void> {
    const id = cgroupOf(sandbox);
    // What happened before this call is then among what waits.
    if (sandbox.container !== undefined) await this.#run?.fence();
    const { waiting, dropped } = this.#watchlist.add(id, sandbox);
    this.#lostEarly(sandbox, this.#run?.ledger.totals(id).lost ?? 0n, 'ring_full');
    this.#lostEarly(sandbox, BigInt(dropped), 'rate_limit');
    for (const record of this.#withoutLauncher(sandbox, waiting)) this.#record(record);
  }

  async unwatch(sandbox: WatchedSandbox): Promise<void> {
    await this.settle();
    const id = cgroupOf(sandbox);
    this.#watchlist.remove(id);
    this.#run?.ledger.forget(id);
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#run?.kill();
    await this.#tasks;
    for (const { sandbox } of this.#watchlist.all()) this.#watchlist.remove(cgroupOf(sandbox));
  }

  /** One that is killed while it attaches says nothing about the machine: it is tried again. */
  async #firstRun(program: Program): Promise<number> {
    const { signal } = this.#stopped;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#startRun(program);
      } catch (error) {
        const wasKilled =
          error instanceof SandtrailError &&
          /ended: (?:killed|SIGKILL|SIGTERM)\b/.test(error.detail);
        if (!wasKilled || attempt === firstAttemptsMax || signal.aborted) throw error;
        this.#options.logger.warn('the sensor was killed while it started', { attempt });
        await pause(backoffFirstMs, signal);
      }
    }
  }

  async #startRun(program: Program): Promise<number> {
    const { parentCgroup, clock, counters, bpftrace, ringPages } = this.#options;
    const run = new SensorRun({
      ...{ program, parentCgroup, clock, counters },
      bpftrace: bpftrace ?? 'bpftrace',
      ringPages: ringPages ?? ringPagesFor(availableParallelism()),
      onRecord: (record) => this.#record(record),
      onLoss: (loss) => this.#lost(loss),
      onEnd: (how) => {
        if (!this.#stopped.signal.aborted) this.#died(run, program, how);
      },
    });
    this.#run = run;
    return run.start();
  }

  #record(record: Assembled): void {
    const { head } = record.main;
    const watched = this.#watchlist.get(head.cgroup);
    if (watched === undefined) {
      this.#watchlist.hold(head.cgroup, record);
      return;
    }
    this.#observe(record, watched);
  }

  /**
   * A container's runtime works in its cgroup until its first process executes the first program:
   * nothing of the container has run before that.
   */
  #withoutLauncher(sandbox: WatchedSandbox, waiting: readonly Assembled[]): readonly Assembled[] {
    if (sandbox.container === undefined) return waiting;
    const begins = ({ main: { call, head } }: Assembled) =>
      call === specialCalls.exec && head.pid === sandbox.initPid;
    const from = Math.max(0, waiting.findIndex(begins));
    this.#options.counters.add('ebpf.records_of_runtime', from);
    return waiting.slice(from);
  }

  #observe(record: Assembled, { sandbox, names }: Watched): void {
    const bootNs = this.#run?.bootNs ?? 0n;
    const context = { sandbox, names, processes: this.#processes, bootNs };
    for (const one of observeRecord(record, context)) this.#sink?.observe(sandbox, one);
    this.#options.counters.add('ebpf.records');
  }

  /** What was lost before the sandbox was named. */
  #lostEarly(sandbox: WatchedSandbox, count: bigint, reason: 'ring_full' | 'rate_limit'): void {
    const nowNs = this.#options.clock.nowNs();
    const gap = { source: 'ebpf', count, firstNs: nowNs - claimWithinNs, lastNs: nowNs, reason };
    if (count > 0n) this.#sink?.lost(sandbox, gap);
  }

  #lost(loss: LedgerLoss): void {
    const bootNs = this.#run?.bootNs ?? 0n;
    this.#options.counters.add('ebpf.records_lost', Number(loss.count));
    const sandbox = this.#watchlist.get(loss.cgroup)?.sandbox;
    if (sandbox === undefined) return;
    this.#sink?.lost(sandbox, {
      source: 'ebpf',
      count: loss.count,
      firstNs: loss.firstNs + bootNs,
      lastNs: loss.lastNs + bootNs,
      reason: 'ring_full',
    });
  }

  async #check(): Promise<void> {
    const run = this.#run;
    if (run?.up !== true) return;
    await run.fence();
    this.#watchlist.expire(run.lastNs - claimWithinNs);
    if (this.#options.clock.monotonicMs() - run.lastLineMs > stalledAfterMs) run.kill();
  }

  #died(run: SensorRun, program: Program, how: string): void {
    const { clock, counters, logger } = this.#options;
    const diedNs = clock.nowNs();
    const gap = { source: 'ebpf', count: 0n, lastNs: diedNs };
    logger.error('the sensor died', { how });
    counters.add('ebpf.restarts');
    this.#sink?.restarted(`bpftrace died: ${how}`);
    const firstNs = run.lastNs + run.bootNs;
    this.#sink?.lost(undefined, { ...gap, firstNs, reason: 'collector_died' });
    const restarted = this.#restart(program, diedNs);
    this.#tasks = Promise.all([this.#tasks, restarted]).then(() => undefined);
  }

  /** Starts anew until it sees again; what happened in between is lost and said so. */
  async #restart(program: Program, diedNs: bigint): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#stopped;
    for (
      let waitMs = backoffFirstMs;
      !signal.aborted;
      waitMs = Math.min(waitMs * 2, backoffMaxMs)
    ) {
      try {
        await this.#startRun(program);
        const gap = { source: 'ebpf', count: 0n, firstNs: diedNs, lastNs: clock.nowNs() };
        this.#sink?.lost(undefined, { ...gap, reason: 'restart' });
        logger.info('the sensor sees again');
        return;
      } catch (error) {
        if (signal.aborted) return;
        logger.error('the sensor did not start', { reason: String(error) });
        await pause(waitMs, signal);
      }
    }
  }
}

/** A power of two, as the kernel asks for. */
function ringPagesFor(processors: number): number {
  return Math.max(ringPagesMin, 2 ** Math.floor(Math.log2(ringPagesInAll / processors)));
}

function cgroupOf({ uid, cgroup }: WatchedSandbox): bigint {
  if (cgroup !== undefined) return cgroup.id;
  throw new SandtrailError('SENSOR_UNAVAILABLE', { detail: `${uid} has no cgroup` });
}

function effectiveMode(program: Program, probes: number, quiet: boolean): EffectiveMode {
  const without = program.missing.length === 0 ? '' : `; without ${program.missing.join(', ')}`;
  const left = quiet
    ? ['successful opens for reading below /usr/lib and /usr/share (counted)']
    : [];
  return {
    on: probes > 0,
    detail: `${probes} of ${program.probes} probes attached${without}`,
    blindSpots: [...blindSpots, ...left],
  };
}
