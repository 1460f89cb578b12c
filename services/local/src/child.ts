// A supervised process: started, waited for until it says that it is ready, started again if it dies.
import { type ChildProcess, fork } from 'node:child_process';
import type { Logger } from '@sandtrail/runtime/log';
import { pause } from '@sandtrail/runtime/supervise';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Account } from './accounts.ts';

interface ChildOptions {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly account: Account | undefined;
  readonly log: Logger;
  /** Where its output goes: a descriptor, or our own standard error. */
  readonly logFd?: number | undefined;
  readonly readyMsMax: number;
  /** How long it may take to end before it is killed. */
  readonly stopMsMax: number;
}

/** A process that is kept alive until `stop`. */
export interface Child {
  readonly name: string;
  pid(): number | undefined;
  /** How often it was started anew after a death. */
  restarts(): number;
  /** Asks it to end (SIGTERM), and kills it when it does not within `stopMsMax`. */
  stop(): Promise<void>;
}

const backoffMsMin = 100;
const backoffMsMax = 5_000;

/**
 * Starts a process and resolves when it has said `ready` over its channel.
 * @throws SandtrailError `CHILD_FAILED` when its first start does not get that far
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const stopping = new AbortController();
  let current = launch(options);
  let restarts = 0;
  await ready(current, options).catch((error: unknown) => {
    current.kill('SIGKILL');
    throw error;
  });

  const keepAlive = async () => {
    let backoffMs = backoffMsMin;
    while (!stopping.signal.aborted) {
      await ended(current);
      if (stopping.signal.aborted) return;
      options.log.error('process died; starting it again', {
        name: options.name,
        code: current.exitCode ?? undefined,
        signal: current.signalCode ?? undefined,
      });
      await pause(backoffMs, stopping.signal);
      if (stopping.signal.aborted) return;
      restarts += 1;
      current = launch(options);
      const fine = await ready(current, options).then(
        () => true,
        (error: unknown) => {
          options.log.error('process did not become ready', {
            name: options.name,
            error: String(error),
          });
          current.kill('SIGKILL');
          return false;
        },
      );
      backoffMs = fine ? backoffMsMin : Math.min(backoffMs * 2, backoffMsMax);
    }
  };
  const supervision = keepAlive();

  return {
    name: options.name,
    pid: () => current.pid,
    restarts: () => restarts,
    async stop() {
      stopping.abort();
      const timer = setTimeout(() => current.kill('SIGKILL'), options.stopMsMax);
      current.kill('SIGTERM');
      await ended(current);
      clearTimeout(timer);
      await supervision;
    },
  };
}

function launch({ file, args, account, logFd = 2 }: ChildOptions): ChildProcess {
  return fork(file, [...args], {
    // A group of its own: Ctrl-C reaches the supervisor alone, which ends all in order.
    detached: true,
    stdio: ['ignore', logFd, logFd, 'ipc'],
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  });
}

async function ready(child: ChildProcess, { name, readyMsMax }: ChildOptions): Promise<void> {
  const outcome = await new Promise<string>((resolve) => {
    const timer = setTimeout(() => resolve(`was not ready within ${readyMsMax} ms`), readyMsMax);
    const settle = (text: string) => {
      clearTimeout(timer);
      resolve(text);
    };
    child.on('message', (message) => {
      if (message === 'ready') settle('ready');
      else if (typeof message === 'object' && 'fault' in message) settle(String(message.fault));
    });
    child.once('exit', (code, signal) => settle(`ended with ${signal ?? `code ${code}`}`));
    child.once('error', (error) => settle(error.message));
  });
  if (outcome !== 'ready') {
    throw new SandtrailError('CHILD_FAILED', { detail: `${name}: ${outcome}` });
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  await new Promise((resolve) => child.once('exit', resolve));
}
