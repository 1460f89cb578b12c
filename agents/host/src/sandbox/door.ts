// The door: bubblewrap's first process has made the sandbox and waits to be let into the command.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { SandtrailError } from '@sandtrail/schemas/errors';

interface Waiting {
  /** Process id on the host of pid 1 inside. */
  readonly pid: number;
  /** The descriptor from which it reads the word to go on (bwrap(1), `--block-fd`). */
  readonly fd: number;
  readonly timeoutMs: number;
}

const lookMs = 1;

/**
 * Resolves when the process reads from that descriptor, or cannot be seen (it has ended, or belongs
 * to another user). bubblewrap names its child before it mounts anything, so without this wait the
 * mounts of a slow start would come after the start of the command, and be held against it.
 * @throws SandtrailError `SANDBOX_START` when it does not get that far in time
 */
export async function reachDoor({ pid, fd, timeoutMs }: Waiting): Promise<void> {
  for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += lookMs) {
    const call = blockedIn(pid);
    if (call === undefined || call.split(' ')[1] === `0x${fd.toString(16)}`) return;
    await delay(lookMs);
  }
  throw new SandtrailError('SANDBOX_START', { detail: `not set up within ${timeoutMs} ms` });
}

/** The system call in which a process waits, and its arguments (proc_pid_syscall(5)). */
function blockedIn(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/syscall`, 'utf8');
  } catch {
    return undefined;
  }
}
