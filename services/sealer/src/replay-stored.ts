// Recomputes a chain over its stored rows, past benign duplicates, and stops at what does not agree.
import { type ChainState, replayRows } from '@sandtrail/chain/chain-state';
import { hexOf } from '@sandtrail/chain/hash';
import type { SealedRow } from '@sandtrail/chain/row';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { StoreReader } from '@sandtrail/store/store';

interface ReplayOptions {
  readonly store: Pick<StoreReader, 'rowBatches'>;
  /** A state that is believed. */
  readonly state: ChainState;
  /** How many rows the chain has at the end. */
  readonly size: bigint;
  /** Sees every row that agreed, once. */
  readonly seen?: (row: SealedRow) => void;
}

/**
 * The state after `size` rows.
 * @throws SandtrailError `CHAIN_DIVERGED` when a row is missing, differs from its link, or stands
 * twice with different bytes.
 */
export async function replayStored({ store, state, size, seen }: ReplayOptions) {
  let now = state;
  if (now.nextPos >= size) return now;
  const chain = hexOf(state.chain);
  let last: SealedRow | undefined;
  for await (const rows of store.rowBatches({ chain, from: now.nextPos, to: size - 1n })) {
    const fresh: SealedRow[] = [];
    for (const row of rows) {
      if (row.pos === last?.pos) {
        if (!isSame(row, last)) throw diverged(chain, `position ${row.pos} has two rows`);
        continue;
      }
      fresh.push(row);
      last = row;
    }
    const replay = replayRows(now, fresh);
    if (replay.mismatch !== undefined) {
      const { pos, detail } = replay.mismatch;
      throw diverged(chain, `position ${pos}: ${detail}`);
    }
    now = replay.state;
    if (seen !== undefined) fresh.forEach(seen);
  }
  if (now.nextPos < size) throw diverged(chain, `position ${now.nextPos} is missing`);
  return now;
}

function isSame(a: SealedRow, b: SealedRow): boolean {
  const links = a.link !== undefined && b.link !== undefined && a.link.equals(b.link);
  return links && a.offset === b.offset && a.header.equals(b.header) && a.body.equals(b.body);
}

function diverged(chain: string, detail: string): SandtrailError {
  return new SandtrailError('CHAIN_DIVERGED', { detail: `chain ${chain}, ${detail}` });
}
