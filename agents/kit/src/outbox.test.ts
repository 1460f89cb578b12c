import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Body } from '@sandtrail/schemas/events';
import type { Observation } from '@sandtrail/schemas/observation';
import { describe, expect, test } from 'vitest';
import { createMemoryShipper } from './memory-shipper.ts';
import { type KitTestbed, makeDirectory, openKitTestbed } from './testbed.ts';

const tool = (at: number, size = 0): Observation => ({
  kind: 'tool.call',
  observedAtNs: '1',
  tool: 'Bash',
  callId: `${at}`,
  input: 'word '.repeat(size),
});
const parse = (bodies: readonly string[]) => bodies.map((body) => Body.parse(JSON.parse(body)));
const unique = (bodies: readonly string[]) => [...new Set(bodies)];
const files = (bed: KitTestbed) => readdirSync(path.join(bed.dir, 'test.spool'));

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 400 && !holds(); turn += 1) await delay(5);
  expect(holds()).toBe(true);
}

describe('the way to the gateway', () => {
  test('does not touch the disk while the gateway keeps up, and is quick', async () => {
    const bed = openKitTestbed();
    const stream = await bed.open();
    for (let at = 0; at < 50; at += 1) {
      const before = performance.now();
      stream.emit(tool(at));
      await until(() => bed.shipper.bodies.length === at + 2);
      expect(performance.now() - before).toBeLessThan(500);
    }
    expect(bed.counters.snapshot()['kit.spooled']).toBeUndefined();
    expect(files(bed)).toEqual([]);
    await bed.remove();
  });

  test('sends again what was not acknowledged, the same bytes in the same order', async () => {
    const bed = openKitTestbed();
    const stream = await bed.open();
    bed.shipper.losesAnswers = true;
    for (let at = 0; at < 10; at += 1) stream.emit(tool(at));
    await until(() => bed.shipper.batches.length >= 2);
    bed.shipper.losesAnswers = false;
    await bed.kit.close('over');
    const seqs = parse(unique(bed.shipper.bodies)).map((body) => Number(body.seq));
    expect(seqs).toEqual(Array.from({ length: 12 }, (_, at) => at));
    await bed.remove();
  });

  test('counts what the gateway refuses by its code and never sends it again', async () => {
    const bed = openKitTestbed();
    const stream = await bed.open();
    bed.shipper.refuse = (body) => (body.includes('"callId":"3"') ? 'BODY_INVALID' : undefined);
    for (let at = 0; at < 6; at += 1) stream.emit(tool(at));
    await bed.kit.close('over');
    expect(bed.shipper.bodies.length).toBe(7);
    expect(bed.counters.snapshot()['kit.refused{BODY_INVALID}']).toBe(1);
    await bed.remove();
  });

  test('waits on disk while the gateway is away, and loses nothing and no order', async () => {
    const bed = openKitTestbed({ config: { segmentSizeBytesMax: 4096 } });
    const stream = await bed.open();
    bed.shipper.isAway = true;
    for (let at = 0; at < 400; at += 1) {
      stream.emit(tool(at, 10));
      if (at % 40 === 0) await delay(3);
    }
    await until(() => files(bed).length > 5);
    bed.shipper.isAway = false;
    await until(() => bed.shipper.bodies.length >= 401);
    await bed.kit.close('over');
    const seqs = parse(unique(bed.shipper.bodies)).map((body) => Number(body.seq));
    expect(seqs).toEqual(Array.from({ length: 402 }, (_, at) => at));
    expect(files(bed)).toEqual([]);
    await bed.remove();
  });

  test('leaves what it cannot ship before the end to the next start, which ships it first', async () => {
    const first = openKitTestbed({ config: { closeMs: 50 } });
    first.shipper.isAway = true;
    const stream = await first.open();
    for (let at = 0; at < 20; at += 1) stream.emit(tool(at));
    await first.kit.close('over');
    expect(files(first).length).toBeGreaterThan(0);
    const second = openKitTestbed({ dir: first.dir });
    const next = await second.open();
    next.emit(tool(99));
    await until(() => second.shipper.bodies.length === 24);
    const streams = parse(second.shipper.bodies).map((body) => body.stream);
    expect(streams).toEqual([...Array(22).fill(stream.id), next.id, next.id]);
    await second.remove();
  });
});

