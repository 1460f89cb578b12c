// The conformance table of the bus port: what every driver must do, as tests of a real log.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@sandtrail/runtime/clock';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { decodeFrame } from '@sandtrail/schemas/frame';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Bus, LogReader, LogRecord, Place } from './bus.ts';

/** Bounds that the table asks for, so that it can reach them. */
export interface TableLimits {
  readonly valueSizeBytesMax?: number;
  readonly pendingAppendsMax?: number;
  readonly segmentRecordsMax?: number;
}

/** One fresh log of the driver under test, and what can be done to it. */
export interface LogUnderTest {
  /** Opens the log for writing and reading: the same log each time. */
  readonly open: (limits: TableLimits) => Promise<Bus>;
  /** Opens a reader beside the writer. */
  readonly openReader: (bus: Bus) => Promise<LogReader>;
  /** Retention: lets go of records before `before`, of as many as the driver can. */
  readonly letGo: (place: Place, before: bigint) => Promise<void>;
  /** Command of a child that appends to `events-0` and prints `first sender batch` per batch of 20. */
  readonly crashWriter: readonly string[];
  readonly remove: () => Promise<void>;
}

const place: Place = { topic: 'events', partition: 0 };
const other: Place = { topic: 'events', partition: 1 };
const all = { recordsMax: 1_000_000, sizeBytesMax: 1 << 30 };

