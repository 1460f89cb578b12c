import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startChain } from '@sandtrail/chain/chain-state';
import { hexOf } from '@sandtrail/chain/hash';
import { chainId } from '@sandtrail/chain/identity';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { httpStatements } from './connection-http.ts';
import { openStore } from './open-store.ts';
import { sampleEvent, sealSamples } from './sample-rows.ts';

const root = mkdtempSync(path.join(tmpdir(), 'damage-test-'));
const sound = path.join(root, 'sound');
const dir = path.join(root, 'damaged');
const logger = silentLogger;
let counters = createCounters();
const start = startChain(chainId({ log: 'test', topic: 'events', partition: 0 }, '00'.repeat(16)));
const chain = hexOf(start.chain);
const place = { chain, topic: 'events', partition: 0 } as const;

beforeAll(async () => {
  const store = await openStore({ dir: sound, logger, counters });
  const parts = Array.from({ length: 2000 }, (_, index) => sampleEvent(index));
  const { rows } = sealSamples(start, parts, Date.UTC(2026, 1, 1));
  await store.insertBlock({ ...place, rows: rows.slice(0, 1000) });
  await store.insertBlock({ ...place, rows: rows.slice(1000) });
  await store.close();
});

beforeEach(() => {
  counters = createCounters();
  rmSync(dir, { recursive: true, force: true });
  execFileSync('cp', ['-a', sound, dir]);
});

afterAll(() => rmSync(root, { recursive: true }));

function files(name: RegExp, from = dir): readonly string[] {
  return readdirSync(from, { recursive: true, encoding: 'utf8' })
    .filter((file) => name.test(file))
    .map((file) => path.join(from, file));
}

async function countRows(): Promise<number> {
  const store = await openStore({ dir, logger, counters });
  try {
    let count = 0;
    for await (const rows of store.rowBatches({ chain, from: 0n })) count += rows.length;
    return count;
  } finally {
    await store.close();
  }
}

describe('a damaged store', () => {
  test('with changed bytes in a part says so to who reads them', async () => {
    const [part = ''] = files(/20260201_.*data\.bin$/);
    const bytes = readFileSync(part);
    bytes.fill(0x55, 40_000, 40_050);
    writeFileSync(part, bytes);
    await expect(countRows()).rejects.toMatchObject({ code: 'DATA_DIR_DAMAGED' });
  });

  test('with a part cut short reads the rest and counts what it set aside', async () => {
    const [part = ''] = files(/20260201_.*data\.bin$/);
    truncateSync(part, 10_000);
    expect(await countRows()).toBe(1000);
    expect(counters.snapshot()['store.broken_parts']).toBe(1);
  });

  test('without a table is refused', async () => {
    for (const file of files(/sealed\.sql$/)) rmSync(file, { force: true });
    await expect(countRows()).rejects.toMatchObject({ code: 'DATA_DIR_DAMAGED' });
  });

  test('with a table definition that is none is refused', async () => {
    for (const file of files(/sealed\.sql$/)) writeFileSync(file, 'garbage');
    await expect(countRows()).rejects.toMatchObject({ code: 'DATA_DIR_DAMAGED' });
  });
});

test('a store of a later version is refused and left as it is', async () => {
  const runDir = path.join(root, 'run');
  mkdirSync(runDir);
  const store = await openStore({ dir, runDir, logger, counters });
  const ready = () => Promise.resolve();
  const target = { socketPath: path.join(runDir, 'store.sock') };
  const later = httpStatements({ target, requestsMax: 1, requestTimeoutMs: 10_000, ready });
  await later.command({ sql: "INSERT INTO migrations (number, name) SELECT 999, 'of the future'" });
  await later.close();
  await store.close();
  await expect(countRows()).rejects.toMatchObject({ code: 'DATA_DIR_VERSION' });
});

test.runIf(process.getuid?.() === 0)(
  'a full disk is named, and what was stored stays',
  async () => {
    const disk = path.join(root, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk]);
    try {
      const store = await openStore({ dir: path.join(disk, 'store'), logger, counters });
      const noise = Array.from({ length: 200 }, (_, index) => ({
        header: Buffer.alloc(0),
        body: Buffer.from(
          Uint8Array.from({ length: 8000 }, (_unused, at) => (at * at * index) >> 3),
        ),
      }));
      let state = start;
      const fill = async () => {
        for (let block = 0; block < 100; block += 1) {
          const sealed = sealSamples(state, noise, Date.UTC(2026, 1, 1));
          await store.insertBlock({ ...place, rows: sealed.rows });
          state = sealed.state;
        }
      };
      await expect(fill()).rejects.toMatchObject({ code: 'DISK_FULL' });
      expect((await store.head(chain))?.pos).toBe(state.nextPos - 1n);
      await store.close();
    } finally {
      execFileSync('umount', [disk]);
    }
  },
);
