import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { afterAll, beforeAll, test } from 'vitest';
import { type EmbeddedBus, openEmbeddedBus } from './embedded-bus.ts';
import { openEmbeddedReader } from './embedded-reader.ts';

const place = { topic: 'events', partition: 0 } as const;
const batch = Array.from({ length: 1000 }, (_, i) => Buffer.alloc(500, `${i}`));
const options = { time: 3000, warmupTime: 300 };
let dir = '';
let bus: EmbeddedBus;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'sandtrail-bus-bench-'));
  const counters = createCounters();
  bus = await openEmbeddedBus({
    dir,
    log: 'b',
    clock: systemClock,
    random: systemRandom,
    counters,
  });
});

afterAll(async () => {
  await bus.close();
  await rm(dir, { recursive: true });
});

test('append 1,000 records of 500 bytes, durable', async ({ bench }) => {
  await bench('append 1,000', () => bus.append(place, batch)).run(options);
});

test('append one record, durable', async ({ bench }) => {
  await bench('append 1', () => bus.append(place, batch.slice(0, 1))).run(options);
});

test('read 1,000 records of 500 bytes from disk', async ({ bench }) => {
  const reader = await openEmbeddedReader({ dir });
  let from = 0n;
  const read = async () => {
    const records = await reader.read(place, { from, recordsMax: 1000, sizeBytesMax: 1 << 20 });
    from = records.length < 1000 ? 0n : from + 1000n;
  };
  await bench('read 1,000', read).run(options);
  await reader.close();
});
