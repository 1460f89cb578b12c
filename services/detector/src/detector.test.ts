import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedBus, openEmbeddedBus } from '@sandtrail/bus/embedded-bus';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { parseEventLine } from '@sandtrail/schemas/event-line';
import { Body } from '@sandtrail/schemas/events';
import { decodeFrame, encodeFrame } from '@sandtrail/schemas/frame';
import { Header } from '@sandtrail/schemas/header';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { type Detector, type SavedState, startDetector } from './detector.ts';

const partitions = [0, 1];
const findings = { topic: 'findings', partition: 0 } as const;

/** Recorded attacks as the log carries them. */
const attacks = readFileSync(
  new URL('../../core/detection/src/fixtures/attacks.ndjson', import.meta.url),
  'utf8',
)
  .split('\n')
  .filter(Boolean)
  .map(parseEventLine)
  .map(({ header, bodyText }) =>
    encodeFrame({
      header: Buffer.from(JSON.stringify(z.encode(Header, header))),
      body: Buffer.from(bodyText),
      erasable: Buffer.alloc(0),
    }),
  );
const found = 23;

let directory: string;
let bus: EmbeddedBus;
let running: Detector[];
let saved: Map<number, SavedState>;
let counters = createCounters();

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sandtrail-detector-'));
  counters = createCounters();
  bus = await openEmbeddedBus({
    dir: join(directory, 'bus'),
    log: 'test',
    clock: systemClock,
    random: systemRandom,
    counters,
  });
  running = [];
  saved = new Map();
});

afterEach(async () => {
  for (const detector of running) await detector.stop();
  await bus.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Given {
  readonly append?: (frames: readonly Buffer[]) => Promise<void>;
  readonly load?: () => Promise<readonly SavedState[]>;
}

function start(given: Given = {}): Detector {
  const detector = startDetector({
    source: bus.source,
    partitions,
    append: given.append ?? ((frames) => bus.append(findings, frames).then(() => undefined)),
    load: given.load ?? (async () => [...saved.values()]),
    save: async (state) => {
      saved.set(state.partition, state);
    },
    log: silentLogger,
    counters,
    snapshotMs: 50,
  });
  running.push(detector);
  return detector;
}

async function feed(frames: readonly Buffer[], partition = 0): Promise<void> {
  await bus.append({ topic: 'events', partition }, frames);
}

/** The findings in the log, once there are `count`. */
async function findingsInLog(count: number): Promise<readonly Buffer[]> {
  const signal = AbortSignal.timeout(20_000);
  await bus.arrival(findings, BigInt(count), signal);
  const page = { from: 1n, recordsMax: 10_000, sizeBytesMax: 1 << 26 };
  return (await bus.read(findings, page)).map(({ value }) => value);
}

function bodyOf(frame: Buffer): Body {
  const parts = decodeFrame(frame);
  if (typeof parts === 'string') throw new Error(parts);
  return Body.parse(JSON.parse(Buffer.from(parts.body).toString('utf8')));
}

test('findings of what is in the log and of what comes later reach the log, numbered without holes', async () => {
  await feed(attacks.slice(0, 300));
  start();
  await feed(attacks.slice(300));
  const bodies = (await findingsInLog(found)).map(bodyOf);
  expect(bodies).toHaveLength(found);
  const streams = Map.groupBy(bodies, ({ stream }) => stream);
  for (const [stream, records] of streams) {
    expect(stream).toMatch(/^detector:[0-9a-f]{12}:0:/);
    expect(records.map(({ seq }) => Number(seq))).toEqual(records.map((_, at) => at));
  }
});

test('a detector that starts from a saved state goes on with new findings only', async () => {
  await feed(attacks.slice(0, 400));
  const first = start();
  await findingsInLog(3);
  await first.stop();
  const before = (await findingsInLog(1)).length;
  expect(saved.get(0)?.nextOffset).toBe(401n);
  start();
  await feed(attacks.slice(400));
  expect(await findingsInLog(found)).toHaveLength(found);
  expect(before).toBeLessThan(found);
});

test('without a usable state everything is found again, byte for byte', async () => {
  await feed(attacks);
  await start().stop();
  const first = await findingsInLog(found);
  const damaged = [...saved.values()].map((state) => ({ ...state, state: '{"v":1}' }));
  const again: Buffer[] = [];
  const second = start({
    load: async () => damaged,
    append: async (frames) => {
      again.push(...frames);
    },
  });
  await expect.poll(() => again.length, { timeout: 20_000 }).toBe(found);
  await second.stop();
  expect(again.map(String)).toEqual(first.map(String));
  expect(counters.snapshot()['detector.states_refused']).toBe(2);
});

test('a worker that dies is started again and repeats the same bytes', async () => {
  const given: Buffer[] = [];
  let failures = 1;
  start({
    append: async (frames) => {
      given.push(...frames);
      if (given.length >= 5 && failures > 0) {
        failures -= 1;
        throw new Error('the log is away');
      }
    },
  });
  await feed(attacks);
  const distinct = () => new Set(given.map(String)).size;
  await expect.poll(distinct, { timeout: 20_000 }).toBe(found);
  expect(given.length).toBeGreaterThan(found);
  expect(counters.snapshot()['detector.restarts']).toBe(1);
});

test('states that cannot be loaded are asked for again', async () => {
  let failures = 2;
  start({
    load: async () => {
      failures -= 1;
      if (failures >= 0) throw new Error('the store is away');
      return [];
    },
  });
  await feed(attacks);
  expect(await findingsInLog(found)).toHaveLength(found);
});

test('records that are no events are counted and hold up nothing', async () => {
  const part = (text: string) => Buffer.from(text);
  const empty = Buffer.alloc(0);
  await feed([
    part('noise'),
    empty,
    encodeFrame({ header: part('{}'), body: part('{}'), erasable: empty }),
    encodeFrame({ header: part('{'), body: part('['.repeat(100_000)), erasable: empty }),
    ...attacks,
  ]);
  const detector = start();
  expect(await findingsInLog(found)).toHaveLength(found);
  await detector.stop();
  expect(counters.snapshot()).toMatchObject({
    'detector.unreadable': 4,
    'detector.findings': found,
    // Both partitions begin with their genesis.
    'detector.judged': attacks.length + 4 + 2,
  });
});

test('a finding is in the log soon after its event', async () => {
  start();
  const deciding = attacks.filter((frame) => frame.includes('"address":"/var/run/docker.sock"'));
  await feed(attacks.slice(0, 200));
  await findingsInLog(3);
  const { next } = await bus.bounds(findings);
  const beganMs = performance.now();
  await feed(deciding.slice(0, 1));
  await bus.arrival(findings, next, AbortSignal.timeout(20_000));
  // Generous: the machine may be busy.
  expect(performance.now() - beganMs).toBeLessThan(1000);
});
