// A run of rows whose stored links do not follow: held until a later row tells what was changed.
import type { RangeState } from './compact-range.ts';
import type { Hash } from './hash.ts';
import { nextLink } from './link.ts';
import type { SealedRow } from './row.ts';

/** Rows of a run that are held and named one by one; a longer run is named as a whole. */
export const runRowsMax = 64;

/** One row that did not follow. */
export interface RunEntry {
  readonly row: SealedRow;
  readonly leaf: Hash;
  readonly stored: Hash | undefined;
}

/** What was sound just before a run. */
export interface RunStart {
  readonly link: Hash;
  readonly offset: bigint | undefined;
  readonly range: RangeState;
  /** How far stored positions are from those that were sealed. */
  readonly shift: bigint;
}

/**
 * What a run turned out to be: contents changed under their links, links changed beside their
 * contents, rows in another order, or rows put in or taken out with the rest renumbered.
 */
export type RunKind = 'content' | 'links' | 'order' | 'shifted';

/** How the row after a run follows. */
export interface Resync {
  readonly kind: RunKind;
  readonly shift: bigint;
}

/** A run under way. */
export class LinkRun {
  readonly start: RunStart;
  readonly firstPos: bigint;
  /** The first rows of the run, at most `runRowsMax`. */
  readonly entries: RunEntry[] = [];
  #length = 0;
  #last: RunEntry;
  /** The link that the run's rows give when every stored link in it is passed over. */
  #computed: Hash;

  constructor(start: RunStart, first: RunEntry) {
    this.start = start;
    this.firstPos = first.row.pos;
    this.#last = first;
    this.#computed = start.link;
    this.add(first);
  }

  get length(): number {
    return this.#length;
  }

  get last(): RunEntry {
    return this.#last;
  }

  /** True when the run's first row has the offset that belongs here, or none is known. */
  get isInPlace(): boolean {
    const before = this.start.offset ?? (this.firstPos === 0n ? -1n : undefined);
    const offset = this.entries[0]?.row.offset;
    return before === undefined || offset === undefined || offset === before + 1n;
  }

  add(entry: RunEntry): void {
    this.#computed = nextLink(
      this.#computed,
      sealedPos(entry.row.pos, this.start.shift),
      entry.leaf,
    );
    this.#last = entry;
    this.#length += 1;
    if (this.entries.length < runRowsMax) this.entries.push(entry);
  }

  /** How this row follows the run, or undefined when it belongs to the run too. */
  resync({ row, leaf, stored }: RunEntry): Resync | undefined {
    if (stored === undefined) return undefined;
    const { shift } = this.start;
    const pos = sealedPos(row.pos, shift);
    const follows = (link: Hash | undefined, at: bigint): boolean =>
      link !== undefined && nextLink(link, at, leaf) === stored;
    if (follows(this.#last.stored, pos)) return { kind: this.#contentOrOrder(), shift };
    if (follows(this.#computed, pos)) return { kind: 'links', shift };
    const sealedAt = sealedPos(this.#positionOf(row), 0n);
    if (sealedAt !== pos) {
      const before = [this.#last.stored, this.start.link];
      if (before.some((link) => follows(link, sealedAt)))
        return { kind: 'shifted', shift: sealedAt - row.pos };
    }
    if (this.#length > runRowsMax) return undefined;
    const moved = this.entries.some((entry) => follows(entry.stored, pos));
    return moved ? { kind: 'order', shift } : undefined;
  }

  /** Where the row's offset says that it was sealed: offsets and positions rise together. */
  #positionOf(row: SealedRow): bigint {
    const { offset, shift } = this.start;
    const lead = offset === undefined ? 0n : offset + 1n - (this.firstPos + shift);
    return row.offset - lead;
  }

  /**
   * What a run is whose last stored link the next row follows. A row from elsewhere breaks the row
   * after it too, since the link that this one followed is gone; a changed row breaks only itself.
   */
  #contentOrOrder(): 'order' | 'content' {
    const moved = this.#length > 1 && !this.isInPlace;
    return moved || this.#length > this.entries.length ? 'order' : 'content';
  }
}

/** A position and how far it was shifted, as 64 bits: a forged one must not stop the verifier. */
export function sealedPos(pos: bigint, shift: bigint): bigint {
  return BigInt.asUintN(64, pos + shift);
}
