// Distinct texts and their bytes in a sliding window, counted incrementally in a few buckets.
import { Uint64 } from '@sandtrail/schemas/scalars';
import * as z from 'zod';

const bucketsMax = 6;

/** A window's snapshot. */
export const UniqueWindowState = z.array(
  z.strictObject({
    startNs: Uint64,
    bytes: z.int(),
    encoded: z.int(),
    overflow: z.int(),
    seen: z.array(z.int()),
  }),
);

interface Bucket {
  readonly startNs: bigint;
  bytes: number;
  encoded: number;
  /** Distinct texts past the bound: counted, not remembered. */
  overflow: number;
  readonly seen: Set<number>;
}

/** What a window holds now. */
export interface UniqueTotals {
  readonly unique: number;
  /** Bytes of the distinct texts. */
  readonly bytes: number;
  /** How many of the distinct texts look encoded. */
  readonly encoded: number;
}

interface WindowOptions {
  readonly windowNs: bigint;
  /** Most distinct texts that are remembered; beyond it each one counts as new. */
  readonly uniqueMax: number;
}

/** Six buckets that together span the window; the oldest falls out as a whole. */
export class UniqueWindow {
  readonly #bucketNs: bigint;
  readonly #uniqueMax: number;
  #buckets: Bucket[] = [];

  constructor({ windowNs, uniqueMax }: WindowOptions) {
    this.#bucketNs = windowNs / BigInt(bucketsMax);
    this.#uniqueMax = uniqueMax;
  }

  /** Adds a text at an event time; a time before the newest bucket counts in that bucket. */
  add(
    text: string,
    { timeNs, encoded }: { readonly timeNs: bigint; readonly encoded: boolean },
  ): UniqueTotals {
    const bucket = this.#bucketAt(timeNs);
    const digest = textDigest(text);
    if (!this.#buckets.some(({ seen }) => seen.has(digest))) {
      bucket.bytes += text.length;
      bucket.encoded += encoded ? 1 : 0;
      if (this.#size() < this.#uniqueMax) bucket.seen.add(digest);
      else bucket.overflow += 1;
    }
    return this.totals();
  }

  totals(): UniqueTotals {
    let [unique, bytes, encoded] = [0, 0, 0];
    for (const bucket of this.#buckets) {
      unique += bucket.seen.size + bucket.overflow;
      bytes += bucket.bytes;
      encoded += bucket.encoded;
    }
    return { unique, bytes, encoded };
  }

  snapshot(): z.infer<typeof UniqueWindowState> {
    return this.#buckets.map((bucket) => ({ ...bucket, seen: [...bucket.seen] }));
  }

  restore(buckets: z.infer<typeof UniqueWindowState>): void {
    this.#buckets = buckets.map((bucket) => ({ ...bucket, seen: new Set(bucket.seen) }));
  }

  #size(): number {
    return this.#buckets.reduce((sum, { seen }) => sum + seen.size, 0);
  }

  #bucketAt(timeNs: bigint): Bucket {
    const startNs = timeNs - (timeNs % this.#bucketNs);
    const newest = this.#buckets.at(-1);
    if (newest !== undefined && startNs <= newest.startNs) return newest;
    const bucket = { startNs, bytes: 0, encoded: 0, overflow: 0, seen: new Set<number>() };
    const oldestNs = startNs - this.#bucketNs * BigInt(bucketsMax - 1);
    this.#buckets = [...this.#buckets.filter((each) => each.startNs >= oldestNs), bucket];
    return bucket;
  }
}

/** 53 bits of a multiplicative hash, fast and the same everywhere; collisions only undercount. */
function textDigest(text: string): number {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 2_654_435_761);
    high = Math.imul(high ^ unit, 1_597_334_677);
  }
  low =
    Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  high =
    Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  return 4_294_967_296 * (0x1f_ffff & high) + (low >>> 0);
}
