// Signals of the user to the runner, handed on to the command; impatience is understood.
import { listProcesses, readTask } from '../driver/task.ts';
import { systemErrorCode } from './system-error.ts';

/** Where signals come from; `process` is one. */
export interface SignalSource {
  on(signal: ForwardedSignal, listener: () => void): unknown;
  off(signal: ForwardedSignal, listener: () => void): unknown;
}

export type ForwardedSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

interface ForwardOptions {
  readonly source: SignalSource;
  /** Process id, on the host, of pid 1 inside. */
  readonly initPid: number;
  /** With pipes the command has a process group of its own; with a terminal the terminal has. */
  readonly terminal: boolean;
  /** Called for a second SIGINT, and when a command does not heed another signal in time. */
  readonly kill: (reason: string) => void;
  readonly graceMs: number;
}

/** Starts forwarding; returns how to stop. */
export function forwardSignals(options: ForwardOptions): () => void {
  const { source, kill, graceMs } = options;
  let interrupts = 0;
  let timer: NodeJS.Timeout | undefined;
  const interrupt = () => {
    interrupts += 1;
    if (interrupts > 1) kill('interrupted twice');
    else signalCommand(options, 'SIGINT');
  };
  const end = (signal: ForwardedSignal) => () => {
    signalCommand(options, signal);
    timer ??= setTimeout(kill, graceMs, `${signal} went unheeded`);
  };
  const listeners = [
    ['SIGINT', interrupt],
    ['SIGTERM', end('SIGTERM')],
    ['SIGHUP', end('SIGHUP')],
  ] as const;
  for (const [signal, listener] of listeners) source.on(signal, listener);
  return () => {
    clearTimeout(timer);
    for (const [signal, listener] of listeners) source.off(signal, listener);
  };
}

/**
 * Pid 1 of a namespace never gets a signal that it does not handle (pid_namespaces(7)), so a signal
 * to its group reaches the command alone.
 */
function signalCommand({ initPid, terminal }: ForwardOptions, signal: ForwardedSignal): void {
  const targets = terminal ? childrenOf(initPid) : [-initPid];
  for (const target of targets) {
    try {
      process.kill(target, signal);
    } catch (error) {
      if (systemErrorCode(error) !== 'ESRCH') throw error;
    }
  }
}

function childrenOf(pid: number): readonly number[] {
  return listProcesses().filter((child) => readTask(child)?.ppid === pid);
}
