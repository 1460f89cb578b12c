// Verifies a range of one chain: every leaf and link from the row before it on, and signed heads in it.
import type { VerifyCode } from '@sandtrail/schemas/seal';
import { type Hash, hashOfBytes, hashOfHex } from './hash.ts';
import { leafOfRow } from './leaf.ts';
import { genesisLink, nextLink } from './link.ts';
import type { SealedRow } from './row.ts';

/** What is wrong first. */
export interface RangeFault {
  readonly code: VerifyCode;
  readonly position: bigint;
  readonly detail: string;
}

interface RangeStart {
  /** The chain's id in hexadecimal. */
  readonly chain: string;
  readonly from: bigint;
  /** The link of the row before `from`; none for position 0, where the chain's id gives it. */
  readonly before?: Hash | undefined;
}

interface Suspect {
  readonly pos: bigint;
  readonly stored: Hash;
}

/**
 * One walk over rows in order of position. The link before the range is taken as given: the rows
 * follow from it, and only a checkpoint that ends among them says that the signer saw them so.
 */
export class RangeWalk {
  #link: Hash;
  #next: bigint;
  #lastLeaf: Hash | undefined;
  #suspect: Suspect | undefined;
  #fault: RangeFault | undefined;
  #rows = 0n;

  constructor({ chain, from, before }: RangeStart) {
    this.#link = before ?? genesisLink(hashOfHex(chain));
    this.#next = from;
  }

  get rows(): bigint {
    return this.#rows;
  }

  /** The link after the last row. */
  get link(): Hash {
    return this.#link;
  }

  get next(): bigint {
    return this.#next;
  }

  /** Takes the next row; false once a fault is certain. */
  step(row: SealedRow): boolean {
    if (this.#fault !== undefined) return false;
    const leaf = leafOfRow(row);
    if (row.pos === this.#next - 1n && this.#rows > 0n) return this.#repeated(leaf, row.pos);
    if (row.pos !== this.#next) {
      this.#nameSuspect();
      const missing = `positions ${this.#next} to ${row.pos - 1n} are missing`;
      return this.#faultAt('gap', this.#next, missing);
    }
    const computed = nextLink(this.#link, row.pos, leaf);
    const stored = row.link === undefined ? computed : hashOfBytes(row.link);
    if (this.#suspect !== undefined) {
      // Who follows a row by its stored link shows that the row's content was changed afterwards.
      const follows = nextLink(this.#suspect.stored, row.pos, leaf) === stored;
      return this.#name(follows ? 'leaf_mismatch' : 'link_mismatch');
    }
    this.#next += 1n;
    this.#rows += 1n;
    this.#lastLeaf = leaf;
    if (stored === computed) {
      this.#link = computed;
      return true;
    }
    this.#suspect = { pos: row.pos, stored: stored ?? '' };
    return true;
  }

  /** Ends the walk: the fault, or undefined when every row up to `to` follows. */
  end(to: bigint): RangeFault | undefined {
    this.#nameSuspect();
    if (this.#fault === undefined && this.#next <= to)
      this.#faultAt('gap', this.#next, `positions ${this.#next} to ${to} are missing`);
    return this.#fault;
  }

  #repeated(leaf: Hash, pos: bigint): boolean {
    if (leaf === this.#lastLeaf) return true;
    return this.#faultAt('fork', pos, 'two different rows claim this position');
  }

  #nameSuspect(): void {
    if (this.#suspect !== undefined) this.#name('leaf_mismatch');
  }

  #name(code: 'leaf_mismatch' | 'link_mismatch'): boolean {
    const pos = this.#suspect?.pos ?? this.#next;
    const detail =
      code === 'leaf_mismatch'
        ? 'the stored header, body or offset is not what was sealed at this position'
        : 'the stored link is not the one that was sealed at this position';
    return this.#faultAt(code, pos, detail);
  }

  #faultAt(code: VerifyCode, position: bigint, detail: string): boolean {
    this.#fault ??= { code, position, detail };
    return false;
  }
}
