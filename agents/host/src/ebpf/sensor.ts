// One run of bpftrace with the program: its output as lines, its end, and what it said on the way.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LineReader, type SensorLine } from './lines.ts';
import { textSizeBytesMax } from './observer.ts';
import type { Program } from './program.ts';
import { tracefsPath } from './tracefs.ts';

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
const exitCheckMs = 100;
const exitingFlag = 0x4; // PF_EXITING
const mapKeysMax = 16_384;

/**
 * For each use of an argument bpftrace 0.17 reads the kernel's whole list of events: half of its
 * start. In a mount namespace of its own it finds a list of those that the program names.
 */
const launch = 'mount --bind "$1" "$2" 2>/dev/null; shift 2; exec "$@"';

/** Starts bpftrace with the program; it ends with its parent, even when that is killed. */
export function startSensor(options: SensorOptions): Sensor {
  const directory = mkdtempSync(join(tmpdir(), 'sandtrail-ebpf-'));
  const file = join(directory, 'program.bt');
  const events = join(directory, 'available_events');
  writeFileSync(file, options.program.text, { mode: 0o600 });
  writeFileSync(events, eventList(options.program.text));
  const own = [events, `${tracefsPath}/available_events`, options.bpftrace];
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--propagation', 'private'],
      ...['sh', '-c', launch, 'sh', ...own, '-f', 'json', '-B', 'line', file],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: environment(options.ringPages) },
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

function environment(ringPages: number): Record<string, string> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    BPFTRACE_STRLEN: `${textSizeBytesMax}`,
    BPFTRACE_MAP_KEYS_MAX: `${mapKeysMax}`,
    BPFTRACE_PERF_RB_PAGES: `${ringPages}`,
  };
}

function eventList(program: string): string {
  const names = [...program.matchAll(/^tracepoint:(\w+:\w+)/gm)].map(([, name = '']) => name);
  return `${[...new Set(names)].join('\n')}\n`;
}

/** The message about RLIMIT_MEMLOCK is not the cause on kernels that count BPF memory by cgroup. */
function lastError(complaint: string): string {
  const errors = complaint
    .split('\n')
    .filter((line) => /error/i.test(line) && !line.includes('RLIMIT_MEMLOCK'));
  return (errors.at(-1) ?? '').slice(0, 512);
}
