import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EmbeddedBus, openEmbeddedBus } from '@sandtrail/bus/embedded-bus';
import { placesOf } from '@sandtrail/bus/places';
import { verifyBundle } from '@sandtrail/chain/verify-bundle';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { encodeFrame } from '@sandtrail/schemas/frame';
import { partitionCount } from '@sandtrail/schemas/topics';
import { httpStatements } from '@sandtrail/store/connection-http';
import { type OpenedStore, openStore } from '@sandtrail/store/open-store';
import { sampleEvent } from '@sandtrail/store/sample-rows';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportStore } from './export-store.ts';
import { startSealer } from './sealer.ts';
import { verifyStore } from './verify-store.ts';

const root = mkdtempSync(path.join(tmpdir(), 'verify-test-'));
const runDir = path.join(root, 'run');
const counters = createCounters();
const logger = silentLogger;
let store: OpenedStore;
let bus: EmbeddedBus;
let chain = '';

beforeAll(async () => {
  mkdirSync(runDir);
  const surroundings = { clock: systemClock, random: systemRandom, counters };
  bus = await openEmbeddedBus({ dir: path.join(root, 'bus'), log: 'test', ...surroundings });
  store = await openStore({ dir: path.join(root, 'store'), runDir, logger, counters });
  const places = placesOf(partitionCount);
  const sealer = startSealer({ bus, store, places, logger, counters, limits: { gatherMs: 5 } });
  const erasable = Buffer.alloc(0);
  const place = { topic: 'events', partition: 0 } as const;
  const frames = Array.from({ length: 40 }, (_, i) => encodeFrame({ ...sampleEvent(i), erasable }));
  await bus.append(place, frames);
  const isSealed = () => sealer.status().every(({ sealedTo }) => sealedTo > 0n);
  while (!isSealed() || (sealer.status()[0]?.sealedTo ?? 0n) < 41n) await systemPause();
  await sealer.stop();
  chain = sealer.status()[0]?.chain ?? '';
});

afterAll(async () => {
  await store.close();
  await bus.close();
  rmSync(root, { recursive: true });
});

async function systemPause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 10));
}

/** What somebody with the engine's own rights can do to the table, then undoes. */
async function tampered(changes: readonly string[]) {
  const target = { socketPath: path.join(runDir, 'store.sock') };
  const ready = () => Promise.resolve();
  const forger = httpStatements({ target, requestsMax: 1, requestTimeoutMs: 10_000, ready });
  for (const change of changes) {
    const sql = `ALTER TABLE sealed ${change} SETTINGS mutations_sync = 1`;
    await forger.command({ sql });
  }
  await forger.close();
}

async function codes() {
  const { verdict, findings } = await verifyStore({ store });
  const about = findings.filter((each) => each.chain === chain);
  return { verdict, findings: about.map(({ code, position }) => [code, position]) };
}

describe('a store is verified', () => {
  test('and nothing contradicts what the sealer wrote, though nothing outside confirms it', async () => {
    const report = await verifyStore({ store });
    expect(report.verdict).toBe('unanchored');
    expect(report.chains).toHaveLength(placesOf(partitionCount).length);
    expect(report.chains.find((each) => each.chain === chain)).toMatchObject({ count: 41n });
  });

  test('and its export gives the same verdict with no store', async () => {
    const inStore = await verifyStore({ store });
    expect(await verifyBundle({ lines: exportStore(store) })).toEqual(inStore);
  });

  test('and a changed column is named by its position', async () => {
    const where = "WHERE partition = 0 AND topic = 'events' AND pos = 7";
    await tampered([`UPDATE exe = '/bin/true' ${where}`]);
    expect(await codes()).toEqual({
      verdict: 'tampered',
      findings: [['projection_mismatch', 7n]],
    });
    await tampered([`UPDATE exe = '/usr/bin/python3.11' ${where}`]);
  });

  test('and changed bytes are named once, by their position', async () => {
    const where = "WHERE partition = 0 AND topic = 'events' AND pos = 9";
    await tampered([`UPDATE body = replaceAll(body, 'python', 'PYTHON') ${where}`]);
    expect(await codes()).toEqual({ verdict: 'tampered', findings: [['leaf_mismatch', 9n]] });
    await tampered([`UPDATE body = replaceAll(body, 'PYTHON', 'python') ${where}`]);
    expect(await codes()).toEqual({ verdict: 'unanchored', findings: [] });
  });

  test('and a deleted row leaves a gap at its position', async () => {
    await tampered(["DELETE WHERE partition = 0 AND topic = 'events' AND pos = 12"]);
    expect(await codes()).toEqual({ verdict: 'tampered', findings: [['gap', 12n]] });
  });
});
