// The newest batches of one place in memory, so that a reader at the tail needs no disk.
import { type Batch, decodeBatch, type ReadSoFar } from './batch.ts';
import type { ReadOptions } from './bus.ts';

/** A ring bounded by bytes; what falls out is still on disk. */
export class RecentBatches {
  readonly #sizeBytesMax: number;
  #batches: Batch[] = [];
  #sizeBytes = 0;

  constructor(options: { readonly sizeBytesMax: number }) {
    this.#sizeBytesMax = options.sizeBytesMax;
  }

  push(batch: Batch) {
    this.#batches.push(batch);
    this.#sizeBytes += batch.bytes.length;
    let dropped = 0;
    while (this.#sizeBytes > this.#sizeBytesMax) {
      this.#sizeBytes -= this.#batches[dropped]?.bytes.length ?? 0;
      dropped += 1;
    }
    if (dropped > 0) this.#batches = this.#batches.slice(dropped);
  }

  /** Reads from memory; false when `from` is older than what is kept. */
  read(options: ReadOptions, out: ReadSoFar): boolean {
    const from = Number(options.from);
    const oldest = this.#batches[0];
    if (oldest === undefined || from < oldest.first) return false;
    for (const batch of this.#batches) {
      if (batch.first + batch.records <= from) continue;
      if (!decodeBatch(batch, options, out)) break;
    }
    return true;
  }
}
