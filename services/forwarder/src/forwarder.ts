// The forwarder as its owner sees it: a worker that is started, told of new rows, and restarted if it dies.
import { Worker } from 'node:worker_threads';
import { systemClock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { every, pause } from '@sandtrail/runtime/supervise';
import { type ErrorCode, errorCatalogue, SandtrailError } from '@sandtrail/schemas/errors';
import type { Counts } from './cursor.ts';
import { FromWorker, Replayed, type ToWorker, type WorkerStart } from './messages.ts';

/** What the forwarder needs. */
export interface ForwarderOptions extends WorkerStart {
  /** A number that grows whenever rows may have been stored; asked ten times a second. */
  readonly arrivals: () => bigint;
  readonly log: Logger;
  readonly counters: Counters;
}

/** A running forwarder. Calls throw SandtrailErrors with the worker's code. */
export interface Forwarder {
  status(): Promise<unknown>;
  /** Sends a destination's dead letters again. */
  replay(name: string): Promise<unknown>;
  /** Sends one test event. */
  test(name: string): Promise<unknown>;
  stop(): Promise<void>;
}

const lookMs = 100;
const backoffMsMin = 100;
const backoffMsMax = 10_000;
const healthyMs = 60_000;
const program = new URL('./worker.ts', import.meta.url);

/** Starts the worker and keeps it running; without destinations there is nothing to run. */
export function startForwarder(options: ForwarderOptions): Forwarder {
  const { destinations, counters, log, arrivals } = options;
  if (Object.keys(destinations).length === 0) return idleForwarder;
  const stopping = new AbortController();
  const { signal } = stopping;
  const calls = new PendingCalls();
  let current: Worker | undefined;
  const runOnce = async () => {
    const { dir, store, node } = options;
    const start: WorkerStart = { destinations, dir, store, node };
    const worker = new Worker(program, { workerData: start });
    current = worker;
    let failure = 'it ended by itself';
    worker.on('message', (message) => take(FromWorker.parse(message), calls, options));
    worker.on('error', (error) => {
      failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    if (signal.aborted) send(worker, { type: 'stop' });
    await new Promise((resolve) => worker.once('exit', resolve));
    current = undefined;
    calls.failAll();
    return failure;
  };
  const keepRunning = async () => {
    let backoffMs = backoffMsMin;
    while (!signal.aborted) {
      const startedMs = systemClock.monotonicMs();
      const reason = await runOnce();
      if (signal.aborted) return;
      counters.add('forward.restarts');
      log.error('the forwarder ended; starting it again', { reason });
      if (systemClock.monotonicMs() - startedMs > healthyMs) backoffMs = backoffMsMin;
      await pause(backoffMs, signal);
      backoffMs = Math.min(backoffMs * 2, backoffMsMax);
    }
  };
  let seen = -1n;
  const looking = every({ ms: lookMs, signal }, () => {
    const now = arrivals();
    if (now !== seen && current !== undefined) send(current, { type: 'look' });
    seen = now;
  });
  const running = keepRunning();
  const call = (message: CallWords) => calls.make(message, current);
  return {
    // While it is being started again there is nothing to tell; the restart is counted.
    status: () => (current === undefined ? Promise.resolve([]) : call({ type: 'status' })),
    async replay(name) {
      const replayed = Replayed.parse(await call({ type: 'replay', name }));
      counters.add('forward.replayed', replayed.delivered, name);
      return replayed;
    },
    test: (name) => call({ type: 'test', name }),
    async stop() {
      stopping.abort();
      if (current !== undefined) send(current, { type: 'stop' });
      await Promise.all([running, looking]);
    },
  };
}

const unknown = (name: string) =>
  Promise.reject(new SandtrailError('DESTINATION_UNKNOWN', { detail: name }));
const idleForwarder: Forwarder = {
  status: () => Promise.resolve([]),
  replay: unknown,
  test: unknown,
  stop: () => Promise.resolve(),
};

type CallWords =
  | { readonly type: 'status' }
  | { readonly type: 'replay' | 'test'; readonly name: string };

/** Calls that wait for the worker's answer; when it dies they fail. */
class PendingCalls {
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  make(message: CallWords, worker: Worker | undefined): Promise<unknown> {
    if (worker === undefined) return Promise.reject(gone());
    this.#last += 1;
    const call = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#last, call);
    send(worker, { ...message, id: this.#last });
    return call.promise;
  }

  settle(id: number, settle: (call: PromiseWithResolvers<unknown>) => void): void {
    const call = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (call !== undefined) settle(call);
  }

  failAll(): void {
    for (const id of [...this.#waiting.keys()]) this.settle(id, (call) => call.reject(gone()));
  }
}

function gone(): SandtrailError {
  return new SandtrailError('INTERNAL', { detail: 'the forwarder is being started again' });
}

function take(message: FromWorker, calls: PendingCalls, { counters, log }: ForwarderOptions) {
  switch (message.type) {
    case 'counted':
      count(counters, message.name, message.counts);
      return;
    case 'failed':
      counters.add('forward.failures', 1, `${message.name}:${message.code}`);
      log.debug('a delivery failed', { destination: message.name, code: message.code });
      return;
    case 'answer':
      calls.settle(message.id, (call) => call.resolve(message.value));
      return;
    case 'fault': {
      const { code, detail } = message;
      const known = isErrorCode(code) ? code : 'INTERNAL';
      calls.settle(message.id, (call) => call.reject(new SandtrailError(known, { detail })));
      return;
    }
    default:
      message satisfies never;
  }
}

/** Names come from the configuration, never from a tenant's data: they are few and safe labels. */
function count(counters: Counters, name: string, counts: Counts): void {
  counters.add('forward.received', counts.received, name);
  counters.add('forward.sent', counts.sent, name);
  counters.add('forward.filtered', counts.filtered, name);
  counters.add('forward.dead', counts.dead, name);
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}

function send(worker: Worker, message: ToWorker): void {
  worker.postMessage(message);
}
