// The detector as its owner sees it: a worker that is started, fed by the log, and restarted if it dies.
import { Worker } from 'node:worker_threads';
import type { LogSource } from '@sandtrail/bus/log-source';
import { systemClock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import type { Spans } from '@sandtrail/runtime/spans';
import { pause } from '@sandtrail/runtime/supervise';
import { FromWorker, type ToWorker, type WorkerStart } from './messages.ts';
import type { Origin } from './origin.ts';

/** A saved state of one partition. */
export interface SavedState {
  readonly partition: number;
  readonly bundle: string;
  readonly nextOffset: bigint;
  readonly state: string;
}

/** Findings of one record, as frames, and that record. */
export interface Found {
  readonly partition: number;
  readonly origin: Origin;
  readonly frames: readonly Uint8Array[];
}

/** What the detector needs. */
export interface DetectorOptions {
  /** The log that the worker reads. */
  readonly source: LogSource;
  readonly partitions: readonly number[];
  /** Resolves when the frames are durable in the findings topic. */
  readonly append: (frames: readonly Buffer[]) => Promise<void>;
  /** Hears of findings once they are durable. */
  readonly onFound?: ((found: Found) => void) | undefined;
  readonly load: () => Promise<readonly SavedState[]>;
  readonly save: (state: SavedState) => Promise<void>;
  readonly log: Logger;
  readonly counters: Counters;
  readonly spans?: Spans;
  readonly snapshotMs?: number;
}

/** A running detector. */
export interface Detector {
  /** Saves the states and ends the worker. */
  stop(): Promise<void>;
}

const snapshotMsDefault = 10_000;
const backoffMsMin = 100;
const backoffMsMax = 10_000;
/** A worker that lived so long did not die of its start. */
const healthyMs = 60_000;
const program = new URL('./worker.ts', import.meta.url);

/** Starts the worker and keeps it running: after a death it goes on from the last saved states. */
export function startDetector(options: DetectorOptions): Detector {
  const stopping = new AbortController();
  let current: Worker | undefined;
  const keepRunning = async () => {
    let backoffMs = backoffMsMin;
    while (!stopping.signal.aborted) {
      const startedMs = systemClock.monotonicMs();
      const failure = await runOnce();
      if (stopping.signal.aborted) return;
      options.counters.add('detector.restarts');
      options.log.error('the detector ended; starting it again', { reason: failure });
      if (systemClock.monotonicMs() - startedMs > healthyMs) backoffMs = backoffMsMin;
      await pause(backoffMs, stopping.signal);
      backoffMs = Math.min(backoffMs * 2, backoffMsMax);
    }
  };
  const runOnce = async () => {
    const launched = await launch(options).catch((error: unknown) => String(error));
    if (typeof launched === 'string') return launched;
    current = launched.worker;
    if (stopping.signal.aborted) send(launched.worker, 'stop');
    return launched.ended;
  };
  const running = keepRunning();
  return {
    async stop() {
      stopping.abort();
      if (current !== undefined) send(current, 'stop');
      await running;
    },
  };
}

/** `ended` resolves to the reason when the worker is gone. */
async function launch(options: DetectorOptions) {
  const { source, partitions, snapshotMs = snapshotMsDefault } = options;
  const saved = await options.load();
  const states = saved.map(({ partition, nextOffset, state }) => ({
    partition,
    nextOffset,
    state,
  }));
  const start: WorkerStart = {
    source,
    partitions: [...partitions],
    snapshotMs,
    states,
  };
  const worker = new Worker(program, { workerData: start });
  let failure = 'it ended by itself';
  // Messages are answered one after another, so that findings keep the order in which they were made.
  let turn: Promise<void> = Promise.resolve();
  worker.on('message', (message) => {
    turn = turn
      .then(() => take(FromWorker.parse(message), worker, options))
      .catch((error) => {
        failure = String(error);
        return worker.terminate().then(() => undefined);
      });
  });
  worker.on('error', (error) => {
    failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
  });
  const ended = new Promise<string>((resolve) => {
    worker.once('exit', () => resolve(turn.then(() => failure)));
  });
  return { worker, ended };
}

async function take(message: FromWorker, worker: Worker, options: DetectorOptions): Promise<void> {
  const { counters, log } = options;
  switch (message.type) {
    case 'ready':
      log.info('the detector judges', { bundle: message.bundle });
      return;
    case 'findings':
      await options.append(message.frames.map((frame) => Buffer.from(frame)));
      counters.add('detector.findings', message.frames.length);
      counters.time('detector.event_to_finding', ageMs(message.origin));
      options.onFound?.(message);
      send(worker, 'ack');
      return;
    case 'snapshot': {
      const { partition, bundle, nextOffset, state } = message;
      // A state that cannot be saved costs a longer replay, never a finding.
      await options.save({ partition, bundle, nextOffset, state }).catch((error: unknown) => {
        counters.add('detector.snapshots_failed');
        log.warn('a detector state could not be saved', { partition, error: String(error) });
      });
      return;
    }
    case 'judged':
      count(message, options);
      return;
    case 'state_refused':
      counters.add('detector.states_refused');
      log.warn('a saved state is of no use; judging from the beginning', {
        detail: message.detail,
      });
      return;
    case 'stopped':
      return;
    default:
      message satisfies never;
  }
}

function count(judged: JudgedMessage, { counters, log, spans }: DetectorOptions): void {
  const { counts, partition, startNs, endNs, busyMs } = judged;
  const fields = { partition, records: counts.records, busy_ms: busyMs };
  if (counts.records > 0) spans?.batch({ name: 'detector.judge', startNs, endNs, fields });
  counters.add('detector.judged', counts.records);
  counters.add('detector.new', counts.records - counts.unreadable - counts.repeated);
  counters.add('detector.unreadable', counts.unreadable);
  counters.add('detector.repeated', counts.repeated);
  counters.add('detector.suppressed', counts.suppressed);
  counters.add('detector.evicted', counts.evicted);
  if (counts.unreadable > 0) log.warn('records are unreadable', { count: counts.unreadable });
}

type JudgedMessage = Extract<FromWorker, { readonly type: 'judged' }>;

function ageMs({ timeNs }: Origin): number {
  return Number(systemClock.nowNs() - timeNs) / 1e6;
}

function send(worker: Worker, message: ToWorker): void {
  worker.postMessage(message);
}
