// A child process that appends without end and prints each acknowledged batch, until it is killed.
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import type { Bus } from './bus.ts';
import { openEmbeddedBus } from './embedded-bus.ts';

/** A directory for the embedded driver, a URL for Kafka. */
const where = process.argv[2] ?? '';
const place = { topic: 'events', partition: 0 } as const;
const recordsPerBatch = 20;

const bus = await open();
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

async function open(): Promise<Bus> {
  const around = { clock: systemClock, random: systemRandom, counters: createCounters() };
  if (!where.startsWith('kafka')) {
    const limits = { segmentRecordsMax: 500 };
    return await openEmbeddedBus({ dir: where, log: 'conformance', limits, ...around });
  }
  const { openKafkaBus } = await import('./kafka/kafka-bus.ts');
  const { kafkaSettingsOf } = await import('./kafka/kafka-settings.ts');
  return await openKafkaBus({ settings: kafkaSettingsOf(where), logger: silentLogger, ...around });
}
