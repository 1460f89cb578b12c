// Verifies one chain: identity, links, tree, heads, and the streams that it carries.
import { ControlCheckpoint } from '@sandtrail/schemas/events/control-checkpoint';
import { ControlGenesis } from '@sandtrail/schemas/events/control-genesis';
import type { VerifyCode } from '@sandtrail/schemas/seal';
import { parseBody, readBodyStart } from './body-start.ts';
import { ChainWalk } from './chain-walk.ts';
import type { FindingLog } from './finding-log.ts';
import { type Hash, hashOfBytes, hashOfHex, hexOf } from './hash.ts';
import { HeadCheck } from './head-check.ts';
import { chainId, type LogPlace } from './identity.ts';
import type { KnownHead, KnownHeads } from './known-heads.ts';
import { leafOfRow } from './leaf.ts';
import { genesisLink, nextLink } from './link.ts';
import type { Producers } from './producers.ts';
import type { SealedRow } from './row.ts';
import { RowOrder } from './row-order.ts';

/** One chain to verify. */
export interface ChainSource {
  /** Which partition of which log the rows are said to seal. */
  readonly identity: LogPlace;
  /** The chain id that the store or bundle states, in hexadecimal; the genesis record must give it. */
  readonly chain?: string;
  /** The rows, best in order of position; read once. */
  readonly rows: AsyncIterable<SealedRow>;
  /** Asked when rows are missing: true when the source knows, and says, that it lost so many. */
  readonly incomplete?: (missing: bigint) => boolean;
}

/** What the chains of one verification share. */
export interface VerifyContext {
  readonly heads: KnownHeads;
  readonly findings: FindingLog;
  readonly producers: Producers;
}

/** What was read of a chain, and whether something outside confirms it. */
export interface ChainOutcome {
  readonly identity: LogPlace;
  /** In hexadecimal; undefined when no row came and none was stated. */
  readonly chain: string | undefined;
  readonly first: bigint;
  readonly last: bigint;
  readonly count: bigint;
  /** The link after the last row, in hexadecimal. */
  readonly head: string;
  readonly anchored: boolean;
  readonly sealed: boolean;
  /** The largest head that goes beyond the rows. */
  readonly beyond: KnownHead | undefined;
}

/** The topic whose chain holds the checkpoints of all chains; it must be verified first. */
export const sealingTopic = 'control';

/**
 * Reads the chain's rows once and adds what is wrong to `context.findings`. Holds a bounded number
 * of rows; whether heads beyond the rows mean `truncated` or `rollback` is left to `verifyAll`.
 */
export async function verifyChain(
  source: ChainSource,
  context: VerifyContext,
): Promise<ChainOutcome> {
  let reading: Reading | undefined;
  let count = 0n;
  let first = 0n;
  const order = new RowOrder((row) => {
    if (reading === undefined) {
      reading = startReading(source, row, context);
      first = row.pos;
    }
    count += 1n;
    reading.walk.step(row);
    reading.check.step(reading.walk);
  });
  for await (const row of source.rows) order.take(row);
  order.end();
  if (reading === undefined) return emptyOutcome(source, context);
  const { walk, check, chain } = reading;
  walk.end();
  const { finding, ...outcome } = check.end(walk);
  const broken = context.findings.has('equivocation', chain);
  if (finding !== undefined && !broken) context.findings.add({ ...finding, chain });
  reading.nameIdentity();
  return {
    identity: source.identity,
    chain,
    first,
    last: walk.next - 1n,
    count,
    head: hexOf(walk.link ?? '\0'.repeat(32)),
    ...outcome,
  };
}

interface Reading {
  readonly chain: string;
  readonly walk: ChainWalk;
  readonly check: HeadCheck;
  /** Names what is wrong with the chain's identity, unless its first row was named already. */
  readonly nameIdentity: () => void;
}