/** Registers the table for a driver; `create` makes a fresh log for each test. */
export function busConformance(driver: string, create: () => Promise<LogUnderTest>) {
  describe(`the ${driver} bus`, () => {
    let log: LogUnderTest;
    let open: Bus[] = [];
    const openBus = async (limits: TableLimits = {}) => {
      const bus = await log.open(limits);
      open.push(bus);
      return bus;
    };
    beforeEach(async () => {
      log = await create();
    });
    afterEach(async () => {
      for (const bus of open) await bus.close();
      open = [];
      await log.remove();
    });

    test('begins each place with a genesis of its own', async () => {
      const bus = await openBus();
      const first = await texts(bus, place);
      const second = await texts(bus, other);
      expect(first).toHaveLength(1);
      expect(first).not.toEqual(second);
      const [record] = await bus.read(place, { from: 0n, ...all });
      const frame = decodeFrame(record?.value ?? Buffer.alloc(0));
      expect(frame).toMatchObject({ body: expect.anything() });
      expect(first[0]).toContain('"kind":"control.genesis"');
    });

    test('takes twenty concurrent sends as twenty records', async () => {
      const bus = await openBus();
      const sends = Array.from({ length: 20 }, (_, i) => bus.append(place, [Buffer.from(`s${i}`)]));
      const offsets = await Promise.all(sends);
      expect(offsets).toEqual(Array.from({ length: 20 }, (_, i) => BigInt(i + 1)));
      expect(await texts(bus, place, 1n)).toEqual(Array.from({ length: 20 }, (_, i) => `s${i}`));
    });

    test('keeps the order of each place and mixes none', async () => {
      const bus = await openBus();
      const sends: Promise<bigint>[] = [];
      for (let i = 0; i < 300; i += 1) {
        sends.push(bus.append(i % 3 === 0 ? other : place, [Buffer.from(`${i}`)]));
        if (i % 50 === 0) await delay(1);
      }
      await Promise.all(sends);
      const numbers = (await texts(bus, place, 1n)).map(Number);
      const others = (await texts(bus, other, 1n)).map(Number);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      expect(others).toEqual(Array.from({ length: 100 }, (_, i) => i * 3));
      expect(numbers).toHaveLength(200);
    });

    test('has every acknowledged record after a kill in mid-send', async () => {
      const acknowledged = await killedInMidSend(log.crashWriter);
      const bus = await openBus();
      const records = await readAll(bus, place);
      expect(acknowledged.length).toBeGreaterThan(20);
      expect(offsetsOf(records)).toEqual(records.map((_, index) => BigInt(index)));
      for (const { first, sender, batch } of acknowledged) {
        const value = records[first]?.value.toString() ?? '';
        expect(value.slice(0, 24)).toContain(`${sender}/${batch}/0/`);
      }
      expect((records.length - 1) % 20).toBe(0);
    });

    test('goes on at the next offset after it is opened again', async () => {
      const before = await openBus();
      await before.append(place, [Buffer.from('a'), Buffer.from('b')]);
      const genesis = await texts(before, other);
      await before.close();
      const bus = await openBus();
      expect(await bus.append(place, [Buffer.from('c')])).toBe(3n);
      expect(await texts(bus, place, 1n)).toEqual(['a', 'b', 'c']);
      expect(await texts(bus, other)).toEqual(genesis);
    });

    test('resumes a read in the middle of a batch and across segments', async () => {
      const bus = await openBus({ segmentRecordsMax: 40 });
      for (let batch = 0; batch < 20; batch += 1) {
        await bus.append(
          place,
          Array.from({ length: 10 }, (_, i) => Buffer.from(`${batch * 10 + i}`)),
        );
      }
      const reader = await log.openReader(bus);
      for (const source of [bus, reader]) {
        const read: string[] = [];
        for (let from = 38n; from < 201n; ) {
          const records = await source.read(place, { from, recordsMax: 7, sizeBytesMax: 1 << 20 });
          expect(records.length).toBeGreaterThan(0);
          expect(records[0]?.offset).toBe(from);
          read.push(...records.map((record) => record.value.toString()));
          from += BigInt(records.length);
        }
        expect(read).toEqual(Array.from({ length: 163 }, (_, i) => `${i + 37}`));
        expect(await source.read(place, { from: 201n, ...all })).toEqual([]);
      }
      await reader.close();
    });

    test('gives at least one record however small the bound', async () => {
      const bus = await openBus();
      await bus.append(place, [Buffer.alloc(1000, 'a'), Buffer.alloc(1000, 'b')]);
      const records = await bus.read(place, { from: 1n, recordsMax: 10, sizeBytesMax: 10 });
      expect(offsetsOf(records)).toEqual([1n]);
    });

    test('wakes those who wait for an arrival, and only them', async () => {
      const bus = await openBus();
      const reader = await log.openReader(bus);
      const never = new AbortController();
      const woken: string[] = [];
      const waits = [
        bus.arrival(place, 1n, never.signal).then(() => woken.push('bus')),
        reader.arrival(place, 1n, never.signal).then(() => woken.push('reader')),
      ];
      const late = bus.arrival(place, 2n, never.signal).then(() => woken.push('late'));
      await delay(30);
      expect(woken).toEqual([]);
      await bus.append(place, [Buffer.from('here')]);
      await Promise.all(waits);
      expect(woken.toSorted()).toEqual(['bus', 'reader']);
      expect(await texts(reader, place, 1n)).toEqual(['here']);
      never.abort();
      await late;
      await reader.close();
    });

    test('says which offsets it holds', async () => {
      const bus = await openBus();
      expect(await bus.bounds(place)).toEqual({ first: 0n, next: 1n });
      await bus.append(place, [Buffer.from('a')]);
      expect(await bus.bounds(place)).toEqual({ first: 0n, next: 2n });
    });

    test('refuses an append when too many are waiting, and takes it later', async () => {
      const bus = await openBus({ pendingAppendsMax: 8 });
      const sends = Array.from({ length: 20 }, () => bus.append(place, [Buffer.from('x')]));
      const results = await Promise.allSettled(sends);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(8);
      const refused = results.flatMap((result) =>
        result.status === 'rejected' ? [codeOf(result.reason)] : [],
      );
      expect(new Set(refused)).toEqual(new Set(['BUS_FULL']));
      expect(await bus.append(place, [Buffer.from('y')])).toBe(9n);
    });

    test('refuses a value over its limit and writes nothing of that append', async () => {
      const bus = await openBus({ valueSizeBytesMax: 1000 });
      const values = [Buffer.from('small'), Buffer.alloc(1001)];
      expect(await failure(bus.append(place, values))).toBe('BUS_OVERSIZE');
      expect(await bus.append(place, [Buffer.alloc(1000)])).toBe(1n);
    });

    test('gives every reader the append time that the log stored', async () => {
      const bus = await openBus();
      const beforeMs = Number(systemClock.nowNs() / 1_000_000n);
      for (let i = 0; i < 3; i += 1)
        await bus.append(place, [Buffer.from(`${i}`), Buffer.from('x')]);
      const afterMs = Number(systemClock.nowNs() / 1_000_000n);
      const times = (await readAll(bus, place, 1n)).map((record) => record.appendedAtMs);
      expect(times).toHaveLength(6);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times[0]).toBeGreaterThanOrEqual(beforeMs);
      expect(times[5]).toBeLessThanOrEqual(afterMs);
      const reader = await log.openReader(bus);
      const seen = (await readAll(reader, place, 1n)).map((record) => record.appendedAtMs);
      expect(seen).toEqual(times);
      await reader.close();
    });

    test('goes on with the first record that is kept when retention took what was before', async () => {
      const bus = await openBus({ segmentRecordsMax: 40 });
      for (let batch = 0; batch < 10; batch += 1) {
        await bus.append(
          place,
          Array.from({ length: 20 }, (_, i) => Buffer.from(`${batch}/${i}`)),
        );
      }
      const reader = await log.openReader(bus);
      await log.letGo(place, 120n);
      const { first, next } = await bus.bounds(place);
      expect(first).toBeGreaterThan(60n);
      expect(first).toBeLessThanOrEqual(120n);
      expect(next).toBe(201n);
      for (const source of [bus, reader]) {
        const records = await readAll(source, place);
        expect(offsetsOf(records)).toEqual(
          Array.from({ length: Number(next - first) }, (_, i) => first + BigInt(i)),
        );
        await source.arrival(place, first, new AbortController().signal);
      }
      expect(await bus.append(place, [Buffer.from('more')])).toBe(201n);
      await reader.close();
    });

    test('carries every byte value and the empty value unchanged', async () => {
      const bus = await openBus();
      const values = [Buffer.from(Array.from({ length: 256 }, (_, i) => i)), Buffer.alloc(0)];
      await bus.append(place, values);
      const records = await readAll(bus, place, 1n);
      expect(records.map(({ value }) => value.toString('hex'))).toEqual(
        values.map((value) => value.toString('hex')),
      );
    });

    test('commits what is under way when it closes, then refuses', async () => {
      const bus = await openBus();
      const underWay = bus.append(place, [Buffer.from('last')]);
      await bus.close();
      expect(await underWay).toBe(1n);
      expect(await failure(bus.append(place, [Buffer.from('late')]))).toBe('BUS_CLOSED');
      expect(await texts(await openBus(), place, 1n)).toEqual(['last']);
    });
  });
}

