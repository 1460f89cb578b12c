// A child process that appends without end and prints each acknowledged batch, until it is killed.
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { openEmbeddedBus } from './embedded-bus.ts';

const dir = process.argv[2] ?? '';
const place = { topic: 'events', partition: 0 } as const;
const recordsPerBatch = 20;

const bus = await openEmbeddedBus({
  dir,
  log: 'conformance',
  clock: systemClock,
  random: systemRandom,
  counters: createCounters(),
  limits: { segmentRecordsMax: 500 },
});
const senders = Array.from({ length: 4 }, (_, sender) => send(sender));
await Promise.all(senders);

/** Prints `first offset, sender, batch` after the log has acknowledged the batch. */
async function send(sender: number): Promise<never> {
  for (let batch = 0; ; batch += 1) {
    const values = Array.from({ length: recordsPerBatch }, (_, index) =>
      Buffer.from(`${sender}/${batch}/${index}/${'x'.repeat(500)}`),
    );
    const first = await bus.append(place, values);
    process.stdout.write(`${first} ${sender} ${batch}\n`);
  }
}