describe('under overload', () => {
  test('seen = emitted + dropped, gaps say why, and numbers stay dense', async () => {
    const shipper = createMemoryShipper();
    shipper.delayMs = 15;
    const config = {
      ...{ memorySizeBytesMax: 40_000, spoolSizeBytesMax: 120_000, segmentSizeBytesMax: 16_384 },
      ...{ spoolReserveBytes: 20_000, batchRecordsMax: 20 },
    };
    const bed = openKitTestbed({ shipper, config });
    const stream = await bed.open();
    const given = 3000;
    for (let at = 0; at < given; at += 1) {
      stream.emit(tool(at, 40));
      if (at % 50 === 0) await delay(2);
    }
    shipper.delayMs = 0;
    await until(() => files(bed).length === 0);
    await bed.kit.close('over');
    const parsed = parse(unique(shipper.bodies));
    expect(parsed.map((body) => Number(body.seq))).toEqual(parsed.map((_body, at) => at));
    const emitted = parsed.filter((body) => body.kind === 'tool.call').length;
    const gaps = parsed.filter((body) => body.kind === 'collector.gap');
    const dropped = gaps.reduce((sum, gap) => sum + Number(gap.count), 0);
    expect(dropped).toBeGreaterThan(0);
    expect(emitted + dropped).toBe(given);
    expect(new Set(gaps.map((gap) => gap.reason))).toEqual(new Set(['spool_full']));
    const last = parsed.at(-1);
    expect(last).toMatchObject({ kind: 'collector.stopped', dropped: BigInt(dropped) });
    expect(last).toMatchObject({ seen: BigInt(parsed.length - 1 + dropped) });
    expect(gaps.length).toBeLessThan(40);
    await bed.remove();
  });

  test('memory stays within its bound when the disk cannot be written', async () => {
    const bed = openKitTestbed({ config: { memorySizeBytesMax: 50_000 } });
    const stream = await bed.open();
    bed.shipper.isAway = true;
    // Without its directory, every write to the spool fails.
    rmSync(path.join(bed.dir, 'test.spool'), { recursive: true });
    for (let at = 0; at < 500; at += 1) stream.emit(tool(at, 50));
    await delay(60);
    expect(bed.counters.snapshot()['kit.dropped{spool_full}']).toBeGreaterThan(0);
    expect(bed.counters.snapshot()['kit.spool_failed']).toBeGreaterThan(0);
    bed.shipper.isAway = false;
    mkdirSync(path.join(bed.dir, 'test.spool'));
    await bed.kit.close('over');
    const parsed = parse(unique(bed.shipper.bodies));
    expect(parsed.map((body) => Number(body.seq))).toEqual(parsed.map((_body, at) => at));
    expect(parsed.at(-1)?.kind).toBe('collector.stopped');
    await bed.remove();
  });
});

test('a killed process leaves its spool readable, and the next start ships it', async () => {
  const dir = makeDirectory();
  const script = path.join(import.meta.dirname, 'spooling-child.ts');
  const child = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk;
    if (printed.length > 5 * 'spooled\n'.length) child.kill('SIGKILL');
  });
  await once(child, 'close');
  const bed = openKitTestbed({ dir });
  await until(() => bed.shipper.bodies.length > 100 && files(bed).length === 0);
  const parsed = parse(bed.shipper.bodies);
  expect(parsed.map((body) => Number(body.seq))).toEqual(parsed.map((_body, at) => at));
  expect(new Set(parsed.map((body) => body.stream.split(':')[2]))).toEqual(new Set(['1']));
  expect(bed.kit.epoch).toBe(2);
  await bed.remove();
});
