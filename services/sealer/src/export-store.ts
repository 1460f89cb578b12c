// Exports a store as a bundle that is verified elsewhere, without a database.
import { type ChainExport, writeBundle } from '@sandtrail/chain/bundle-writer';
import type { StoreReader } from '@sandtrail/store/store';
import { chainSources } from './chain-sources.ts';

/**
 * The bundle's lines, without their newlines, at the reader's pace. It holds what is in the store
 * now; rows that are sealed meanwhile are left out. The newest sealed checkpoint of each chain goes
 * with it.
 */
export async function* exportStore(store: StoreReader): AsyncGenerator<string> {
  const extents = new Map((await store.extents()).map((extent) => [extent.chain, extent]));
  const chains: ChainExport[] = [];
  const heads: string[] = [];
  for (const { chain, identity, rows } of await chainSources(store)) {
    const { first, last } = extents.get(chain) ?? { first: 0n, last: -1n };
    chains.push({ chain, ...identity, first, count: last - first + 1n, rows });
    heads.push(...(await store.checkpoints(chain, 1)));
  }
  yield* writeBundle({ log: chains[0]?.log ?? '', chains, heads });
}
