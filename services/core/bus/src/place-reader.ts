// Reads one place's segments, also while another thread or process writes them.
import { SandtrailError } from '@sandtrail/schemas/errors';
import { decodeBatch, type ReadSoFar } from './batch.ts';
import type { LogRecord, ReadOptions } from './bus.ts';
import { listSegments, Segment } from './segment.ts';

/** Segments that stay open between reads: the one under way and the next. */
const openSegmentsMax = 2;

interface PlaceFiles {
  readonly dir: string;
  readonly log: string;
  readonly place: string;
}

/** The reading side of one place. */
export class PlaceReader {
  readonly #files: PlaceFiles;
  readonly #open = new Map<number, Segment>();
  #firsts: readonly number[];

  constructor(files: PlaceFiles) {
    this.#files = files;
    this.#firsts = listSegments(files.dir);
  }

  /**
   * Records from `options.from`, or from the first that is kept.
   * @throws SandtrailError `DATA_DIR_DAMAGED`
   */
  read(options: ReadOptions): readonly LogRecord[] {
    const records = this.#readWhatIsLeft(options);
    if (records.length > 0) return records;
    // The log may have rolled or been trimmed since: look at the directory again.
    this.#refresh();
    return this.#readKnown(options);
  }

  bounds(): { readonly first: bigint; readonly next: bigint } {
    this.#refresh();
    const first = this.#firsts[0];
    const newest = this.#firsts.at(-1);
    if (first === undefined || newest === undefined) throw this.#damaged('it has no segment');
    return { first: BigInt(first), next: BigInt(this.#segment(newest).next()) };
  }

  close() {
    for (const segment of this.#open.values()) segment.close();
    this.#open.clear();
  }

  /** Retention may have taken segments that are still known here. */
  #readWhatIsLeft(options: ReadOptions): readonly LogRecord[] {
    const [oldest] = this.#firsts;
    try {
      return this.#readKnown(options);
    } catch (error) {
      this.#refresh();
      if (this.#firsts[0] === oldest) throw error;
      return this.#readKnown(options);
    }
  }

  /** Reads from the segments that are known, up to their end or the options' bounds. */
  #readKnown(options: ReadOptions): readonly LogRecord[] {
    const out: ReadSoFar = { records: [], sizeBytes: 0 };
    let expected = Math.max(Number(options.from), this.#firsts[0] ?? 0);
    const start = this.#firsts.findLastIndex((first) => first <= expected);
    for (const first of this.#firsts.slice(Math.max(start, 0))) {
      if (first > expected) throw this.#damaged(`records ${expected} to ${first} are missing`);
      for (const batch of this.#segment(first).batches(expected)) {
        const isDense = batch.first <= expected && batch.first + batch.records > expected;
        if (!isDense) throw this.#damaged(`offset ${expected} is missing`);
        if (!decodeBatch(batch, options, out)) return out.records;
        expected = batch.first + batch.records;
      }
    }
    return out.records;
  }

  #segment(first: number): Segment {
    const known = this.#open.get(first);
    if (known !== undefined) return known;
    for (const [old, segment] of this.#open) {
      if (this.#open.size < openSegmentsMax) break;
      segment.close();
      this.#open.delete(old);
    }
    const { dir, log, place } = this.#files;
    const segment = new Segment(dir, { log, place, first }, { readOnly: true });
    this.#open.set(first, segment);
    return segment;
  }

  #refresh() {
    this.#firsts = listSegments(this.#files.dir);
    for (const [first, segment] of this.#open) {
      if (this.#firsts.includes(first)) continue;
      segment.close();
      this.#open.delete(first);
    }
  }

  #damaged(what: string): SandtrailError {
    return new SandtrailError('DATA_DIR_DAMAGED', { detail: `${this.#files.dir}: ${what}` });
  }
}
