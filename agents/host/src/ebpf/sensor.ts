// One run of bpftrace with the program: its output as lines, its end, and what it said on the way.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { type Btf, hardlyAnyBtf, readBtf } from './btf.ts';
import { declareStructs } from './kernel-structs.ts';
import { LineReader, type SensorLine } from './lines.ts';
import { textSizeBytesMax } from './observer.ts';
import type { Program } from './program.ts';
import { tracefsPath, tracepointTypes } from './tracefs.ts';

/** What to load, and where its lines and its end go. */
export interface SensorOptions {
  readonly program: Program;
  readonly bpftrace: string;
  /** Pages of 4 KiB in each processor's ring. */
  readonly ringPages: number;
  readonly onLine: (line: SensorLine) => void;
  /** Called once, whenever and however the process ends. */
  readonly onEnd: (how: string) => void;
}

/** A running bpftrace. */
export interface Sensor {
  readonly pid: number | undefined;
  /** Ends it at once: on SIGTERM it would first print its maps. */
  kill(): void;
  /** The last error that it printed. */
  complaint(): string;
}

/** Most that is kept of what it prints beside its lines. */
const complaintSizeMax = 16_384;
const exitCheckMs = 250;
const exitingFlag = 0x4; // PF_EXITING
const mapKeysMax = 16_384;

/**
 * For each use of an argument bpftrace 0.17 reads the kernel's whole list of events. In a mount
 * namespace of its own it finds a list of those that the program names.
 */
const launch = 'mount --bind "$1" "$2" 2>/dev/null; shift 2; exec "$@"';

/** Starts bpftrace with the program; it ends with its parent, even when that is killed. */
export function startSensor(options: SensorOptions): Sensor {
  const named = eventsOf(options.program.text);
  const program = `${declarations(named)}${options.program.text}`;
  const directory = mkdtempSync(join(tmpdir(), 'sandtrail-ebpf-'));
  const file = join(directory, 'program.bt');
  const events = join(directory, 'available_events');
  const types = join(directory, 'types.btf');
  writeFileSync(file, program, { mode: 0o600 });
  writeFileSync(events, `${named.join('\n')}\n`);
  writeFileSync(types, hardlyAnyBtf);
  const own = [events, `${tracefsPath}/available_events`, options.bpftrace];
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private'],
      ...['sh', '-c', launch, 'sh', ...own, '-f', 'json', '-B', 'line', file],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: environment(options.ringPages, types) },
  );
  let complaint = '';
  const forget = () => rmSync(directory, { recursive: true, force: true });
  const reader = new LineReader((line) => {
    if (line.type === 'attached') forget();
    options.onLine(line);
  });
  child.stdout.on('data', (chunk: Buffer) => reader.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-complaintSizeMax);
  });
  let ended = false;
  const end = (how: string): void => {
    if (ended) return;
    ended = true;
    clearInterval(watch);
    forget();
    options.onEnd(how);
  };
  child.on('error', (error) => end(error.message));
  child.on('exit', (code, signal) => end(signal ?? `exit ${code}`));
  // The kernel detaches probe by probe, for 12 s as measured, before it reports the death.
  const watch = setInterval(() => {
    if (isExiting(child.pid ?? 0)) end('killed');
  }, exitCheckMs);
  return {
    pid: child.pid,
    kill() {
      child.kill('SIGKILL');
      // Its death takes the kernel seconds: nobody has to wait for it.
      child.unref();
      child.stdout.destroy();
      child.stderr.destroy();
    },
    complaint: () => lastError(complaint),
  };
}

/** True from the moment in which the process was killed (proc_pid_stat(5), field 9). */
function isExiting(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const flags = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6];
    return (Number(flags) & exitingFlag) !== 0;
  } catch {
    return false;
  }
}

function environment(ringPages: number, types: string): Record<string, string> {
  return {
    BPFTRACE_BTF: types,
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    BPFTRACE_STRLEN: `${textSizeBytesMax}`,
    BPFTRACE_MAP_KEYS_MAX: `${mapKeysMax}`,
    BPFTRACE_PERF_RB_PAGES: `${ringPages}`,
  };
}

/** What bpftrace takes a tracepoint's `int` and `unsigned` for where they fill 8 bytes. */
const widened = ['s64', 'u64'];

function eventsOf(program: string): readonly string[] {
  const names = [...program.matchAll(/^tracepoint:(\w+:\w+)/gm)].map(([, name = '']) => name);
  return [...new Set(names)];
}

/**
 * What the program knows of the kernel's types. bpftrace 0.17 would look for the type of each of a
 * thousand casts in all that the kernel has, 100,000 of them, and hand those that it found to its C
 * parser with all that they refer to: that took two thirds of its start and 25 MB.
 * @throws SandtrailError `SENSOR_UNAVAILABLE` when the kernel does not describe its types
 */
function declarations(events: readonly string[]): string {
  const names = events.flatMap((event) => tracepointTypes(event.replace(':', '/')));
  return declareStructs(kernelBtf(), [...new Set([...widened, ...names])]);
}

function kernelBtf(): Btf {
  try {
    return readBtf(readFileSync('/sys/kernel/btf/vmlinux'));
  } catch (cause) {
    throw new SandtrailError('SENSOR_UNAVAILABLE', { detail: 'the kernel has no BTF', cause });
  }
}

/** The message about RLIMIT_MEMLOCK is not the cause on kernels that count BPF memory by cgroup. */
function lastError(complaint: string): string {
  const errors = complaint
    .split('\n')
    .filter((line) => /error/i.test(line) && !line.includes('RLIMIT_MEMLOCK'));
  return (errors.at(-1) ?? '').slice(0, 512);
}
