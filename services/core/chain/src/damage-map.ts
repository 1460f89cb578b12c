// Which positions of which chains cannot be relied on, so that one break is not named twice.
import type { SealedAt } from './stream-ledger.ts';

interface Range {
  readonly from: bigint;
  readonly to: bigint;
}

/** Ranges kept for each chain; a chain with more is damaged from its first range on. */
const rangesMax = 1024;

/** Damaged ranges by chain. */
export class DamageMap {
  readonly #ranges = new Map<string, Range[]>();
  #all = false;

  add(chain: string, range: Range): void {
    const ranges = this.#ranges.get(chain) ?? [];
    this.#ranges.set(chain, ranges);
    const last = ranges.at(-1);
    if (last !== undefined && ranges.length >= rangesMax)
      ranges[ranges.length - 1] = { from: last.from, to: range.to };
    else ranges.push(range);
  }

  /** Every chain is damaged: one of them is missing, or the input is incomplete. */
  addAll(): void {
    this.#all = true;
  }

  isDamaged(chain: string): boolean {
    return this.#all || this.#ranges.has(chain);
  }

  /** True when what is missing between two records of a stream may lie in a damaged range. */
  explains(before: SealedAt | undefined, after: SealedAt): boolean {
    if (this.#all) return true;
    if (before !== undefined && before.chain !== after.chain)
      return this.isDamaged(before.chain) || this.isDamaged(after.chain);
    const start = before?.pos ?? 0n;
    const [low, high] = start < after.pos ? [start, after.pos] : [after.pos, start];
    const ranges = this.#ranges.get(after.chain) ?? [];
    return ranges.some(({ from, to }) => from <= high && to >= low);
  }
}
