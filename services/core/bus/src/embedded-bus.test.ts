import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Clock, systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { decodeFrame } from '@sandtrail/schemas/frame';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Place } from './bus.ts';
import { busConformance } from './conformance.ts';
import { type EmbeddedBus, type EmbeddedBusLimits, openEmbeddedBus } from './embedded-bus.ts';
import { openEmbeddedReader } from './embedded-reader.ts';

const place = { topic: 'events', partition: 0 } as const;
const all = { recordsMax: 1_000_000, sizeBytesMax: 1 << 30 };
const crashWriter = path.join(import.meta.dirname, 'crash-writer.ts');
const newDir = () => mkdtemp(path.join(tmpdir(), 'sandtrail-bus-'));

function openIn(dir: string, limits: Partial<EmbeddedBusLimits> = {}, clock = systemClock) {
  const counters = createCounters();
  return openEmbeddedBus({
    dir,
    log: 'conformance',
    clock,
    random: systemRandom,
    counters,
    limits,
  });
}

for (const readers of ['shared memory', 'polling'] as const) {
  busConformance(`embedded (readers by ${readers})`, async () => {
    const dir = await newDir();
    const opened: EmbeddedBus[] = [];
    return {
      open: async (limits) => {
        const bus = await openIn(dir, limits);
        opened.push(bus);
        return bus;
      },
      openReader: async ({ source }) =>
        readers === 'polling' || source.type !== 'embedded'
          ? openEmbeddedReader({ dir, pollMs: 5 })
          : openEmbeddedReader(source),
      // Whole segments go, so more than was asked for may stay.
      async letGo(at, before) {
        opened.at(-1)?.release(at, before);
      },
      crashWriter: [process.execPath, crashWriter, dir],
      remove: () => rm(dir, { recursive: true }),
    };
  });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof SandtrailError ? error.code : `${error}`;
}

