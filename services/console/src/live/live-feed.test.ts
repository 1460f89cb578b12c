import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EmbeddedBus, openEmbeddedBus } from '@sandtrail/bus/embedded-bus';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { encodeFrame } from '@sandtrail/schemas/frame';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LiveStatus } from '../contract/live.ts';
import { execOf, recordOf } from '../testbed.ts';
import { liveFeed } from './live-feed.ts';
import { LogRows } from './log-rows.ts';

const place = { topic: 'events', partition: 0 } as const;
let folder = '';
let bus: EmbeddedBus;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'st-'));
  const about = { clock: systemClock, random: systemRandom, counters: createCounters() };
  bus = await openEmbeddedBus({ dir: folder, log: 'test', ...about });
});
afterEach(async () => {
  await bus.close();
  rmSync(folder, { recursive: true, force: true });
});

function feed(lastEventId?: string) {
  const stopping = new AbortController();
  const source = {
    ...{ bus, places: [place], log: () => 'log', clock: systemClock, counters: createCounters() },
    rows: new LogRows({ bus, chainOf: () => 'ab'.repeat(32) }),
  };
  const about = { query: {}, lastEventId, isSignedIn: () => true, signal: stopping.signal };
  return { messages: liveFeed(source, about), stop: () => stopping.abort() };
}

async function append(count: number): Promise<void> {
  const frame = encodeFrame({ ...recordOf(execOf(['x'])), erasable: Buffer.alloc(0) });
  for (let left = count; left > 0; left -= 1000)
    await bus.append(
      place,
      Array.from({ length: Math.min(left, 1000) }, () => frame),
    );
}

test('a reader that falls far behind loses the oldest, and every record is accounted for', async () => {
  const { messages, stop } = feed();
  await messages.next();
  await append(30_000);
  let shown = 0;
  for await (const { event, data } of messages) {
    if (event === 'rows') shown += data.rows.length;
    if (event !== 'status') continue;
    const status = LiveStatus.parse(data);
    const { received, passedOver, sent, dropped, waiting } = status;
    expect(received).toBe(passedOver + sent + dropped + waiting);
    expect(sent).toBe(shown);
    expect(dropped).toBe(20_000);
    expect(status.behindMs).toBeGreaterThanOrEqual(0);
    break;
  }
  stop();
});

test('a reader that comes again too late is told how much it missed', async () => {
  await append(20_001);
  const { messages, stop } = feed('log.0');
  const { value } = await messages.next();
  expect(value).toMatchObject({ event: 'reset', data: { reason: 'too_far_back' } });
  stop();
});

test('what lies nearer is told from where the reader was', async () => {
  await append(3);
  const { messages, stop } = feed('log.2');
  const { value } = await messages.next();
  expect(value).toMatchObject({ event: 'rows', id: 'log.4', data: { rows: [{}, {}] } });
  stop();
});
