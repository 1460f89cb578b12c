// The forwarder's worker thread: reads the store by its readers' socket, keeps the core's thread free.
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { connectReader } from '@sandtrail/store/open-store';
import { startForwarding } from './forwarding.ts';
import { type FromWorker, ToWorker, WorkerStart } from './messages.ts';

const { destinations, dir, store: target, node } = WorkerStart.parse(workerData);
const store = connectReader({ target, counters: createCounters() });
const forwarding = startForwarding({
  ...{ destinations, dir, store, node, clock: systemClock, random: systemRandom },
  onCounted: (name, counts) => tell({ type: 'counted', name, counts }),
  onFailure: (name, code) => tell({ type: 'failed', name, code }),
});

parentPort?.on('message', (words) => {
  const message = ToWorker.parse(words);
  switch (message.type) {
    case 'look':
      forwarding.look();
      return;
    case 'stop':
      void stop();
      return;
    case 'status':
      answer(message.id, async () => forwarding.status());
      return;
    case 'replay':
      answer(message.id, () => forwarding.replay(message.name));
      return;
    case 'test':
      answer(message.id, () => forwarding.test(message.name));
      return;
    default:
      message satisfies never;
  }
});

async function stop(): Promise<void> {
  await forwarding.stop();
  await store.close();
  parentPort?.close();
}

function answer(id: number, work: () => Promise<unknown>): void {
  work().then(
    (value) => tell({ type: 'answer', id, value }),
    (error: unknown) => {
      const isOurs = error instanceof SandtrailError;
      const code = isOurs ? error.code : 'INTERNAL';
      tell({ type: 'fault', id, code, detail: isOurs ? error.detail : String(error) });
    },
  );
}

function tell(message: FromWorker): void {
  parentPort?.postMessage(message);
}
