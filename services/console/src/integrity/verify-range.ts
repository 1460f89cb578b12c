// One look at a range of a chain: its rows, and the signed checkpoints that end in it.
import { parseCheckpoint } from '@sandtrail/chain/checkpoint';
import { type Hash, hashOfBytes, hexOf } from '@sandtrail/chain/hash';
import { parseNote, verifyNote } from '@sandtrail/chain/note';
import type { VerifierKey } from '@sandtrail/chain/verifier-key';
import { type RangeFault, RangeWalk } from '@sandtrail/chain/verify-range';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { RangeVerdict } from '@sandtrail/schemas/events/control-verification';
import type { StoreReader } from '@sandtrail/store/store';
import * as z from 'zod';
import type { Queries } from '../events/queries.ts';

/** The rows are read as the store has them. */
export type RangeReader = Pick<StoreReader, 'rowBatches'>;

interface RangeOptions {
  readonly store: RangeReader;
  readonly queries: Queries;
  readonly keys: readonly VerifierKey[];
  readonly chain: string;
  readonly from: bigint;
  /** Included. */
  readonly to: bigint;
  /** Told how many rows were gone through. */
  readonly progress: (rows: bigint) => void;
  readonly signal: AbortSignal;
}

/** What was found: nothing is said about rows that were not looked at. */
export interface RangeTold {
  readonly verdict: RangeVerdict;
  readonly rows: bigint;
  readonly fault: RangeFault | undefined;
  readonly detail: string | null;
}

const Note = z.object({ note: z.string() });
const notesMax = 64;

/** Never throws: what could not be read is told as `stopped` and why. */
export async function verifyRange(options: RangeOptions): Promise<RangeTold> {
  try {
    return await look(options);
  } catch (error) {
    const why = error instanceof SandtrailError ? error.message : 'the rows could not be read';
    const detail = options.signal.aborted ? 'the console was closed' : why.slice(0, 1024);
    return { verdict: 'stopped', rows: 0n, fault: undefined, detail };
  }
}

async function look(options: RangeOptions): Promise<RangeTold> {
  const { store, chain, from, to, signal, progress } = options;
  const heads = await headsIn(options);
  const walk = new RangeWalk({ chain, from, before: await linkBefore(options) });
  let confirmedTo: bigint | undefined;
  let refuted: RangeFault | undefined;
  for await (const rows of store.rowBatches({ chain, from, to, signal })) {
    signal.throwIfAborted();
    for (const row of rows) {
      if (!walk.step(row)) break;
      const head = heads.get(row.pos);
      if (head === undefined || walk.next !== row.pos + 1n) continue;
      if (head === walk.link) confirmedTo = row.pos;
      else refuted ??= contradiction(row.pos);
    }
    progress(walk.rows);
  }
  const fault = walk.end(to) ?? refuted;
  if (fault !== undefined) {
    const verdict = fault.code === 'gap' ? 'gap' : 'broken';
    return { verdict, rows: walk.rows, fault, detail: fault.detail };
  }
  const end = hexOf(walk.link).slice(0, 16);
  if (confirmedTo === undefined) {
    const detail = `the rows follow one another (link ${end}…), but no signed checkpoint ends among them`;
    return { verdict: 'unanchored', rows: walk.rows, fault, detail };
  }
  const detail = `a signed checkpoint confirms the rows to position ${confirmedTo}`;
  return { verdict: 'verified', rows: walk.rows, fault, detail };
}

function contradiction(position: bigint): RangeFault {
  const detail = 'a signed checkpoint has another link at this position';
  return { code: 'inconsistent', position, detail };
}

async function linkBefore({ store, chain, from, signal }: RangeOptions): Promise<Hash | undefined> {
  if (from === 0n) return undefined;
  const pos = from - 1n;
  for await (const [row] of store.rowBatches({ chain, from: pos, to: pos, signal })) {
    const link = row?.link === undefined ? undefined : hashOfBytes(row.link);
    if (link !== undefined) return link;
  }
  throw new SandtrailError('NOT_FOUND', { detail: `the row before position ${from}` });
}

/** The link at each position that a believed checkpoint ends at: the newest of the range. */
async function headsIn({ queries, keys, chain, from, to, signal }: RangeOptions) {
  const notes = await queries.rows({
    sql: `
SELECT JSONExtractString(body, 'note') AS note FROM sealed
WHERE kind = 'control.checkpoint' AND subject = {signed:String}
  AND toUInt64OrZero(JSONExtractString(body, 'size')) > {from:UInt64}
  AND toUInt64OrZero(JSONExtractString(body, 'size')) <= {to:UInt64} + 1
ORDER BY pos DESC LIMIT ${notesMax}`,
    params: { signed: chain, from, to },
    row: Note,
    signal,
  });
  const heads = new Map<bigint, Hash>();
  for (const { note } of notes) {
    const parsed = parseNote(note);
    const verdict = typeof parsed === 'string' ? undefined : verifyNote(parsed, keys);
    if (verdict?.code !== 'verified') continue;
    const checkpoint = parseCheckpoint(verdict.text);
    if (typeof checkpoint === 'string' || hexOf(checkpoint.chain) !== chain) continue;
    heads.set(checkpoint.size - 1n, checkpoint.link);
  }
  return heads;
}
