// The delivery contract of one lane, over rows in memory and an output that fails as peers' outputs do.
import { setTimeout as delay } from 'node:timers/promises';
import { exampleStream, streamBodies } from '@sandtrail/chain/example-log';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Message } from './output.ts';
import { type Answer, LaneBed } from './testbed/lane-bed.ts';

let bed: LaneBed;
beforeEach(() => {
  bed = new LaneBed();
});
afterEach(() => bed.remove());

const taken = (messages: readonly Message[]) => messages.map(() => 'delivered' as const);
const bodies = streamBodies({ eventCount: 30 });
const rowCount = bodies.length + 1;

function collecting() {
  const got: Message[] = [];
  const answer: Answer = (messages) => {
    got.push(...messages);
    return taken(messages);
  };
  return { got, answer };
}

async function until(look: () => boolean, withinMs = 10_000): Promise<void> {
  const beganMs = performance.now();
  while (!look()) {
    if (performance.now() - beganMs > withinMs) throw new Error('it did not come');
    await delay(5);
  }
}

function refused(): SandtrailError {
  return new SandtrailError('DESTINATION_REFUSED', { detail: 'a test' });
}

test('everything is delivered once, in order, and a single last event is flushed', async () => {
  const { got, answer } = collecting();
  bed.store.append('events', bodies);
  const { lane, tide, stop } = await bed.start({ answer, settings: { batchRowsMax: 7 } });
  await until(() => got.length === rowCount);
  bed.store.append('events', [bodies[3] ?? '']);
  tide.look();
  // A sign is enough: nobody waits for the look that is made without one.
  await until(() => lane.status().received === rowCount + 1, 3000);
  await stop();
  expect(got.map(({ pos }) => Number(pos))).toEqual([...Array(rowCount + 1).keys()]);
  expect(lane.status()).toMatchObject({ sent: rowCount + 1, lagRows: 0, state: 'flowing' });
});

test('what fails is sent again, and the cursor does not move before it is taken', async () => {
  bed.store.append('events', bodies);
  let calls = 0;
  const { got, answer } = collecting();
  const failing: Answer = (messages, signal) => {
    calls += 1;
    if (calls <= 3) throw refused();
    return answer(messages, signal);
  };
  const { lane, cursor, failures, stop } = await bed.start({ answer: failing });
  await until(() => calls >= 3);
  expect(cursor.counts.received).toBe(0);
  await until(() => lane.status().sent === rowCount);
  await stop();
  expect(got).toHaveLength(rowCount);
  expect(failures).toEqual(Array(3).fill('DESTINATION_REFUSED'));
});

test('a long outage costs nothing: its first and its last event arrive, in order', async () => {
  bed.store.append('events', bodies);
  let isAway = true;
  const { got, answer } = collecting();
  const away: Answer = (messages, signal) => {
    if (isAway) throw refused();
    return answer(messages, signal);
  };
  const { lane, tide, failures, stop } = await bed.start({ answer: away });
  for (let hour = 0; hour < 5; hour += 1) {
    const seen = failures.length;
    bed.store.append('events', streamBodies({ eventCount: 10 }));
    tide.look();
    await until(() => failures.length > seen);
  }
  expect(lane.status()).toMatchObject({ sent: 0, state: expect.stringMatching(/open|retrying/) });
  isAway = false;
  await until(() => lane.status().lagRows === 0);
  await stop();
  const count = lane.status().received;
  expect(count).toBeGreaterThan(rowCount + 50);
  expect(got.map(({ pos }) => Number(pos))).toEqual([...Array(count).keys()]);
});

test('of a batch only those come again that the destination asked for', async () => {
  bed.store.append('events', bodies);
  const sends = new Map<string, number>();
  const answer: Answer = (messages) =>
    messages.map(({ uid, pos }) => {
      sends.set(uid, (sends.get(uid) ?? 0) + 1);
      return pos % 5n === 0n && sends.get(uid) === 1 ? 'again' : 'delivered';
    });
  const { lane, stop } = await bed.start({ answer });
  await until(() => lane.status().sent === rowCount);
  await stop();
  const twice = [...sends].filter(([, count]) => count === 2).length;
  expect(twice).toBe(Math.ceil(rowCount / 5));
  expect([...sends.values()].every((count) => count <= 2)).toBe(true);
});

test('after five failures the breaker opens, and a probe is one message', async () => {
  bed.store.append('events', bodies);
  const sizes: number[] = [];
  const answer: Answer = (messages) => {
    sizes.push(messages.length);
    if (sizes.length <= 7) throw refused();
    return taken(messages);
  };
  const { lane, stop } = await bed.start({ answer });
  await until(() => lane.status().sent === rowCount);
  await stop();
  expect(sizes.slice(0, 5)).toEqual(Array(5).fill(rowCount));
  expect(sizes.slice(5, 8)).toEqual([1, 1, 1]);
  expect(sizes.slice(8)).toEqual([rowCount - 1]);
});

