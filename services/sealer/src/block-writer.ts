// Group commit: blocks that places hand over at about the same time go to the store as one insert.
import { setTimeout as delay } from 'node:timers/promises';
import type { Block, Store } from '@sandtrail/store/store';

interface WriterOptions {
  readonly store: Pick<Store, 'insertBlocks'>;
  /** A first block waits so long for others, unless a full one is there. */
  readonly gatherMs: number;
  /** A group that has so many rows takes no further block. */
  readonly rowsMax: number;
}

interface Waiting {
  readonly block: Block;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

const dayMs = 86_400_000;
const blocksMax = 64;

/** Writes blocks, one group after the other: a small insert costs as much as one of 1,000 rows. */
export class BlockWriter {
  readonly #options: WriterOptions;
  /** Bounded by its callers: each place waits for its block before it hands over another. */
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Resolves when the block is durable; rejects with what the store threw for its group. */
  write(block: Block): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ block, done: resolve, failed: reject });
      if (!this.#isWriting) void this.#writeAll();
    });
  }

  async #writeAll(): Promise<void> {
    const { gatherMs, rowsMax } = this.#options;
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const rows = this.#waiting.reduce((sum, { block }) => sum + block.rows.length, 0);
      if (rows < rowsMax) await delay(gatherMs);
      await this.#writeGroup(this.#takeGroup());
    }
    this.#isWriting = false;
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#options.store.insertBlocks(group.map(({ block }) => block));
      for (const { done } of group) done();
    } catch (error) {
      for (const { failed } of group) failed(error);
    }
  }

  /** The first block and what else waits of its day, up to the bounds. */
  #takeGroup(): readonly Waiting[] {
    const group: Waiting[] = [];
    const rest: Waiting[] = [];
    let rows = 0;
    for (const each of this.#waiting) {
      const isOfDay = group[0] === undefined || dayOf(each.block) === dayOf(group[0].block);
      const fits = isOfDay && rows < this.#options.rowsMax && group.length < blocksMax;
      (fits ? group : rest).push(each);
      if (fits) rows += each.block.rows.length;
    }
    this.#waiting = rest;
    return group;
  }
}

function dayOf({ rows }: Block): number {
  return Math.floor((rows[0]?.appendedAtMs ?? 0) / dayMs);
}
