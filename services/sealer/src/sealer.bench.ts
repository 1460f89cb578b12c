// What sealing costs, seal and durable insert together, and how soon a lone event can be queried.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Place } from '@sandtrail/bus/bus';
import { openEmbeddedBus } from '@sandtrail/bus/embedded-bus';
import { type ChainState, startChain } from '@sandtrail/chain/chain-state';
import { chainId } from '@sandtrail/chain/identity';
import { systemClock, systemRandom } from '@sandtrail/runtime/clock';
import { createCounters } from '@sandtrail/runtime/counters';
import { silentLogger } from '@sandtrail/runtime/log';
import { encodeFrame } from '@sandtrail/schemas/frame';
import { type OpenedStore, openStore } from '@sandtrail/store/open-store';
import { sampleEvent } from '@sandtrail/store/sample-rows';
import { afterAll, beforeAll, test } from 'vitest';
import { cutBlocks } from './block-cut.ts';
import { startSealer } from './sealer.ts';

const root = mkdtempSync(path.join(tmpdir(), 'sealer-bench-'));
const surroundings = { logger: silentLogger, counters: createCounters() };
const place: Place = { topic: 'events', partition: 0 };
const rows = 10_000;
const ticksPerSecond = 100;
const erasable = Buffer.alloc(0);
const values = Array.from({ length: rows }, (_, index) =>
  encodeFrame({ ...sampleEvent(index), erasable }),
);
let store: OpenedStore;
let state: ChainState = startChain(chainId({ log: 'bench', ...place }, '00'.repeat(16)));

beforeAll(async () => {
  store = await openStore({ dir: path.join(root, 'store'), ...surroundings });
});

afterAll(async () => {
  await store.close();
  rmSync(root, { recursive: true });
});

async function sealBlock(): Promise<void> {
  const records = values.map((value, index) => ({
    offset: state.nextPos + BigInt(index),
    appendedAtMs: 1_764_000_000_000,
    value,
  }));
  const cut = cutBlocks(state, records, place);
  state = cut.state;
  for (const block of cut.blocks) await store.insertBlock(block);
}

/** CPU seconds of this process and of the engine's, and the engine's resident megabytes. */
function spent() {
  const { user, system } = process.cpuUsage();
  const pid = store.enginePid() ?? 0;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
  return {
    ownS: (user + system) / 1e6,
    engineS: (Number(stat[11]) + Number(stat[12])) / ticksPerSecond,
    engineMb: Math.round((pages * 4096) / 1_048_576),
  };
}

test('seal and durably insert 10,000 records', async ({ bench }) => {
  const before = spent();
  const first = state.nextPos;
  await bench('10,000 records', sealBlock).run({ time: 10_000, warmupTime: 500 });
  const after = spent();
  const own = after.ownS - before.ownS;
  const engine = after.engineS - before.engineS;
  const perCpuS = Math.round(Number(state.nextPos - first) / (own + engine));
  const shares = `own ${own.toFixed(1)} s, engine ${engine.toFixed(1)} s`;
  console.log(`${perCpuS} rows per CPU-second (${shares}), engine ${after.engineMb} MB`);
});

test('a lone event becomes a row that can be queried', async ({ bench }) => {
  const dir = path.join(root, 'bus');
  const clock = systemClock;
  const bus = await openEmbeddedBus({
    dir,
    log: 'lone',
    clock,
    random: systemRandom,
    ...surroundings,
  });
  const sealer = startSealer({
    bus,
    store,
    places: [{ topic: 'findings', partition: 0 }],
    ...surroundings,
  });
  const [value = Buffer.alloc(0)] = values;
  const lone = async () => {
    const offset = await bus.append({ topic: 'findings', partition: 0 }, [value]);
    while ((sealer.status()[0]?.sealedTo ?? 0n) <= offset) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  await bench('event to row', lone).run({ iterations: 10, time: 0, warmupIterations: 1 });
  await sealer.stop();
  await bus.close();
});