function startReading(source: ChainSource, firstRow: SealedRow, context: VerifyContext): Reading {
  const { findings, producers, heads } = context;
  const { id, wrong } = identify(source, firstRow);
  const chain = hexOf(id);
  const selfSealing = source.identity.topic === sealingTopic;
  const check = new HeadCheck({ heads: heads.of(chain), selfSealing });
  let firstRowNamed = false;
  const found = (code: VerifyCode, position: bigint, detail: string): void => {
    if (position === 0n) firstRowNamed = true;
    findings.add({ code, chain, position, detail });
  };
  const walk = new ChainWalk(genesisLink(id), {
    found,
    counted: (code, position, detail) => findings.count({ code, chain, position, detail }),
    sound: (row) => {
      producers.take(chain, row);
      if (!selfSealing) return;
      const head = sealedHead(row, { chain, heads });
      if (head !== undefined && hexOf(head.chain) === chain) check.addOwn(head, walk);
    },
    damaged: (from, to) => producers.damaged(chain, from, to),
    gapCode: (from, to) => {
      if (source.incomplete?.(to - from + 1n) === true) return 'incomplete_export';
      return from === 0n ? 'missing_prefix' : 'gap';
    },
  });
  const nameIdentity = () => {
    if (wrong !== undefined && !firstRowNamed)
      findings.add({ code: 'chain_identity', chain, position: 0n, detail: wrong });
  };
  return { chain, walk, check, nameIdentity };
}

interface Identity {
  readonly id: Hash;
  /** What does not fit, in words. */
  readonly wrong: string | undefined;
}

/** The chain's id: the one under which its first row's link holds, of the stated and the computed. */
function identify({ identity, chain }: ChainSource, row: SealedRow): Identity {
  const stated = chain === undefined ? undefined : hashOfHex(chain);
  if (row.pos !== 0n) return { id: stated ?? chainId(identity, ''), wrong: undefined };
  const genesis = ControlGenesis.safeParse(parseBody(row.body));
  if (!genesis.success) {
    const wrong = 'the record at position 0 is not a genesis record';
    return { id: stated ?? chainId(identity, ''), wrong };
  }
  const { log, topic, partition, random } = genesis.data;
  const computed = chainId({ log, topic, partition }, random);
  const link = row.link === undefined ? undefined : hashOfBytes(row.link);
  const holds = (id: Hash) => nextLink(genesisLink(id), 0n, leafOfRow(row)) === link;
  const id = stated === undefined || (!holds(stated) && holds(computed)) ? computed : stated;
  if (log !== identity.log || topic !== identity.topic || partition !== identity.partition) {
    const wrong = `the genesis record is of ${log}/${topic}/${partition}, not of ${identity.log}/${identity.topic}/${identity.partition}`;
    return { id, wrong };
  }
  const wrong =
    stated === undefined || stated === computed
      ? undefined
      : 'the genesis record gives another chain id than the one stated';
  return { id, wrong };
}

/** The head in a sealed checkpoint record, if the row is one. */
function sealedHead(
  row: SealedRow,
  { chain, heads }: { readonly chain: string; readonly heads: KnownHeads },
): KnownHead | undefined {
  if (readBodyStart(row.body)?.kind !== 'control.checkpoint') return undefined;
  const checkpoint = ControlCheckpoint.safeParse(parseBody(row.body));
  if (!checkpoint.success) return undefined;
  return heads.addNote(checkpoint.data.note, { source: 'sealed', chain, position: row.pos });
}

/** Every chain has its genesis record: one without rows is cut short or not all there. */
function emptyOutcome(source: ChainSource, { heads, findings }: VerifyContext): ChainOutcome {
  const { identity, chain } = source;
  const beyond = chain === undefined ? undefined : heads.of(chain).at(-1);
  const detail = `no rows of ${identity.log}/${identity.topic}/${identity.partition}`;
  const told = source.incomplete?.(1n) === true;
  if (beyond === undefined && !told)
    findings.add({ code: 'incomplete_export', chain: chain ?? null, position: null, detail });
  return {
    identity,
    chain,
    first: 0n,
    last: 0n,
    count: 0n,
    head: hexOf(chain === undefined ? '\0'.repeat(32) : genesisLink(hashOfHex(chain))),
    anchored: false,
    sealed: false,
    beyond,
  };
}
