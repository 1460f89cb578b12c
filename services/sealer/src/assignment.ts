// Taking on a chain: its head comes from the store, and is believed only when rows and log agree.
import type { Bus, LogRecord, Place } from '@sandtrail/bus/bus';
import { type ChainState, decodeState, headOf, startChain } from '@sandtrail/chain/chain-state';
import { hexOf } from '@sandtrail/chain/hash';
import { chainId } from '@sandtrail/chain/identity';
import { leafOf, leafOfRow } from '@sandtrail/chain/leaf';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { ControlGenesis } from '@sandtrail/schemas/events/control-genesis';
import { decodeFrame, sealedPart } from '@sandtrail/schemas/frame';
import type { Store, StoredChain, StoredHead } from '@sandtrail/store/store';
import { replayStored } from './replay-stored.ts';
import type { SignedHeads } from './signed-heads.ts';

/** What an assignment needs. */
export interface AssignmentOptions {
  readonly bus: Pick<Bus, 'read' | 'bounds'>;
  readonly store: Store;
  readonly place: Place;
  /** Checkpoints that a trusted key signed; none, and every row is recomputed. */
  readonly signed: SignedHeads;
}

/**
 * The state from which the place's chain goes on: recomputed from a saved state that the signer's
 * last checkpoint confirms, up to the stored head, whose record is compared with the log's.
 * @throws SandtrailError `CHAIN_DIVERGED` when rows, log and checkpoints contradict each other: the
 * chain must not be sealed any further.
 */
export async function assign(options: AssignmentOptions): Promise<ChainState> {
  const { store } = options;
  const chain = await identify(options);
  const head = await store.head(chain.chain);
  const start = startChain(Buffer.from(chain.chain, 'hex').toString('latin1'));
  if (head === undefined) return start;
  const state = await recompute(options, start, head);
  await compareWithLog(options, state);
  return state;
}

/** The chain that the place's genesis record names, entered in the store's list. */
async function identify({ bus, store, place }: AssignmentOptions): Promise<StoredChain> {
  const known = (await store.chains()).filter(
    ({ topic, partition }) => topic === place.topic && partition === place.partition,
  );
  const genesis = await genesisChain(bus, place);
  if (genesis === undefined) {
    const [only, another] = known;
    if (only !== undefined && another === undefined) return only;
    throw diverged(place, 'the log has no genesis record and the store names no one chain for it');
  }
  const other = known.find(({ chain, log }) => log === genesis.log && chain !== genesis.chain);
  if (other !== undefined) {
    throw diverged(place, `the log was made anew: the store holds chain ${other.chain}`);
  }
  if (!known.some(({ chain }) => chain === genesis.chain)) await store.addChain(genesis);
  return genesis;
}

/** Undefined when retention has taken the first record, or none was ever written. */
async function genesisChain(
  bus: AssignmentOptions['bus'],
  place: Place,
): Promise<StoredChain | undefined> {
  const [record] = await bus.read(place, { from: 0n, recordsMax: 1, sizeBytesMax: 1 });
  if (record === undefined || record.offset !== 0n) return undefined;
  const frame = decodeFrame(record.value);
  const text = typeof frame === 'string' ? '' : frame.body.toString();
  const body = ControlGenesis.safeParse(parsed(text));
  if (!body.success) throw diverged(place, 'the log does not begin with a genesis record');
  const { log, topic, partition, random } = body.data;
  if (topic !== place.topic || partition !== place.partition) {
    throw diverged(place, `its genesis record is that of ${topic}/${partition}`);
  }
  return { chain: hexOf(chainId({ log, ...place }, random)), log, ...place };
}

async function recompute(
  { store, place, signed }: AssignmentOptions,
  start: ChainState,
  head: StoredHead,
): Promise<ChainState> {
  const chain = hexOf(start.chain);
  const size = head.pos + 1n;
  const checkpoint = signed.latest(chain, await store.checkpoints(chain, checkpointsMax), size);
  const saved =
    checkpoint === undefined ? undefined : await store.chainState(chain, checkpoint.size);
  const from = saved === undefined ? start : decodeState(saved);
  if (typeof from === 'string') throw diverged(place, `the saved state is damaged: ${from}`);
  if (from.chain !== start.chain) throw diverged(place, 'the saved state is of another chain');
  let state = from;
  if (checkpoint !== undefined) {
    state = await replayStored({ store, state, size: checkpoint.size });
    if (headOf(state).root !== hexOf(checkpoint.root)) {
      throw diverged(place, `the rows do not give the root signed at size ${checkpoint.size}`);
    }
  }
  return await replayStored({ store, state, size });
}

/** The log's record at the head's offset must be the row, unless retention has taken it. */
async function compareWithLog({ bus, store, place }: AssignmentOptions, state: ChainState) {
  const offset = state.lastOffset ?? 0n;
  const { first, next } = await bus.bounds(place);
  if (next <= offset) {
    throw diverged(place, `the log ends at ${next}, and offset ${offset} is sealed`);
  }
  if (offset < first) return;
  const [record] = await bus.read(place, { from: offset, recordsMax: 1, sizeBytesMax: 1 });
  const pos = state.nextPos - 1n;
  for await (const row of store.rows({ chain: hexOf(state.chain), from: pos, to: pos })) {
    if (record !== undefined && isSameRecord(record, offset, leafOfRow(row))) continue;
    throw diverged(place, `the log's record at offset ${offset} is not the one sealed`);
  }
}

function isSameRecord(record: LogRecord, offset: bigint, leaf: string): boolean {
  return record.offset === offset && leafOf(offset, sealedPart(record.value)) === leaf;
}

function diverged({ topic, partition }: Place, detail: string): SandtrailError {
  return new SandtrailError('CHAIN_DIVERGED', { detail: `${topic}/${partition}: ${detail}` });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const checkpointsMax = 100;
