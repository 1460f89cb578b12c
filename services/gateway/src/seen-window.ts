// Which records were accepted lately: tells a retransmission from an equivocation, within a bound.

/** One record's identity, and the batch that it came with. */
export interface SeenRecord {
  readonly stream: string;
  readonly seq: bigint;
  /** 32 bytes as a latin-1 string. */
  readonly bodyHash: string;
  readonly batch: number;
}

interface SeenWindowOptions {
  /** Bound of all streams together, in records. */
  readonly recordsMax: number;
  /** Bound of one stream; a power of two. */
  readonly recordsPerStreamMax: number;
}

const slotsMin = 64;
const hashBytes = 32;

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
    const batch = stream.batchOf(record.seq);
    if (batch === undefined) {
      this.#slots += stream.put(record);
      if (this.#slots > this.#options.recordsMax) this.#dropOldestStream();
      return 'fresh';
    }
    if (!stream.hasBody(record)) return 'equivocation';
    const isDurable = batch === record.batch || !this.#underWay.has(batch);
    return isDurable ? 'retransmission' : 'fresh';
  }

  /** Ends a batch; when it did not become durable, its records are forgotten. */
  settle(batch: number, outcome: { readonly failed: readonly SeenRecord[] }) {
    this.#underWay.delete(batch);
    for (const { stream, seq } of outcome.failed) {
      const window = this.#streams.get(stream);
      if (window?.batchOf(seq) === batch) window.forget(seq);
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

/**
 * One stream's records in slots by their number; it grows to its bound, then the old give way.
 * They lie in flat memory: as objects each would outlive two collections before it gives way.
 */
class StreamWindow {
  readonly #slotsMax: number;
  #seqs = new BigUint64Array(slotsMin);
  /** The batch that each came with; 0 in a slot that is free. */
  #batches = new Float64Array(slotsMin);
  #hashes = Buffer.alloc(slotsMin * hashBytes);

  constructor(slotsMax: number) {
    this.#slotsMax = slotsMax;
  }

  get slots(): number {
    return this.#seqs.length;
  }

  /** The batch that the record with this number came with; undefined when it is not known. */
  batchOf(seq: bigint): number | undefined {
    const slot = this.#slot(seq);
    return this.#seqs[slot] === seq ? this.#batches[slot] || undefined : undefined;
  }

  /** True when the record that is known under the number has this body. */
  hasBody({ seq, bodyHash }: SeenRecord): boolean {
    const at = this.#slot(seq) * hashBytes;
    return this.#hashes.toString('latin1', at, at + hashBytes) === bodyHash;
  }

  /** Stores a record and returns by how many slots the window grew for it. */
  put({ seq, bodyHash, batch }: SeenRecord): number {
    const before = this.slots;
    while (this.#batches[this.#slot(seq)] !== 0 && this.slots < this.#slotsMax) this.#grow();
    const slot = this.#slot(seq);
    this.#seqs[slot] = seq;
    this.#batches[slot] = batch;
    this.#hashes.write(bodyHash, slot * hashBytes, hashBytes, 'latin1');
    return this.slots - before;
  }

  forget(seq: bigint) {
    this.#batches[this.#slot(seq)] = 0;
  }

  #grow() {
    const [seqs, batches, hashes] = [this.#seqs, this.#batches, this.#hashes];
    this.#seqs = new BigUint64Array(seqs.length * 2);
    this.#batches = new Float64Array(seqs.length * 2);
    this.#hashes = Buffer.alloc(hashes.length * 2);
    for (const [from, seq] of seqs.entries()) {
      const batch = batches[from];
      if (batch === undefined || batch === 0) continue;
      const to = this.#slot(seq);
      this.#seqs[to] = seq;
      this.#batches[to] = batch;
      hashes.copy(this.#hashes, to * hashBytes, from * hashBytes, (from + 1) * hashBytes);
    }
  }

  /** The lowest bits of the number: consecutive numbers never share a slot. */
  #slot(seq: bigint): number {
    return Number(BigInt.asUintN(32, seq)) & (this.#seqs.length - 1);
  }
}
