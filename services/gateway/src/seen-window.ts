// Which records were accepted lately: tells a retransmission from an equivocation, within a bound.

/** One record's identity, and the batch that it came with. */
export interface SeenRecord {
  readonly stream: string;
  readonly seq: bigint;
  readonly bodyHash: string;
  readonly batch: number;
}

interface SeenWindowOptions {
  /** Bound of all streams together, in records. */
  readonly recordsMax: number;
  /** Bound of one stream; a power of two. */
  readonly recordsPerStreamMax: number;
}

type Seen = Omit<SeenRecord, 'stream'>;

const slotsMin = 64;

/**
 * The newest identities of each stream. What has fallen out is written again when it comes again:
 * that is harmless, since every reader of the log counts a (stream, seq) once.
 */
export class SeenWindow {
  readonly #options: SeenWindowOptions;
  readonly #streams = new Map<string, StreamWindow>();
  readonly #underWay = new Set<number>();
  #slots = 0;
  #batches = 0;

  constructor(options: SeenWindowOptions) {
    this.#options = options;
  }

  /** Begins a batch: until `settle`, only the batch itself takes its records as seen. */
  begin(): number {
    this.#batches += 1;
    this.#underWay.add(this.#batches);
    return this.#batches;
  }

  /**
   * Notes a record. `retransmission`: the log has (or this batch brings) the same body under the
   * same number; `equivocation`: another body; `fresh`: none that is known.
   */
  note(record: SeenRecord): 'fresh' | 'retransmission' | 'equivocation' {
    const stream = this.#stream(record.stream);
    const seen = stream.get(record.seq);
    if (seen === undefined) {
      this.#slots += stream.put(record);
      if (this.#slots > this.#options.recordsMax) this.#dropOldestStream();
      return 'fresh';
    }
    if (seen.bodyHash !== record.bodyHash) return 'equivocation';
    const isDurable = seen.batch === record.batch || !this.#underWay.has(seen.batch);
    return isDurable ? 'retransmission' : 'fresh';
  }

  /** Ends a batch; when it did not become durable, its records are forgotten. */
  settle(batch: number, outcome: { readonly failed: readonly SeenRecord[] }) {
    this.#underWay.delete(batch);
    for (const { stream, seq } of outcome.failed) {
      const window = this.#streams.get(stream);
      if (window?.get(seq)?.batch === batch) window.forget(seq);
    }
  }

  #stream(name: string): StreamWindow {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const stream = new StreamWindow(this.#options.recordsPerStreamMax);
    this.#slots += slotsMin;
    this.#streams.set(name, stream);
    return stream;
  }

  #dropOldestStream() {
    const [oldest] = this.#streams;
    if (oldest === undefined) return;
    this.#streams.delete(oldest[0]);
    this.#slots -= oldest[1].slots;
  }
}

/** One stream's records in slots by their number; it grows to its bound, then the old give way. */
class StreamWindow {
  readonly #slotsMax: number;
  #seen: (Seen | undefined)[] = new Array(slotsMin).fill(undefined);

  constructor(slotsMax: number) {
    this.#slotsMax = slotsMax;
  }

  get slots(): number {
    return this.#seen.length;
  }

  get(seq: bigint): Seen | undefined {
    const seen = this.#seen[this.#slot(seq)];
    return seen?.seq === seq ? seen : undefined;
  }

  /** Stores a record and returns by how many slots the window grew for it. */
  put({ seq, bodyHash, batch }: Seen): number {
    const before = this.#seen.length;
    while (this.#seen[this.#slot(seq)] !== undefined && this.#seen.length < this.#slotsMax) {
      const kept = this.#seen;
      this.#seen = new Array(kept.length * 2).fill(undefined);
      for (const seen of kept) if (seen !== undefined) this.#seen[this.#slot(seen.seq)] = seen;
    }
    this.#seen[this.#slot(seq)] = { seq, bodyHash, batch };
    return this.#seen.length - before;
  }

  forget(seq: bigint) {
    this.#seen[this.#slot(seq)] = undefined;
  }

  /** The lowest bits of the number: consecutive numbers never share a slot. */
  #slot(seq: bigint): number {
    return Number(BigInt.asUintN(32, seq)) & (this.#seen.length - 1);
  }
}