test('what is refused for ever is a dead letter with its reason, and a replay delivers it', async () => {
  bed.store.append('events', bodies);
  const answer: Answer = (messages) =>
    messages.map(({ pos }) => (pos < 3n ? { rejected: 'mapper_parsing_exception' } : 'delivered'));
  const { lane, dead, output, stop } = await bed.start({ answer });
  await until(() => lane.status().received === rowCount);
  expect(lane.status()).toMatchObject({ sent: rowCount - 3, dead: 3, filtered: 0 });
  expect(dead.all().map(({ reason }) => reason)).toEqual(Array(3).fill('mapper_parsing_exception'));
  const signal = new AbortController().signal;
  expect(await lane.replay(output, signal)).toEqual({ delivered: 0, left: 3 });
  const { got, answer: accept } = collecting();
  const mended = { ...output, deliver: async (m: readonly Message[]) => accept(m, signal) };
  expect(await lane.replay(mended, signal)).toEqual({ delivered: 3, left: 0 });
  await stop();
  expect(got.map(({ pos }) => pos)).toEqual([0n, 1n, 2n]);
  expect(lane.status()).toMatchObject({ received: rowCount, sent: rowCount, dead: 0 });
});

test('received is sent, filtered and dead, after every step and after a restart', async () => {
  bed.store.append('events', bodies);
  const answer: Answer = (messages) =>
    messages.map(({ pos }) => (pos % 7n === 0n ? { rejected: 'oversize' } : 'delivered'));
  const settings = { exceptKinds: ['collector.'], batchRowsMax: 4 };
  const first = await bed.start({ answer, settings });
  await until(() => first.lane.status().received >= 12);
  await first.stop();
  const again = await bed.start({ answer, settings });
  await until(() => again.lane.status().received === rowCount);
  await again.stop();
  const { received, sent, filtered, dead } = again.lane.status();
  expect(sent + filtered + dead).toBe(received);
  const collectors = bodies.filter((body) => body.includes('"kind":"collector.')).length;
  expect({ received, filtered }).toEqual({ received: rowCount, filtered: collectors });
  expect(again.dead.all()).toHaveLength(dead);
});

test('too many dead letters stop the lane instead of losing one', async () => {
  bed.store.append('events', bodies);
  const answer: Answer = (messages) => messages.map(() => ({ rejected: 'status_400' }));
  const settings = { deadMax: 5, batchRowsMax: 5 };
  const { lane, stop } = await bed.start({ answer, settings });
  await until(() => lane.status().state === 'blocked');
  await delay(30);
  expect(lane.status()).toMatchObject({ received: 5, dead: 5 });
  await stop();
});

test('an output that hangs is given up in time, and its events come again', async () => {
  bed.store.append('events', bodies);
  let calls = 0;
  const answer: Answer = async (messages, signal) => {
    calls += 1;
    if (calls > 1) return taken(messages);
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('given up')));
    });
  };
  const { lane, failures, stop } = await bed.start({ answer, settings: { timeoutMs: 50 } });
  await until(() => lane.status().sent === rowCount);
  await stop();
  expect(failures).toContain('DESTINATION_UNREACHABLE');
});

test('a lane whose process dies in mid-batch sends that batch again, and loses nothing', async () => {
  bed.store.append('events', bodies);
  const got = new Set<bigint>();
  for (let life = 0; got.size < rowCount; life += 1) {
    let dies = 0;
    const answer: Answer = (messages) => {
      dies += 1;
      for (const { pos } of messages) got.add(pos);
      // The destination has it, and the process ends before it hears so.
      if (dies === 2) return new Promise(() => undefined);
      return taken(messages);
    };
    const { stop, cursor } = await bed.start({ answer, settings: { batchRowsMax: 6 } });
    await until(() => dies === 2 || cursor.counts.received === rowCount);
    expect(life).toBeLessThan(rowCount);
    // Not awaited: what hangs in it is what a kill would end.
    stop().catch(() => got.clear());
  }
  expect(got.size).toBe(rowCount);
});

test('a redacted destination gets no raw text, and still the proof', async () => {
  const exec = {
    ...{ kind: 'process.exec', v: 1, stream: exampleStream, seq: '0', observedAtNs: '1' },
    ...{ exe: { raw: '/bin/curl' }, argv: ['curl', 'https://internal.example'] },
  };
  bed.store.append('events', [JSON.stringify(exec)]);
  const { got, answer } = collecting();
  const settings = { redact: ['cmd_line', 'argv'], kinds: ['process.'] };
  const { stop } = await bed.start({ answer, settings });
  await until(() => got.length === 1);
  await stop();
  const text = got[0]?.text ?? '';
  expect(text).not.toContain('internal.example');
  expect(JSON.parse(text)).toMatchObject({
    process: { cmd_line: 'REDACTED' },
    unmapped: {
      record_integrity: { position: '1', link: expect.stringMatching(/^[0-9a-f]{64}$/) },
    },
  });
});
