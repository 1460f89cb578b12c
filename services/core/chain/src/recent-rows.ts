// The last rows of a walk, by position, so that a repeated position can be compared.
import type { Hash } from './hash.ts';
import type { RunEntry } from './link-run.ts';

const rowsKept = 4096;

/** What is kept of a row. */
interface RecentRow {
  readonly pos: bigint;
  readonly leaf: Hash;
  readonly stored: Hash | undefined;
}

/** A ring of the last 4,096 positions. */
export class RecentRows {
  readonly #rows: RecentRow[] = [];

  add({ row, leaf, stored }: RunEntry): void {
    this.#rows[Number(row.pos % BigInt(rowsKept))] = { pos: row.pos, leaf, stored };
  }

  at(pos: bigint): RecentRow | undefined {
    const row = this.#rows[Number(pos % BigInt(rowsKept))];
    return row?.pos === pos ? row : undefined;
  }
}
