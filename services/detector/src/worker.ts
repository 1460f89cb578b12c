// The detector's worker thread: reads the events topic, judges each partition in order, hands findings over.
import { parentPort, workerData } from 'node:worker_threads';
import { followLog } from '@sandtrail/bus/follow';
import { openReader } from '@sandtrail/bus/open-reader';
import { createBundle } from '@sandtrail/detection/bundle';
import { systemClock } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { type FromWorker, ToWorker, WorkerStart } from './messages.ts';
import { type Origin, originOf } from './origin.ts';
import { PartitionJudge } from './partition-judge.ts';
import { warmUp } from './warm-up.ts';

const page = { recordsMax: 1000, sizeBytesMax: 4 * 1024 * 1024 };
/** Batches of findings that are not yet durable; then judging waits. */
const underWayMax = 16;
const countMs = 500;
/** So few records are judged again in no time: their state is saved less often. */
const fewRecords = 1000n;
const fewFactor = 6;

const start = WorkerStart.parse(workerData);
const bundle = createBundle();
const stopping = new AbortController();
let underWay = 0;
let acked = Promise.withResolvers<void>();

parentPort?.on('message', (message) => {
  if (ToWorker.parse(message) === 'stop') {
    stopping.abort();
    return;
  }
  underWay -= 1;
  acked.resolve();
  acked = Promise.withResolvers<void>();
});

const reader = await openReader({
  source: start.source,
  logger: silentLogger,
  counters: createCounters(),
});
warmUp(bundle);
tell({ type: 'ready', bundle: bundle.digest });
await Promise.all(start.partitions.map(judgePartition));
await reader.close();
tell({ type: 'stopped' });
parentPort?.close();

async function judgePartition(partition: number): Promise<void> {
  const place = { topic: 'events', partition } as const;
  const { judge, nextOffset } = restored(partition);
  let next = nextOffset;
  let savedAtMs = systemClock.monotonicMs();
  let savedOffset = next;
  let counting: NodeJS.Timeout | undefined;
  let batch = newBatch();
  const count = () => {
    counting = undefined;
    tell({ type: 'judged', partition, counts: judge.takeCounts(), ...batch });
    batch = newBatch();
  };
  const { signal } = stopping;
  for await (const records of followLog({ reader, place, from: next, ...page, signal })) {
    const beganMs = systemClock.monotonicMs();
    if (counting === undefined) batch = newBatch();
    for (const record of records) {
      const frames = judge.step(record);
      next = record.offset + 1n;
      // Handed over at once: a finding does not wait for the page that it was found in.
      if (frames.length > 0) await hand(partition, frames, originOf(record));
    }
    counting ??= setTimeout(count, countMs);
    const nowMs = systemClock.monotonicMs();
    batch.busyMs += nowMs - beganMs;
    batch.endNs = systemClock.nowNs();
    const isMuch = next - savedOffset >= fewRecords;
    const dueMs = isMuch ? start.snapshotMs : start.snapshotMs * fewFactor;
    // A state is saved only when every finding before it is durable.
    if (next !== savedOffset && nowMs - savedAtMs >= dueMs) {
      await settled();
      save(partition, judge, next);
      savedAtMs = nowMs;
      savedOffset = next;
    }
  }
  await settled();
  clearTimeout(counting);
  count();
  save(partition, judge, next);
}

/** Pages that are counted together. */
function newBatch() {
  const nowNs = systemClock.nowNs();
  return { startNs: nowNs, endNs: nowNs, busyMs: 0 };
}

/** An engine that goes on where the saved one stopped; without a usable state, from the beginning. */
function restored(partition: number) {
  const saved = start.states.find((each) => each.partition === partition);
  const judge = new PartitionJudge(partition, bundle);
  if (saved === undefined) return { judge, nextOffset: 0n };
  try {
    judge.restore(saved.state);
    return { judge, nextOffset: saved.nextOffset };
  } catch (error) {
    if (!(error instanceof SandtrailError)) throw error;
    tell({ type: 'state_refused', partition, detail: error.detail });
    return { judge: new PartitionJudge(partition, bundle), nextOffset: 0n };
  }
}

async function hand(partition: number, frames: readonly Buffer[], origin: Origin) {
  while (underWay >= underWayMax) await acked.promise;
  underWay += 1;
  tell({ type: 'findings', partition, origin, frames: [...frames] });
}

async function settled(): Promise<void> {
  while (underWay > 0) await acked.promise;
}

function save(partition: number, judge: PartitionJudge, nextOffset: bigint): void {
  const state = judge.save();
  tell({ type: 'snapshot', partition, nextOffset, state, bundle: bundle.digest });
}

function tell(message: FromWorker): void {
  parentPort?.postMessage(message);
}
