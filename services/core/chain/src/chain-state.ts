// The sealing step: from a chain's state and the next records of its log to rows and a new state.
import { strict as assert } from 'node:assert';
import { SealState } from '@sandtrail/schemas/seal';
import { CompactRange, emptyRange, type RangeState, rangeFits } from './compact-range.ts';
import { type Hash, hashOfHex, hexOf } from './hash.ts';
import { leafOf, leafOfRow } from './leaf.ts';
import { genesisLink, nextLink } from './link.ts';
import type { SealedRow } from './row.ts';

/** Where a chain stands. A value: a step returns a new one and leaves this as it is. */
export interface ChainState {
  /** The chain id. */
  readonly chain: Hash;
  /** The position that the next record gets: the number of rows. */
  readonly nextPos: bigint;
  /** The log offset of the last record; undefined before the first. */
  readonly lastOffset: bigint | undefined;
  /** The link of the last row, or the genesis link. */
  readonly link: Hash;
  readonly range: RangeState;
}

/** One record of the log: its offset, and header and body with their length prefixes. */
export interface RecordToSeal {
  readonly offset: bigint;
  readonly sealedPart: Uint8Array;
}

/** What sealing adds to a record. `leaf` and `link` are 32 bytes each. */
export interface Seal {
  readonly pos: bigint;
  readonly offset: bigint;
  readonly leaf: Buffer;
  readonly link: Buffer;
}

/** The state of a chain before its genesis record. */
export function startChain(chain: Hash): ChainState {
  const link = genesisLink(chain);
  return { chain, nextPos: 0n, lastOffset: undefined, link, range: emptyRange };
}

/**
 * Seals the records in order. The result is a function of state and records alone: any cut of the
 * same records into batches gives the same rows. Offsets must rise; a hole in them is sealed as it
 * is, and the verifier names it `offset_gap`.
 */
export function sealRecords(
  state: ChainState,
  records: readonly RecordToSeal[],
): { readonly seals: readonly Seal[]; readonly state: ChainState } {
  const range = new CompactRange(state.range);
  const hashes = Buffer.allocUnsafe(records.length * 64);
  const seals: Seal[] = [];
  let { nextPos, lastOffset, link } = state;
  let at = 0;
  for (const { offset, sealedPart } of records) {
    assert(lastOffset === undefined || offset > lastOffset, 'offsets rise within a partition');
    const leaf = leafOf(offset, sealedPart);
    link = nextLink(link, nextPos, leaf);
    range.append(leaf);
    hashes.write(leaf, at, 'latin1');
    hashes.write(link, at + 32, 'latin1');
    seals.push({
      pos: nextPos,
      offset,
      leaf: hashes.subarray(at, at + 32),
      link: hashes.subarray(at + 32, at + 64),
    });
    at += 64;
    nextPos += 1n;
    lastOffset = offset;
  }
  return { seals, state: { chain: state.chain, nextPos, lastOffset, link, range: range.state() } };
}

/** Where stored rows stop agreeing with what is recomputed from a state. */
export interface Replay {
  /** After the last row that agreed. */
  readonly state: ChainState;
  /** The first row that did not: its position, and what is wrong with it, in words. */
  readonly mismatch: { readonly pos: bigint; readonly detail: string } | undefined;
}

/** Recomputes stored rows, in order, from a state that is believed; stops at the first mismatch. */
export function replayRows(from: ChainState, rows: Iterable<SealedRow>): Replay {
  const range = new CompactRange(from.range);
  let { nextPos, lastOffset, link } = from;
  const stateNow = (): ChainState => ({
    chain: from.chain,
    nextPos,
    lastOffset,
    link,
    range: range.state(),
  });
  for (const row of rows) {
    const leaf = leafOfRow(row);
    const computed = nextLink(link, nextPos, leaf);
    const detail = mismatchOf(row, { nextPos, lastOffset, computed });
    if (detail !== undefined) return { state: stateNow(), mismatch: { pos: nextPos, detail } };
    range.append(leaf);
    link = computed;
    lastOffset = row.offset;
    nextPos += 1n;
  }
  return { state: stateNow(), mismatch: undefined };
}

interface Expected {
  readonly nextPos: bigint;
  readonly lastOffset: bigint | undefined;
  readonly computed: Hash;
}

function mismatchOf(row: SealedRow, expected: Expected): string | undefined {
  if (row.pos !== expected.nextPos) return `the row found has position ${row.pos}`;
  if (expected.lastOffset !== undefined && row.offset <= expected.lastOffset)
    return `offset ${row.offset} does not follow ${expected.lastOffset}`;
  if (row.link !== undefined && row.link.toString('latin1') !== expected.computed)
    return 'the stored link is not the one that the row gives';
  return undefined;
}

/** The chain's head in hexadecimal, as a checkpoint or a report names it. */
export function headOf(state: ChainState) {
  const root = new CompactRange(state.range).root();
  return {
    chain: hexOf(state.chain),
    size: state.nextPos,
    link: hexOf(state.link),
    root: hexOf(root),
  };
}

/** The state as JSON text, for a store or a file. */
export function encodeState(state: ChainState): string {
  const encoded = SealState.encode({
    v: 1,
    chain: hexOf(state.chain),
    size: state.nextPos,
    lastOffset: state.lastOffset ?? null,
    link: hexOf(state.link),
    nodes: state.range.nodes.map(hexOf),
  });
  return JSON.stringify(encoded);
}

/** Reads a state back, or says in words why the text is not one. */
export function decodeState(text: string): ChainState | string {
  const parsed = SealState.safeParse(parseJson(text));
  if (!parsed.success) return parsed.error.issues.map((issue) => issue.message).join('; ');
  const { chain, size, lastOffset, link, nodes } = parsed.data;
  const range = { size: Number(size), nodes: nodes.map(hashOfHex) };
  if (!rangeFits(range)) return `${nodes.length} tree nodes do not fit ${size} leaves`;
  return {
    chain: hashOfHex(chain),
    nextPos: size,
    lastOffset: lastOffset ?? undefined,
    link: hashOfHex(link),
    range,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error instanceof Error ? undefined : error;
  }
}
