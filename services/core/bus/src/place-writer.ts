// Writes one place: batches into the newest segment, a new segment when that one is full.
import { existsSync } from 'node:fs';
import type { Clock } from '@sandtrail/runtime/clock';
import { SandtrailError } from '@sandtrail/schemas/errors';
import { type Batch, encodeBatch } from './batch.ts';
import { RecentBatches } from './recent-batches.ts';
import { createSegment, listSegments, removeSegment, Segment, segmentPath } from './segment.ts';

/** A row this large keeps a read from the middle of a batch cheap. */
const batchSizeBytesMax = 512 * 1024;

interface PlaceWriterOptions {
  readonly dir: string;
  readonly log: string;
  readonly place: string;
  readonly clock: Clock;
  readonly segmentSizeBytesMax: number;
  readonly segmentRecordsMax: number;
  readonly recentSizeBytesMax: number;
}

/** The writing side of one place; calls are synchronous and durable when they return. */
export class PlaceWriter {
  readonly #options: PlaceWriterOptions;
  readonly recent: RecentBatches;
  #segment: Segment;
  #segmentSizeBytes = 0;
  #appendedAtMs: number;
  next: number;

  /** @throws SandtrailError `DATA_DIR_DAMAGED` when segments are missing or cannot be read. */
  constructor(options: PlaceWriterOptions) {
    this.#options = options;
    this.recent = new RecentBatches({ sizeBytesMax: options.recentSizeBytesMax });
    this.#segment = this.#openNewest();
    const last = this.#segment.last();
    this.next = last === undefined ? this.#segment.first : last.first + last.records;
    this.#appendedAtMs = last?.appendedAtMs ?? 0;
    this.#segmentSizeBytes = this.#segment.sizeBytes();
  }

  /** Appends the values in one transaction; none of them is written when it throws. */
  append(values: readonly Buffer[]) {
    const nowMs = Number(this.#options.clock.nowNs() / 1_000_000n);
    const appendedAtMs = Math.max(this.#appendedAtMs, nowMs);
    const batches = cut(values, { first: this.next, appendedAtMs });
    const sizeBytes = batches.reduce((sum, batch) => sum + batch.bytes.length, 0);
    if (this.#isFull(values.length, sizeBytes)) this.#roll(batches);
    else this.#segment.write(batches);
    this.#segmentSizeBytes += sizeBytes;
    this.#appendedAtMs = appendedAtMs;
    this.next += values.length;
    for (const batch of batches) this.recent.push(batch);
  }

  /** Removes whole segments all of whose records lie before `before`; returns how many. */
  release(before: number): number {
    const firsts = listSegments(this.#options.dir);
    const end = firsts.findLastIndex((first) => first <= before);
    const released = firsts.slice(0, Math.max(end, 0));
    for (const first of released) removeSegment(segmentPath(this.#options.dir, first));
    return released.length;
  }

  close() {
    this.#segment.close();
  }

  #isFull(records: number, sizeBytes: number): boolean {
    const { segmentSizeBytesMax, segmentRecordsMax } = this.#options;
    if (this.next === this.#segment.first) return false;
    const recordsAfter = this.next - this.#segment.first + records;
    return (
      recordsAfter > segmentRecordsMax || this.#segmentSizeBytes + sizeBytes > segmentSizeBytesMax
    );
  }

  #roll(batches: readonly Batch[]) {
    const { dir, log, place } = this.#options;
    const identity = { log, place, first: this.next };
    createSegment(dir, identity, batches);
    const segment = new Segment(dir, identity, { readOnly: false });
    this.#segment.close();
    this.#segment = segment;
    this.#segmentSizeBytes = 0;
  }

  #openNewest(): Segment {
    const { dir, log, place } = this.#options;
    if (!existsSync(dir)) throw new SandtrailError('DATA_DIR_DAMAGED', { detail: `no ${dir}` });
    let previous: Segment | undefined;
    for (const first of listSegments(dir)) {
      const segment = new Segment(dir, { log, place, first }, { readOnly: false });
      const expected = previous?.next() ?? first;
      previous?.close();
      previous = segment;
      if (first === expected) continue;
      segment.close();
      const detail = `${dir}: records ${expected} to ${first} are missing`;
      throw new SandtrailError('DATA_DIR_DAMAGED', { detail });
    }
    if (previous !== undefined) return previous;
    throw new SandtrailError('DATA_DIR_DAMAGED', { detail: `${dir}: it has no segment` });
  }
}

function cut(
  values: readonly Buffer[],
  origin: { readonly first: number; readonly appendedAtMs: number },
): readonly Batch[] {
  const batches: Batch[] = [];
  let start = 0;
  let sizeBytes = 0;
  values.forEach((value, index) => {
    if (index > start && sizeBytes + value.length > batchSizeBytesMax) {
      batches.push(
        encodeBatch(values.slice(start, index), { ...origin, first: origin.first + start }),
      );
      start = index;
      sizeBytes = 0;
    }
    sizeBytes += value.length;
  });
  batches.push(encodeBatch(values.slice(start), { ...origin, first: origin.first + start }));
  return batches;
}
