// The strace collector: without root, the sandbox's processes are followed with ptrace; slow, but whole.
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import type { Collector, CollectorSink, EffectiveMode, WatchedSandbox } from './collector.ts';
import { straceCommand } from './strace/command.ts';
import { StraceReader } from './strace/lines.ts';
import { StraceObserver } from './strace/observer.ts';

/** Time, where faults are counted, and what stands before the command. */
export interface StraceOptions {
  readonly clock: Clock;
  readonly counters: Counters;
  /** Programs that stand between strace and the sandbox's command: 1 for bubblewrap. */
  readonly launchers: number;
}

/** A collector that must stand in front of the sandbox from its first instruction. */
export interface StraceCollector extends Collector {
  /** The argv prefix for this sandbox; call it before the sandbox starts, `watch` right after. */
  readonly commandPrefix: (uid: SandboxUid) => readonly string[];
}

interface Outlet {
  readonly directory: string;
  readonly fd: number;
  socket: Socket | undefined;
}

const quietMs = 60;
const drainMaxMs = 3_000;

const blindSpots = [
  'slow: each watched call stops the process twice; nothing is lost, the sandbox waits instead',
  'a program that refuses to be traced, or looks whether it is',
  'bytes read and written; only opens, names and addresses are seen',
  'texts after their first 256 bytes (marked as cut)',
  'symlinks on the way of calls that return no descriptor',
];

/** Watches as an ordinary user; needs `strace` 5.3 or later. */
export function createStraceCollector(options: StraceOptions): StraceCollector {
  return new Strace(options);
}

class Strace implements StraceCollector {
  readonly name = 'strace';
  readonly #options: StraceOptions;
  readonly #outlets = new Map<SandboxUid, Outlet>();
  #sink: CollectorSink | undefined;
  #lastReadMs = 0;

  constructor(options: StraceOptions) {
    this.#options = options;
  }

  async start(sink: CollectorSink): Promise<EffectiveMode> {
    this.#sink = sink;
    const probe = spawnSync('strace', [
      '-f',
      '--seccomp-bpf',
      '-qq',
      '-o',
      '/dev/null',
      '/bin/true',
    ]);
    if (probe.status !== 0) {
      const detail = probe.error?.message ?? probe.stderr.toString('utf8').slice(0, 256).trim();
      throw new SandtrailError('SENSOR_UNAVAILABLE', { detail: `strace: ${detail}` });
    }
    return { on: true, detail: 'ptrace, system calls chosen by seccomp', blindSpots };
  }

  readonly commandPrefix = (uid: SandboxUid): readonly string[] => {
    const directory = mkdtempSync(join(tmpdir(), 'sandtrail-strace-'));
    const output = join(directory, 'calls');
    const made = spawnSync('mkfifo', ['-m', '600', output]);
    if (made.status !== 0) {
      throw new SandtrailError('SENSOR_UNAVAILABLE', { detail: 'mkfifo failed' });
    }
    // Open for both, or the first read before strace has started would be the end of the file.
    const fd = openSync(output, constants.O_RDWR | constants.O_NONBLOCK);
    this.#outlets.set(uid, { directory, fd, socket: undefined });
    return straceCommand({ output });
  };

  async watch(sandbox: WatchedSandbox): Promise<void> {
    const outlet = this.#outlets.get(sandbox.uid);
    if (outlet === undefined) {
      const detail = `${sandbox.uid} was not started behind strace`;
      throw new SandtrailError('SENSOR_UNAVAILABLE', { detail });
    }
    const { launchers, clock } = this.#options;
    const reader = new StraceReader();
    const observer = new StraceObserver({ sandbox, launchers, bootNs: bootTime(clock) });
    const socket = new Socket({ fd: outlet.fd, readable: true, writable: false });
    outlet.socket = socket;
    // Once strace has it open its name is not needed: nothing stays if this process is killed.
    socket.once('data', () => rmSync(outlet.directory, { recursive: true, force: true }));
    socket.on('data', (chunk: Buffer) => {
      this.#lastReadMs = this.#options.clock.monotonicMs();
      for (const line of reader.push(chunk)) {
        if (line.type === 'malformed') this.#options.counters.add('strace.lines_malformed');
        for (const one of observer.observe(line)) this.#sink?.observe(sandbox, one);
      }
    });
    socket.on('error', () => this.#options.counters.add('strace.read_errors'));
  }

  async unwatch(sandbox: WatchedSandbox): Promise<void> {
    const outlet = this.#outlets.get(sandbox.uid);
    if (outlet === undefined) return;
    const { signal } = new AbortController();
    const deadlineMs = this.#options.clock.monotonicMs() + drainMaxMs;
    do await pause(quietMs, signal);
    while (
      this.#options.clock.monotonicMs() - this.#lastReadMs < quietMs &&
      this.#options.clock.monotonicMs() < deadlineMs
    );
    this.#close(sandbox.uid, outlet);
  }

  async stop(): Promise<void> {
    for (const [uid, outlet] of this.#outlets) this.#close(uid, outlet);
  }

  #close(uid: SandboxUid, { socket, fd, directory }: Outlet): void {
    if (socket === undefined) closeSync(fd);
    else socket.destroy();
    rmSync(directory, { recursive: true, force: true });
    this.#outlets.delete(uid);
  }
}

/** When the machine booted, in nanoseconds since the Unix epoch, to about 10 ms. */
function bootTime(clock: Clock): bigint {
  const [seconds = '0'] = readFileSync('/proc/uptime', 'utf8').split(' ');
  return clock.nowNs() - BigInt(Math.round(Number(seconds) * 1e9));
}
