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
 * Yields rows by position. A row that comes early waits until those before it came or until the
 * bound is reached, when what waits goes on and what is missing stays missing. A row that comes
 * after its turn is yielded at once, for the reader to compare with what it saw.
 */
export async function* inOrder(
  rows: AsyncIterable<SealedRow>,
  bounds: OrderBounds = orderBounds,
): AsyncGenerator<SealedRow> {
  const waiting = new Map<bigint, SealedRow[]>();
  let count = 0;
  let sizeBytes = 0;
  let next = 0n;
  const take = (pos: bigint): readonly SealedRow[] => {
    const due = waiting.get(pos) ?? [];
    waiting.delete(pos);
    count -= due.length;
    for (const row of due) sizeBytes -= sizeOf(row);
    return due;
  };
  for await (const row of rows) {
    if (row.pos > next) {
      const same = waiting.get(row.pos);
      if (same === undefined) waiting.set(row.pos, [row]);
      else same.push(row);
      count += 1;
      sizeBytes += sizeOf(row);
      if (count <= bounds.rowsMax && sizeBytes <= bounds.sizeBytesMax) continue;
      next = lowest(waiting.keys());
    } else {
      yield row;
      if (row.pos === next) next += 1n;
    }
    while (waiting.has(next)) {
      yield* take(next);
      next += 1n;
    }
  }
  for (const pos of [...waiting.keys()].sort((a, b) => (a < b ? -1 : 1))) yield* take(pos);
}

function sizeOf(row: SealedRow): number {
  return row.header.length + row.body.length;
}

function lowest(positions: Iterable<bigint>): bigint {
  let least: bigint | undefined;
  for (const pos of positions) if (least === undefined || pos < least) least = pos;
  return least ?? 0n;
}
