// Every chain of a store, as the verifier and the export want it.
import type { ChainSource } from '@sandtrail/chain/verify-chain';
import type { StoreReader } from '@sandtrail/store/store';
import { readableRows } from './readable-rows.ts';

/** A chain with its id. */
export type StoredChainSource = ChainSource & { readonly chain: string };

/**
 * The chains that the list of chains names and those that only rows know: a chain that was struck
 * off the list is read all the same, under the log's name that none of its records can bear.
 */
export async function chainSources(store: StoreReader): Promise<readonly StoredChainSource[]> {
  const listed = await store.chains();
  const known = new Set(listed.map(({ chain }) => chain));
  const extents = await store.extents();
  const lasts = new Map(extents.map(({ chain, last }) => [chain, last]));
  const unlisted = extents
    .filter(({ chain }) => !known.has(chain))
    .map(({ chain, topic, partition }) => ({ chain, log: '', topic, partition }));
  return [...listed, ...unlisted].map(({ chain, log, topic, partition }) => ({
    chain,
    identity: { log, topic, partition },
    rows: readableRows(store, { chain, last: lasts.get(chain) ?? 0n }),
  }));
}
