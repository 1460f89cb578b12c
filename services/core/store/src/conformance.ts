// The conformance table of the store: what both ways to an engine must do, as tests of a real one.
import { startChain } from '@sandtrail/chain/chain-state';
import { hexOf } from '@sandtrail/chain/hash';
import { chainId } from '@sandtrail/chain/identity';
import type { SealedRow } from '@sandtrail/chain/row';
import { parseEventLine } from '@sandtrail/schemas/event-line';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SampleParts, sampleEvent, sealSamples } from './sample-rows.ts';
import type { Block, Store } from './store.ts';

/** One fresh store of the way under test. */
export interface StoreUnderTest {
  readonly store: Store;
  readonly remove: () => Promise<void>;
}

const day = Date.UTC(2026, 1, 3);

/** Registers the table; `create` makes a fresh store for all of it. */
export function storeConformance(way: string, create: () => Promise<StoreUnderTest>) {
  describe(`the store, ${way}`, () => {
    let made: StoreUnderTest;
    beforeAll(async () => {
      made = await create();
    });
    afterAll(() => made.remove());

    test('gives back every byte value in header and body, and empty ones', async () => {
      const every = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
      const written = block(1, [
        { header: every, body: Buffer.concat([every, every.toReversed()]) },
        { header: Buffer.alloc(0), body: Buffer.alloc(0) },
        { header: Buffer.alloc(128, 0x0a), body: Buffer.alloc(70_000, 0xff) },
      ]);
      await made.store.insertBlock(written);
      const { chain } = written;
      const read = await all(made.store.rows({ chain, from: 0n }));
      expect(read.map(plain)).toEqual(written.rows.map(plain));
    });

    test('knows the head of a chain, and none of a chain without rows', async () => {
      const written = block(2, samples(300));
      await made.store.insertBlock(written);
      const { link } = written.rows.at(-1) ?? {};
      expect(await made.store.head(written.chain)).toEqual({ pos: 299n, offset: 299n, link });
      expect(await made.store.head('00'.repeat(32))).toBeUndefined();
    });

    test('stores blocks of several chains together', async () => {
      const blocks = [block(3, samples(10)), block(4, samples(20))];
      await made.store.insertBlocks(blocks);
      const extents = await made.store.extents();
      const rows = blocks.map(({ chain }) => extents.find((each) => each.chain === chain)?.rows);
      expect(rows).toEqual([10n, 20n]);
    });

    test('gives events as lines, and columns that are what the bytes give', async () => {
      await made.store.insertBlock(block(5, samples(50)));
      const lines = await all(made.store.queryEvents({ sandbox: 'sandbox-0001', limit: 3 }));
      expect(lines).toHaveLength(3);
      for (const line of lines)
        expect(parseEventLine(line)).toMatchObject({ body: { kind: 'file.open' } });
      const mismatches = await made.store.projectionMismatches(1000);
      expect(mismatches.filter(({ chain }) => chain === block(5, samples(1)).chain)).toEqual([]);
    });

    test('keeps chains, states of chains and states of detectors', async () => {
      const { store } = made;
      const { chain } = block(6, samples(1));
      const known = { chain, log: 'a\tlog', topic: 'events', partition: 6 } as const;
      await store.addChain({ ...known, log: 'log' });
      expect(await store.chains()).toContainEqual({ ...known, log: 'log' });
      await store.saveChainState(chain, 7n, 'state\n\t\\');
      expect(await store.chainState(chain, 7n)).toBe('state\n\t\\');
      expect(await store.chainState(chain, 6n)).toBeUndefined();
      const blob = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
      const snapshot = { partition: 3, bundle: 'b', nextOffset: 1n << 60n, blob };
      await store.saveSnapshot(snapshot);
      expect(await store.snapshot(3, 'b')).toEqual(snapshot);
    });

    test('takes questions that read, and refuses those that write', async () => {
      const [line = ''] = await all(made.store.query('SELECT 1 AS one'));
      expect(JSON.parse(line)).toEqual({ one: 1 });
      const dropping = all(made.store.query('DROP TABLE sealed'));
      await expect(dropping).rejects.toMatchObject({ code: expect.stringMatching(/^STORE_/) });
      expect((await made.store.extents()).length).toBeGreaterThan(0);
    });
  });
}

function block(partition: number, parts: readonly SampleParts[]): Block {
  const chain = startChain(chainId({ log: 'table', topic: 'events', partition }, '00'.repeat(16)));
  const { rows, state } = sealSamples(chain, parts, day + 1234);
  return { chain: hexOf(state.chain), topic: 'events', partition, rows };
}

function samples(count: number): readonly SampleParts[] {
  return Array.from({ length: count }, (_, index) => sampleEvent(index));
}

function plain({ pos, offset, header, body, link }: SealedRow) {
  return { pos, offset, header, body, link };
}

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