/** The code of the failure; `undefined` when there was none or it has no code. */
async function failure(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(() => undefined, codeOf);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof SandtrailError ? error.code : undefined;
}

function offsetsOf(records: readonly LogRecord[]): readonly bigint[] {
  return records.map((record) => record.offset);
}

async function texts(log: LogReader, at: Place, from = 0n): Promise<readonly string[]> {
  return (await readAll(log, at, from)).map((record) => record.value.toString());
}

async function readAll(log: LogReader, at: Place, from = 0n): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  for (let next = from; ; next = (records.at(-1)?.offset ?? from) + 1n) {
    const read = await log.read(at, { from: next, ...all });
    if (read.length === 0) return records;
    records.push(...read);
  }
}

interface AcknowledgedBatch {
  readonly first: number;
  readonly sender: number;
  readonly batch: number;
}

/** Runs the writer, kills it with SIGKILL while it sends, and returns what it had acknowledged. */
async function killedInMidSend(command: readonly string[]): Promise<readonly AcknowledgedBatch[]> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const acknowledged: AcknowledgedBatch[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const [first = 0, sender = 0, batch = 0] = line.split(' ').map(Number);
    acknowledged.push({ first, sender, batch });
    if (acknowledged.length === 120) child.kill('SIGKILL');
  }
  await exited;
  return acknowledged;
}
