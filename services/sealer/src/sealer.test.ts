import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Place } from '@sandtrail/bus/bus';
import { type EmbeddedBus, openEmbeddedBus } from '@sandtrail/bus/embedded-bus';
import { sealRecords, startChain } from '@sandtrail/chain/chain-state';
import { hashOfHex } from '@sandtrail/chain/hash';
import type { SealedRow } from '@sandtrail/chain/row';
import { type Clock, systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { encodeFrame, sealedPart } from '@sandtrail/schemas/frame';
import { type OpenedStore, openStore } from '@sandtrail/store/open-store';
import { sampleEvent } from '@sandtrail/store/sample-rows';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SealerLimits } from './place-sealer.ts';
import { type Sealer, startSealer } from './sealer.ts';

const root = mkdtempSync(path.join(tmpdir(), 'sealer-test-'));
const counters = createCounters();
const logger = silentLogger;
const events = (partition: number): Place => ({ topic: 'events', partition });
let store: OpenedStore;
let bus: EmbeddedBus;
let nowMs = Date.UTC(2026, 4, 5, 23, 59, 58);
const clock: Clock = { ...systemClock, nowNs: () => BigInt(nowMs) * 1_000_000n };

function openBus(name: string) {
  const dir = path.join(root, name);
  return openEmbeddedBus({ dir, log: 'test', clock, random: systemRandom, counters });
}

beforeAll(async () => {
  bus = await openBus('bus');
  store = await openStore({ dir: path.join(root, 'store'), logger, counters });
});

afterAll(async () => {
  await store.close();
  await bus.close();
  rmSync(root, { recursive: true });
});

function frames(count: number, from = 0): readonly Buffer[] {
  const erasable = Buffer.alloc(0);
  return Array.from({ length: count }, (_, index) =>
    encodeFrame({ ...sampleEvent(from + index), erasable }),
  );
}

function seal(places: readonly Place[], limits: Partial<SealerLimits> = {}, log = bus): Sealer {
  const quick = { gatherMs: 5, retryMsMax: 100, ...limits };
  return startSealer({ bus: log, store, places, logger, counters, limits: quick });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('it did not happen within 15 s');
    await delay(10);
  }
}

async function sealAll(sealer: Sealer, log = bus): Promise<void> {
  for (const [index, { place }] of sealer.status().entries()) {
    const { next } = await log.bounds(place);
    await until(() => (sealer.status()[index]?.sealedTo ?? 0n) >= next);
  }
  await sealer.stop();
}

async function rowsOf(place: Place, from: OpenedStore = store): Promise<readonly SealedRow[]> {
  const chains = await from.chains();
  const chain = chains.find(
    (each) => each.partition === place.partition && each.topic === place.topic,
  );
  const rows: SealedRow[] = [];
  for await (const row of from.rows({ chain: chain?.chain ?? '', from: 0n })) rows.push(row);
  return rows;
}

/** What sealing must give, computed straight from the log. */
async function expectedRows(place: Place, chain: string, log = bus) {
  const records = await log.read(place, { from: 0n, recordsMax: 1e6, sizeBytesMax: 1e9 });
  const toSeal = records.map(({ offset, value }) => ({ offset, sealedPart: sealedPart(value) }));
  return sealRecords(startChain(hashOfHex(chain)), toSeal).seals.map(({ pos, offset, link }) => ({
    pos,
    offset,
    link: link.toString('hex'),
  }));
}

function plain(rows: readonly SealedRow[]) {
  return rows.map(({ pos, offset, link }) => ({ pos, offset, link: link?.toString('hex') }));
}

async function chainAt(place: Place, from: OpenedStore = store): Promise<string> {
  const chains = await from.chains();
  return (
    chains.find((each) => each.partition === place.partition && each.topic === place.topic)
      ?.chain ?? ''
  );
}