describe('the embedded log on disk', () => {
  let dir = '';
  beforeEach(async () => {
    dir = await newDir();
  });
  afterEach(() => rm(dir, { recursive: true }));

  const newest = async () => {
    const names = (await readdir(path.join(dir, 'events-0'))).filter((n) => n.endsWith('.sqlite'));
    return path.join(dir, 'events-0', names.toSorted().at(-1) ?? '');
  };
  const filled = async () => {
    const bus = await openIn(dir, { segmentRecordsMax: 1000 });
    for (let batch = 0; batch < 5; batch += 1) {
      await bus.append(
        place,
        Array.from({ length: 500 }, () => Buffer.alloc(500, 'x')),
      );
    }
    await bus.close();
  };

  test('refuses a second opener in this process and in another', async () => {
    const bus = await openIn(dir);
    expect(await codeOf(openIn(dir))).toBe('DATA_DIR_IN_USE');
    expect(() => execFileSync(process.execPath, [crashWriter, dir], { stdio: 'pipe' })).toThrow(
      'DATA_DIR_IN_USE',
    );
    await bus.close();
    await (await openIn(dir)).close();
  });

  test('keeps the first records when the disk is full and goes on when there is room', async () => {
    const disk = path.join(dir, 'small');
    execFileSync('mkdir', [disk]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]);
    try {
      const ballast = path.join(disk, 'ballast');
      const bus = await openIn(path.join(disk, 'log'), { reserveSizeBytes: 0 });
      await writeFile(ballast, Buffer.alloc(2 << 20));
      let acknowledged = 0;
      let code = 'none';
      for (let batch = 0; batch < 200 && code === 'none'; batch += 1) {
        const values = Array.from({ length: 100 }, (_, i) => Buffer.alloc(500, `${i % 10}`));
        code = await bus.append(place, values).then(
          () => 'none',
          (error: unknown) => (error instanceof SandtrailError ? error.code : `${error}`),
        );
        if (code === 'none') acknowledged += 100;
      }
      expect(code).toBe('DISK_FULL');
      expect(acknowledged).toBeGreaterThan(0);
      expect(await bus.bounds(place)).toEqual({ first: 0n, next: BigInt(acknowledged + 1) });
      await rm(ballast);
      expect(await bus.append(place, [Buffer.from('room')])).toBe(BigInt(acknowledged + 1));
      await bus.close();
      const again = await openIn(path.join(disk, 'log'), { reserveSizeBytes: 0 });
      expect(await again.read(place, { from: 0n, ...all })).toHaveLength(acknowledged + 2);
      await again.close();
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  test('a disk full of events still takes findings, and events again when there is room', async () => {
    const disk = path.join(dir, 'small');
    execFileSync('mkdir', [disk]);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk]);
    try {
      await writeFile(path.join(disk, 'filler'), Buffer.alloc(6 << 20));
      let laterMs = 0;
      const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs };
      const bus = await openIn(path.join(disk, 'log'), { reserveSizeBytes: 4 << 20 }, clock);
      const finding = { topic: 'findings', partition: 0 } as const;
      const refusalIn = async (where: Place): Promise<string> => {
        const code = await codeOf(bus.append(where, [Buffer.alloc(50_000, 'x')]));
        return code === 'undefined' ? refusalIn(where) : code;
      };
      expect(await refusalIn(place)).toBe('DISK_FULL');
      expect(await bus.append(finding, [Buffer.from('found')])).toBe(1n);
      // What is given up then is not for events, and it ends.
      expect(await refusalIn(finding)).toBe('DISK_FULL');
      const small = [Buffer.from('small')];
      expect(await codeOf(bus.append(place, small))).toBe('DISK_FULL');
      await rm(path.join(disk, 'filler'));
      laterMs = 2000;
      expect(await bus.append(place, small)).toBeGreaterThan(1n);
      expect(await readdir(path.join(disk, 'log'))).toContain('reserve');
      await bus.close();
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  test('refuses a log with a bit changed in the newest record', async () => {
    await filled();
    const file = await open(await newest(), 'r+');
    const { size } = await file.stat();
    const bytes = Buffer.alloc(size);
    await file.read(bytes, 0, size, 0);
    await file.write(Buffer.from('y'), 0, 1, bytes.lastIndexOf('xxxxxxxx'));
    await file.close();
    expect(await codeOf(openIn(dir))).toBe('DATA_DIR_DAMAGED');
  });

  test('refuses to read past a bit changed in an older segment', async () => {
    await filled();
    const oldest = path.join(dir, 'events-0', `${'0'.repeat(16)}.sqlite`);
    const file = await open(oldest, 'r+');
    const { size } = await file.stat();
    const bytes = Buffer.alloc(size);
    await file.read(bytes, 0, size, 0);
    await file.write(Buffer.from('y'), 0, 1, bytes.lastIndexOf('xxxxxxxx'));
    await file.close();
    const bus = await openIn(dir);
    expect(await codeOf(bus.read(place, { from: 0n, ...all }))).toBe('DATA_DIR_DAMAGED');
    await bus.close();
  });

  test('refuses a segment that was cut, emptied, removed or exchanged', async () => {
    await filled();
    const segment = await newest();
    const segments = path.dirname(segment);
    const copy = `${dir}-copy`;
    await cp(segments, copy, { recursive: true });
    const harms = [
      () => truncate(segment, 50_000),
      () => truncate(segment, 0),
      () => writeFile(segment, 'not a database, however long this line may be'.repeat(100)),
      () => rm(path.join(segments, `${'0'.repeat(13)}501.sqlite`)),
      () => cp(path.join(segments, `${'0'.repeat(16)}.sqlite`), segment),
      () => rm(segments, { recursive: true }),
    ];
    for (const harm of harms) {
      await harm();
      expect(await codeOf(openIn(dir))).toBe('DATA_DIR_DAMAGED');
      await rm(segments, { recursive: true, force: true });
      await cp(copy, segments, { recursive: true });
    }
    await (await openIn(dir)).close();
    await rm(copy, { recursive: true });
  });

  test('refuses another format version, other partitions and another name', async () => {
    await (await openIn(dir)).close();
    const options = { dir, clock: systemClock, random: systemRandom, counters: createCounters() };
    expect(await codeOf(openEmbeddedBus({ ...options, log: 'other' }))).toBe('CONFIG_INVALID');
    const partitions = { events: 8, findings: 1, containment: 1, control: 1 };
    const repartitioned = openEmbeddedBus({ ...options, log: 'conformance', partitions });
    expect(await codeOf(repartitioned)).toBe('CONFIG_INVALID');
    const identity = { version: 2, log: 'conformance', partitions };
    await writeFile(path.join(dir, 'log.json'), JSON.stringify(identity));
    expect(await codeOf(openIn(dir))).toBe('DATA_DIR_VERSION');
    await writeFile(path.join(dir, 'log.json'), '{');
    expect(await codeOf(openIn(dir))).toBe('DATA_DIR_DAMAGED');
  });

  test('begins anew when it was killed before the log was made', async () => {
    await (await openIn(dir)).close();
    await rm(path.join(dir, 'log.json'));
    const bus = await openIn(dir);
    expect(await bus.bounds(place)).toEqual({ first: 0n, next: 1n });
    await bus.close();
  });

  test('releases whole old segments and never the newest', async () => {
    await filled();
    const bus = await openIn(dir);
    const reader = await openEmbeddedReader({ dir });
    expect(await reader.read(place, { from: 0n, ...all })).not.toEqual([]);
    expect(bus.release(place, 1200n)).toBe(1);
    expect(await bus.bounds(place)).toEqual({ first: 501n, next: 2501n });
    for (const source of [bus, reader]) {
      const [first] = await source.read(place, { from: 600n, ...all });
      expect(first?.offset).toBe(600n);
    }
    expect(bus.release(place, 10_000n)).toBe(1);
    const { first } = await bus.bounds(place);
    const [record] = await bus.read(place, { from: 0n, ...all });
    expect(record?.offset).toBe(first);
    await Promise.all([reader.close(), bus.close()]);
  });

  test('never lets the append time go back when the clock does', async () => {
    let nowMs = 1_000_000_000_000;
    const clock: Clock = { ...systemClock, nowNs: () => BigInt(nowMs) * 1_000_000n };
    const bus = await openIn(dir, {}, clock);
    for (const jumpMs of [500, -3_600_000, 1000, -10]) {
      nowMs += jumpMs;
      await bus.append(place, [Buffer.from('t')]);
    }
    await bus.close();
    nowMs -= 86_400_000;
    const again = await openIn(dir, {}, clock);
    await again.append(place, [Buffer.from('t')]);
    const times = (await again.read(place, { from: 0n, ...all })).map((r) => r.appendedAtMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.at(-1)).toBe(1_000_000_000_500);
    await again.close();
  });

  test('writes a genesis whose header and body are as the contract says', async () => {
    const bus = await openIn(dir);
    const [record] = await bus.read(place, { from: 0n, ...all });
    const frame = decodeFrame(record?.value ?? Buffer.alloc(0));
    if (typeof frame === 'string') throw new Error(frame);
    const header: unknown = JSON.parse(Buffer.from(frame.header).toString());
    const body: unknown = JSON.parse(Buffer.from(frame.body).toString());
    expect(header).toMatchObject({ tenant: 'sandtrail', sandbox: 'control-log', trust: 'host' });
    expect(body).toMatchObject({ log: 'conformance', topic: 'events', partition: 0, seq: '0' });
    await bus.close();
  });

  test('wakes a reader in a worker thread within milliseconds of the commit', async () => {
    const bus = await openIn(dir);
    const source = `
      import { parentPort, workerData } from 'node:worker_threads';
      const { openEmbeddedReader } = await import(workerData.reader);
      const reader = await openEmbeddedReader(workerData);
      const place = { topic: 'events', partition: 0 };
      let from = (await reader.bounds(place)).next;
      parentPort.postMessage('ready');
      for (const end = from + 50n; from < end; ) {
        await reader.arrival(place, from, new AbortController().signal);
        const records = await reader.read(place, { from, recordsMax: 1000, sizeBytesMax: 1e6 });
        const now = performance.timeOrigin + performance.now();
        for (const { value } of records) parentPort.postMessage(now - Number(value.toString()));
        from += BigInt(records.length);
      }
      await reader.close();`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: {
        dir,
        signalMemory: bus.source.type === 'embedded' ? bus.source.signalMemory : undefined,
        reader: new URL('embedded-reader.ts', import.meta.url).href,
      },
    });
    const latenciesMs: number[] = [];
    const ready = new Promise((resolve) => {
      worker.on('message', (message) => {
        if (typeof message === 'number') latenciesMs.push(message);
        else resolve(message);
      });
    });
    const exited = new Promise((resolve) => worker.on('exit', resolve));
    await ready;
    for (let i = 0; i < 50; i += 1) {
      await bus.append(place, [Buffer.from(`${performance.timeOrigin + performance.now()}`)]);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await exited;
    const median = latenciesMs.toSorted((a, b) => a - b)[25] ?? Number.POSITIVE_INFINITY;
    expect(latenciesMs).toHaveLength(50);
    expect(median).toBeLessThan(50);
    await bus.close();
  });
});
