// A supervised process: started, waited for until it says that it is ready, started again if it dies.
import { type ChildProcess, fork } from 'node:child_process';
import type { Logger } from '@sandtrail/runtime/log';
import type { ProcessMetrics } from '@sandtrail/runtime/process-metrics';
import { pause } from '@sandtrail/runtime/supervise';
import { type ErrorCode, errorCatalogue, SandtrailError } from '@sandtrail/schemas/errors';
import * as z from 'zod';
import type { Account } from './accounts.ts';
import { answerSiblings, askMetrics } from './metrics-exchange.ts';
import type { TelemetryHeaders } from './telemetry-headers.ts';

interface ChildOptions {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Flags of its Node, beside our own. */
  readonly nodeFlags?: readonly string[];
  readonly account: Account | undefined;
  readonly log: Logger;
  /** Where its output goes: a descriptor, or our own standard error. */
  readonly logFd?: number | undefined;
  /** Secrets that it is told once it runs, and that stand neither on a disk nor in its environment. */
  readonly telemetryHeaders?: TelemetryHeaders;
  /** Answers what it asks over its channel: what its siblings measured. */
  readonly siblings?: () => Promise<readonly ProcessMetrics[]>;
  readonly readyMsMax: number;
  /** Called when it says that it waits for something outside. */
  readonly onWaiting?: (detail: string) => void;
  /** True while something outside is waited for: then it may take longer to be ready. */
  readonly isWaiting?: () => boolean;
  /** How long it may take to end before it is killed. */
  readonly stopMsMax: number;
  /** Gives up a first start that is under way. */
  readonly signal?: AbortSignal;
}

/** A process that is kept alive until `stop`. */
export interface Child {
  readonly name: string;
  pid(): number | undefined;
  /** How often it was started anew after a death. */
  restarts(): number;
  /** What it measured about itself; undefined when it does not say so soon. */
  metrics(): Promise<ProcessMetrics | undefined>;
  /** Asks it to end (SIGTERM), and kills it when it does not within `stopMsMax`. */
  stop(): Promise<void>;
}

/** Why a process could not start, as it says itself over its channel: `{ fault }`. */
export const Fault = z.strictObject({ code: z.string(), detail: z.string() });
export type Fault = z.infer<typeof Fault>;

const backoffMsMin = 100;
const backoffMsMax = 5_000;

/**
 * Starts a process and resolves when it has said `ready` over its channel.
 * @throws SandtrailError with the code that the process says, else `CHILD_FAILED`, when its first
 * start does not get that far
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
    metrics: () => askMetrics(current),
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

function launch(options: ChildOptions): ChildProcess {
  const { file, args, nodeFlags = [], account, logFd = 2, siblings, telemetryHeaders } = options;
  const child = fork(file, [...args], {
    execArgv: [...process.execArgv, ...nodeFlags],
    // A group of its own: Ctrl-C reaches the supervisor alone, which ends all in order.
    detached: true,
    stdio: ['ignore', logFd, logFd, 'ipc'],
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  });
  if (telemetryHeaders !== undefined) child.send({ telemetryHeaders });
  if (siblings !== undefined) answerSiblings(child, siblings);
  return child;
}

const Message = z.union([
  z.literal('ready'),
  z.object({ fault: Fault }),
  z.object({ waiting: z.string() }),
]);

async function ready(child: ChildProcess, options: ChildOptions): Promise<void> {
  const { name, readyMsMax, signal, onWaiting, isWaiting } = options;
  const outcome = await new Promise<'ready' | Fault>((resolve) => {
    const settle = (outcome: 'ready' | Fault) => {
      clearInterval(timer);
      resolve(outcome);
    };
    const failed = (why: string) => settle({ code: 'CHILD_FAILED', detail: `${name}: ${why}` });
    const timer = setInterval(() => {
      if (isWaiting?.() !== true) failed(`was not ready within ${readyMsMax} ms`);
    }, readyMsMax);
    child.on('message', (message) => {
      const told = Message.safeParse(message).data;
      if (told === 'ready') settle('ready');
      else if (told !== undefined && 'fault' in told) settle(told.fault);
      else if (told !== undefined) onWaiting?.(told.waiting);
    });
    child.once('exit', (code, signal) => failed(`ended with ${signal ?? `code ${code}`}`));
    child.once('error', (error) => failed(error.message));
    const give = () => failed('was given up');
    if (signal?.aborted) give();
    signal?.addEventListener('abort', give, { once: true });
  });
  if (outcome === 'ready') return;
  const { code, detail } = outcome;
  throw new SandtrailError(isErrorCode(code) ? code : 'CHILD_FAILED', { detail });
}

function isErrorCode(code: string): code is ErrorCode {
  return code in errorCatalogue;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  await new Promise((resolve) => child.once('exit', resolve));
}