describe('the sealer', () => {
  test('seals each record at one position, whatever the cut into blocks and days', async () => {
    const place = events(0);
    await bus.append(place, frames(700));
    await sealAll(seal([place], { blockRowsMax: 100 }));
    nowMs += 4000;
    await bus.append(place, frames(700, 700));
    const nextDay = seal([place], { blockRowsMax: 333 });
    await bus.append(place, frames(600, 1400));
    await sealAll(nextDay);
    const rows = await rowsOf(place);
    expect(plain(rows)).toEqual(await expectedRows(place, await chainAt(place)));
    expect(rows[1501]?.body).toEqual(sampleEvent(1500).body);
    const days =
      "SELECT DISTINCT toDate(appendedAt) AS day, chain FROM sealed WHERE topic = 'events' AND partition = 0 ORDER BY day";
    const lines: string[] = [];
    for await (const line of store.query(`SELECT toString(day) AS day FROM (${days})`))
      lines.push(line);
    expect(lines).toEqual(['{"day":"2026-05-05"}', '{"day":"2026-05-06"}']);
  });

  test('makes a lone event a row within 1.5 s', async () => {
    const place: Place = { topic: 'containment', partition: 0 };
    const sealer = startSealer({ bus, store, places: [place], logger, counters });
    await until(() => (sealer.status()[0]?.sealedTo ?? 0n) >= 1n);
    const begin = performance.now();
    await bus.append(place, frames(1));
    await until(() => (sealer.status()[0]?.sealedTo ?? 0n) >= 2n);
    expect(performance.now() - begin).toBeLessThan(1500);
    await sealer.stop();
  });

  test('two sealers of one place write duplicates and never fork', async () => {
    const place = events(1);
    const both = [seal([place], { blockRowsMax: 70 }), seal([place], { blockRowsMax: 90 })];
    for (let batch = 0; batch < 10; batch += 1) await bus.append(place, frames(100, batch * 100));
    await Promise.all(both.map((sealer) => sealAll(sealer)));
    const rows = plain(await rowsOf(place));
    const unique = new Map(rows.map((row) => [row.pos, row]));
    expect(rows.length).toBeGreaterThan(unique.size);
    expect([...unique.values()]).toEqual(await expectedRows(place, await chainAt(place)));
    expect(new Set(rows.map((row) => `${row.pos} ${row.offset} ${row.link}`)).size).toBe(
      unique.size,
    );
  });

  test('stops a chain whose stored head was forged, and no other', async () => {
    const [place, other] = [events(2), events(3)];
    await bus.append(place, frames(10));
    await sealAll(seal([place]));
    const chain = await chainAt(place);
    const [forged] = frames(1, 99);
    const body = Buffer.from(forged ?? '');
    const link = Buffer.alloc(32, 7);
    const row = { pos: 11n, offset: 11n, header: body, body, link, appendedAtMs: nowMs };
    await store.insertBlock({ chain, ...place, rows: [row] });
    await bus.append(place, frames(10, 10));
    await bus.append(other, frames(10));
    const sealer = seal([place, other]);
    await until(() => (sealer.status()[1]?.sealedTo ?? 0n) >= 11n);
    await until(() => sealer.status()[0]?.stopped === true);
    expect(sealer.status()[0]?.fault).toMatchObject({ code: 'CHAIN_DIVERGED' });
    await sealer.stop();
    expect(await rowsOf(place)).toHaveLength(12);
  });

  test('stops when the log was made anew under the same name', async () => {
    const place = events(0);
    const anew = await openBus('bus-made-anew');
    const sealer = seal([place], {}, anew);
    await until(() => sealer.status()[0]?.stopped === true);
    expect(sealer.status()[0]?.fault?.detail).toMatch(/made anew/);
    await sealer.stop();
    await anew.close();
  });

  test('goes on after the engine was killed under load', async () => {
    const place: Place = { topic: 'findings', partition: 0 };
    const sealer = seal([place], { blockRowsMax: 200 });
    await bus.append(place, frames(3000));
    await until(() => (sealer.status()[0]?.sealedTo ?? 0n) > 400n);
    const pid = store.enginePid();
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    await sealAll(sealer);
    const unique = new Map(plain(await rowsOf(place)).map((row) => [row.pos, row]));
    expect([...unique.values()]).toEqual(await expectedRows(place, await chainAt(place)));
  });
});

describe('a sealer that is killed with SIGKILL', () => {
  test('has written the same rows after any number of restarts', { timeout: 60_000 }, async () => {
    const dir = mkdtempSync(path.join(root, 'crash-'));
    const open = () =>
      openEmbeddedBus({
        dir: path.join(dir, 'bus'),
        log: 'test',
        clock: systemClock,
        random: systemRandom,
        counters,
      });
    const filled = await open();
    const place = events(0);
    for (let batch = 0; batch < 20; batch += 1) {
      await filled.append(place, frames(1000, batch * 1000));
    }
    await filled.close();
    for (const lifeMs of [30, 100, 200]) await liveAndDie(dir, lifeMs);
    const log = await open();
    const after = await openStore({ dir: path.join(dir, 'store'), logger, counters });
    const head = await after.head(await chainAt(place, after));
    expect(head?.pos).toBeGreaterThan(0n);
    const limits = { gatherMs: 5 };
    await sealAll(
      startSealer({ bus: log, store: after, places: [place], logger, counters, limits }),
      log,
    );
    const unique = new Map(plain(await rowsOf(place, after)).map((row) => [row.pos, row]));
    const expected = await expectedRows(place, await chainAt(place, after), log);
    expect([...unique.values()]).toEqual(expected);
    expect(unique.size).toBe(20_001);
    await after.close();
    await log.close();
  });
});

async function liveAndDie(dir: string, lifeMs: number): Promise<void> {
  const child = fork(fileURLToPath(new URL('./crash-sealer.ts', import.meta.url)), [dir], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  await Promise.race([once(child, 'message'), exited]);
  await delay(lifeMs);
  child.kill('SIGKILL');
  await exited;
}
