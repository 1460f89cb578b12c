// The watchdog: a shell that holds a pipe from the runner and freezes the sandbox when it breaks.
import { spawn } from 'node:child_process';
import type { SandboxCgroup } from './cgroup.ts';

/** A process that outlives its runner by one act. */
export interface Watchdog {
  readonly pid: number;
  /** Ends it in peace: nothing is frozen. Resolves when it is gone. */
  dismiss(): Promise<void>;
}

/*
 * `read` answers 0 for the line "bye" and 1 at the end of file, which comes when the last holder of
 * the pipe's other end is gone: the runner, however it died. The shell is already started and needs
 * no memory, no library and no interpreter at that moment. It ignores the signals of a terminal.
 */
const script = `
trap '' INT TERM HUP QUIT
read word
[ "$word" = bye ] || echo 1 > "$1"
`;

interface WatchdogOptions {
  readonly cgroup: Pick<SandboxCgroup, 'path'>;
  /** The watchdog itself has died: start another one. */
  readonly onLost: () => void;
}

/** Guards a sandbox: within 1 s of the runner's death, `cgroup.freeze` is 1. */
export function startWatchdog({ cgroup, onLost }: WatchdogOptions): Watchdog {
  const child = spawn('sh', ['-c', script, 'sandtrail-watchdog', `${cgroup.path}/cgroup.freeze`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
    detached: true,
  });
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  let isDismissed = false;
  child.once('exit', () => {
    if (!isDismissed) onLost();
  });
  // A watchdog that died early cannot be told good-bye; its end is already known.
  child.stdin.on('error', () => child.stdin.destroy());
  return {
    pid: child.pid ?? 0,
    dismiss: async () => {
      isDismissed = true;
      child.stdin.end('bye\n');
      await gone;
    },
  };
}
