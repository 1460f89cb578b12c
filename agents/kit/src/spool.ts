// The spool: records on disk while the gateway is away or slow, oldest first, append-only, bounded.
// A write survives the death of the process at once (it is in the kernel) and a power cut from the
// end of its segment on (files are synchronised when they are closed).
import {
  closeSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { Counters } from '@sandtrail/runtime/counters';
import { syncDirectory } from './epoch.ts';
import { decodeSegment, encodeSegment } from './segment.ts';
import type { OutgoingRecord } from './shipper.ts';

/** Where the spool lies, and how large its files may become. */
export interface SpoolOptions {
  readonly dir: string;
  readonly segmentSizeBytesMax: number;
  readonly counters: Counters;
}

/** The oldest records; `release` removes them from the disk. */
export interface SpooledRecords {
  readonly records: readonly OutgoingRecord[];
  release(): void;
}

interface OpenSegment {
  readonly number: number;
  readonly handle: number;
  sizeBytes: number;
}

const firstNumber = 1_000_000_000;

/** One collector's spool. What earlier runs left in its directory comes first. */
export class Spool {
  readonly #options: SpoolOptions;
  /** Closed segments by number, oldest first, with their sizes. */
  readonly #closed: Map<number, number>;
  #open: OpenSegment | undefined;

  constructor(options: SpoolOptions) {
    this.#options = options;
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
    const numbers = readdirSync(options.dir)
      .map((name) => /^(\d{10})\.segment$/.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .toSorted((a, b) => a - b);
    this.#closed = new Map(numbers.map((number) => [number, statSync(this.#path(number)).size]));
  }

  get sizeBytes(): number {
    let sum = this.#open?.sizeBytes ?? 0;
    for (const size of this.#closed.values()) sum += size;
    return sum;
  }

  get isEmpty(): boolean {
    return this.#closed.size === 0 && this.#open === undefined;
  }

  /**
   * Appends records behind all others; they are in the kernel's hands when this returns. Throws
   * the file system's error, and then none of them was written.
   */
  append(records: readonly OutgoingRecord[]): void {
    const bytes = encodeSegment(records);
    const segment = this.#open ?? this.#start(Math.max(firstNumber, this.#last() + 1));
    this.#open = segment;
    writeWhole(segment, bytes);
    if (segment.sizeBytes >= this.#options.segmentSizeBytesMax) this.#finish(segment);
  }

  /** Puts records before all others: a batch that was on its way when the spool came into use. */
  prepend(records: readonly OutgoingRecord[]): void {
    const number =
      Math.min(firstNumber, ...this.#closed.keys(), this.#open?.number ?? firstNumber) - 1;
    const segment = this.#start(number);
    try {
      writeWhole(segment, encodeSegment(records));
    } finally {
      fdatasyncSync(segment.handle);
      closeSync(segment.handle);
    }
    const others = [...this.#closed];
    this.#closed.clear();
    for (const [each, size] of [[number, segment.sizeBytes] as const, ...others])
      this.#closed.set(each, size);
  }

  /** The records of the oldest segment, or nothing when the spool is empty. */
  oldest(): SpooledRecords | undefined {
    if (this.#closed.size === 0 && this.#open !== undefined) this.#finish(this.#open);
    const [number] = this.#closed.keys();
    if (number === undefined) return undefined;
    const file = this.#path(number);
    const { records, tornBytes } = decodeSegment(readFileSync(file));
    if (tornBytes > 0) this.#options.counters.add('kit.spool_torn_bytes', tornBytes);
    return {
      records,
      release: () => {
        this.#closed.delete(number);
        unlinkSync(file);
      },
    };
  }

  /** Synchronises what is open and lets go of it. */
  close(): void {
    if (this.#open !== undefined) this.#finish(this.#open);
    syncDirectory(this.#options.dir);
  }

  #path(number: number): string {
    return path.join(this.#options.dir, `${number}.segment`.padStart(18, '0'));
  }

  #last(): number {
    return Math.max(0, ...this.#closed.keys());
  }

  #start(number: number): OpenSegment {
    return { number, handle: openSync(this.#path(number), 'wx', 0o600), sizeBytes: 0 };
  }

  #finish(segment: OpenSegment): void {
    this.#open = undefined;
    try {
      fdatasyncSync(segment.handle);
    } finally {
      closeSync(segment.handle);
      this.#closed.set(segment.number, segment.sizeBytes);
    }
  }
}

/** Writes all the bytes, or takes back what was written of them. */
function writeWhole(segment: OpenSegment, bytes: Buffer): void {
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(segment.handle, bytes, done);
  } catch (error) {
    ftruncateSync(segment.handle, segment.sizeBytes);
    throw error;
  }
  segment.sizeBytes += bytes.length;
}
