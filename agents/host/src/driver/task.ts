// Tasks as /proc shows them: state, parent, start and CPU time.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One task at one moment. */
export interface Task {
  readonly pid: number;
  /** One letter (proc_pid_stat(5)): R runs, S and D wait, T is stopped, Z is dead but not reaped. */
  readonly state: string;
  readonly ppid: number;
  readonly startTicks: bigint;
  /** Nanoseconds on a CPU so far; `undefined` where the kernel keeps no schedstat. */
  readonly cpuNs: bigint | undefined;
}

/** Reads a task; `undefined` when it is gone. */
export function readTask(pid: number): Task | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name stands in parentheses and may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = '?', ppid = '0'] = fields;
  const cpu = readProc(`/proc/${pid}/schedstat`)?.split(' ')[0];
  return {
    pid,
    state,
    ppid: Number(ppid),
    startTicks: BigInt(fields[19] ?? '0'),
    cpuNs: cpu === undefined ? undefined : BigInt(cpu),
  };
}

/** True for a task that still can run. */
export function isAlive(task: Task): boolean {
  return task.state !== 'Z' && task.state !== 'X';
}

/** The name of a process's pid namespace; `undefined` when it is gone or may not be read. */
export function pidNamespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

/** All process ids that /proc lists. */
export function listProcesses(): readonly number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** A file of /proc; `undefined` when its process is gone. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
