// The whole store: a reader, and what the sealer and the detector write.
import type { StoreConnection } from './connection.ts';
import { encodeString } from './row-binary.ts';
import { insertBlocks } from './sealed-rows.ts';
import type { DetectorSnapshot, Store, StoredChain, StoreReader } from './store.ts';

interface Options {
  readonly connection: StoreConnection;
  readonly reader: StoreReader;
}

/** A store that writes over `connection` and reads through `reader`. */
export function storeOver({ connection, reader }: Options): Store {
  return {
    ...reader,
    insertBlock: (block) => insertBlocks(connection, [block]),
    insertBlocks: (blocks) => insertBlocks(connection, blocks),
    addChain: (chain) => addChain(connection, chain),
    saveChainState: (chain, size, state) => saveChainState(connection, { chain, size, state }),
    saveSnapshot: (snapshot) => saveSnapshot(connection, snapshot),
  };
}

async function addChain(connection: StoreConnection, chain: StoredChain): Promise<void> {
  const { chain: id, log, topic, partition } = chain;
  await connection.command({
    sql: `
INSERT INTO chains (chain, log, topic, partition)
SELECT unhex({id:String}), {log:String}, {topic:String}, {partition:UInt16}`,
    params: { id, log, topic, partition },
  });
}

interface SavedState {
  readonly chain: string;
  readonly size: bigint;
  readonly state: string;
}

async function saveChainState(connection: StoreConnection, saved: SavedState): Promise<void> {
  const { chain, size, state } = saved;
  await connection.command({
    sql: `
INSERT INTO chain_states (chain, size, state)
SELECT unhex({chain:String}), {size:UInt64}, {state:String}`,
    params: { chain, size, state },
  });
}

async function saveSnapshot(connection: StoreConnection, snapshot: DetectorSnapshot) {
  const { partition, bundle, nextOffset, blob } = snapshot;
  const numbers = Buffer.alloc(10);
  numbers.writeUInt16LE(partition);
  numbers.writeBigUInt64LE(nextOffset, 2);
  await connection.insert({
    sql: (source) => `
INSERT INTO detector_snapshots (partition, nextOffset, bundle, blob)
SELECT partition, nextOffset, bundle, blob FROM ${source}`,
    structure: 'partition UInt16, nextOffset UInt64, bundle String, blob String',
    rows: Buffer.concat([numbers, encodeString(Buffer.from(bundle)), encodeString(blob)]),
  });
}
