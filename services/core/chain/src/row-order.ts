// Brings rows into order of position, within a bound: a bundle's lines may come in any order.
import type { SealedRow } from './row.ts';

/** How many rows, and bytes of rows, may wait for an earlier one. */
export interface OrderBounds {
  readonly rowsMax: number;
  readonly sizeBytesMax: number;
}

/** What the verifier allows to wait. */
export const orderBounds: OrderBounds = { rowsMax: 4096, sizeBytesMax: 16_777_216 };

/**
 * Hands rows on by position. A row that comes early waits until those before it came or until the
 * bound is reached, when what waits goes on and what is missing stays missing. A row that comes
 * after its turn is handed on at once, for the reader to compare with what it saw.
 */
export class RowOrder {
  readonly #hand: (row: SealedRow) => void;
  readonly #bounds: OrderBounds;
  readonly #waiting = new Map<bigint, SealedRow[]>();
  #count = 0;
  #sizeBytes = 0;
  #next = 0n;

  /** Calls `hand` for each row, before `take` or `end` returns. */
  constructor(hand: (row: SealedRow) => void, bounds: OrderBounds = orderBounds) {
    this.#hand = hand;
    this.#bounds = bounds;
  }

  take(row: SealedRow): void {
    if (row.pos > this.#next) {
      this.#wait(row);
      if (this.#count <= this.#bounds.rowsMax && this.#sizeBytes <= this.#bounds.sizeBytesMax)
        return;
      this.#next = lowest(this.#waiting.keys());
    } else {
      this.#hand(row);
      if (row.pos === this.#next) this.#next += 1n;
    }
    while (this.#count > 0 && this.#waiting.has(this.#next)) {
      this.#release(this.#next);
      this.#next += 1n;
    }
  }

  /** After the last row: what still waits goes on, with holes before it. */
  end(): void {
    for (const pos of [...this.#waiting.keys()].sort((a, b) => (a < b ? -1 : 1)))
      this.#release(pos);
  }

  #wait(row: SealedRow): void {
    const same = this.#waiting.get(row.pos);
    if (same === undefined) this.#waiting.set(row.pos, [row]);
    else same.push(row);
    this.#count += 1;
    this.#sizeBytes += sizeOf(row);
  }

  #release(pos: bigint): void {
    for (const row of this.#waiting.get(pos) ?? []) {
      this.#count -= 1;
      this.#sizeBytes -= sizeOf(row);
      this.#hand(row);
    }
    this.#waiting.delete(pos);
  }
}

function sizeOf(row: SealedRow): number {
  return row.header.length + row.body.length;
}

function lowest(positions: Iterable<bigint>): bigint {
  let least: bigint | undefined;
  for (const pos of positions) if (least === undefined || pos < least) least = pos;
  return least ?? 0n;
}
