// Records of one place that were read lately, in order and without a gap, up to a bound.
import type { LogRecord, ReadOptions } from '../bus.ts';

/** What one fetch brought: the records of the offsets from `from` up to `next`. */
export interface Chunk {
  readonly from: bigint;
  readonly next: bigint;
  readonly records: readonly LogRecord[];
}

interface SizedChunk extends Chunk {
  readonly sizeBytes: number;
}

/** A window over the newest part of what was read. */
export class RecordWindow {
  readonly #sizeBytesMax: number;
  #chunks: SizedChunk[] = [];
  #sizeBytes = 0;

  constructor({ sizeBytesMax }: { readonly sizeBytesMax: number }) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  /** The offset after the newest, or undefined when there is nothing. */
  get next(): bigint | undefined {
    return this.#chunks.at(-1)?.next;
  }

  /** How much of it lies behind `offset`, give or take a fetch. */
  bytesAfter(offset: bigint): number {
    return this.#chunks.reduce((sum, each) => sum + (each.from < offset ? 0 : each.sizeBytes), 0);
  }

  /** Takes what follows the window; anything else begins it anew. The oldest give way. */
  extend(chunk: Chunk): void {
    if (chunk.from !== this.next) this.#clear();
    const sizeBytes = chunk.records.reduce((sum, { value }) => sum + value.length, 0);
    this.#chunks.push({ ...chunk, sizeBytes });
    this.#sizeBytes += sizeBytes;
    while (this.#sizeBytes > this.#sizeBytesMax && this.#chunks.length > 1) {
      this.#sizeBytes -= this.#chunks.shift()?.sizeBytes ?? 0;
    }
  }

  /** Records from `from` on within the bounds; undefined when the window does not have that offset. */
  serve({ from, recordsMax, sizeBytesMax }: ReadOptions): readonly LogRecord[] | undefined {
    const [oldest] = this.#chunks;
    if (oldest === undefined || from < oldest.from || from >= (this.next ?? 0n)) return undefined;
    const served: LogRecord[] = [];
    let sizeBytes = 0;
    for (const chunk of this.#chunks) {
      if (chunk.next <= from) continue;
      for (const record of chunk.records) {
        if (record.offset < from) continue;
        sizeBytes += record.value.length;
        const isOver = served.length >= recordsMax || sizeBytes > sizeBytesMax;
        if (isOver && served.length > 0) return served;
        served.push(record);
      }
    }
    return served.length === 0 ? undefined : served;
  }

  #clear(): void {
    this.#chunks = [];
    this.#sizeBytes = 0;
  }
}
