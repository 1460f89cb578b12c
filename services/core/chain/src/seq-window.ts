// What a stream's last records were, so that a repeated sequence number can be compared.
import type { Hash } from './hash.ts';

const sizeMin = 64;
const sizeMax = 16_384;

/** Whether a repeated record is the same, another, or too far back to be compared. */
export type Repeat = 'same' | 'other' | 'too_far_back';

/** How many entries all windows together may still take: 8 bytes each. */
export interface WindowBudget {
  left: number;
}

/** 48 bits of the body hash of each of the last records: it grows with its stream, to a bound. */
export class SeqWindow {
  readonly #budget: WindowBudget;
  #marks: Float64Array;
  #next = 0;

  constructor(budget: WindowBudget) {
    this.#budget = budget;
    this.#marks = new Float64Array(sizeMin).fill(Number.NaN);
    budget.left -= sizeMin;
  }

  /** Records of a stream come in order, sometimes with holes. */
  add(seq: number, bodyHash: Hash): void {
    if (seq >= this.#marks.length) this.#grow();
    this.#marks[seq % this.#marks.length] = markOf(bodyHash);
    this.#next = seq + 1;
  }

  /** Marks sequence numbers that were passed over as unknown. */
  skip(from: number, to: number): void {
    const size = this.#marks.length;
    for (let seq = Math.max(from, to - size); seq < to; seq += 1)
      this.#marks[seq % size] = Number.NaN;
    this.#next = to;
  }

  compare(seq: number, bodyHash: Hash): Repeat {
    const size = this.#marks.length;
    const mark = seq < this.#next - size ? Number.NaN : this.#marks[seq % size];
    if (mark === undefined || Number.isNaN(mark)) return 'too_far_back';
    return mark === markOf(bodyHash) ? 'same' : 'other';
  }

  /** Gives the memory back; nothing can be compared any more. */
  release(): void {
    this.#budget.left += this.#marks.length;
    this.#marks = new Float64Array(0);
  }

  #grow(): void {
    const old = this.#marks;
    if (old.length >= sizeMax || old.length === 0 || this.#budget.left < old.length) return;
    this.#budget.left -= old.length;
    const grown = new Float64Array(old.length * 2).fill(Number.NaN);
    for (let seq = Math.max(0, this.#next - old.length); seq < this.#next; seq += 1)
      grown[seq % grown.length] = old[seq % old.length] ?? Number.NaN;
    this.#marks = grown;
  }
}

/** The first 48 bits of a hash as a number that a double holds exactly. */
function markOf(bodyHash: Hash): number {
  let mark = 0;
  for (let i = 0; i < 6; i += 1) mark = mark * 256 + bodyHash.charCodeAt(i);
  return mark;
}
