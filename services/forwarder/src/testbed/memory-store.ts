// Sealed rows in memory behind the store's reading methods, so that a test decides what is stored when.
import { type ExampleChain, exampleChain } from '@sandtrail/chain/example-log';
import type { Topic } from '@sandtrail/schemas/topics';
import type { RowRange, StoredChain, TailOptions } from '@sandtrail/store/store';

const log = 'testbed';

/** Chains that grow when a test says so; positions begin with a genesis record. */
export class MemoryStore {
  readonly #chains = new Map<Topic, ExampleChain>();
  readonly #bodies = new Map<Topic, readonly string[]>();

  /** Seals bodies after those that the topic's chain has; returns the chain's id. */
  append(topic: Topic, bodies: readonly string[]): string {
    const all = [...(this.#bodies.get(topic) ?? []), ...bodies];
    const chain = exampleChain({ log, topic, partition: 0 }, all);
    this.#bodies.set(topic, all);
    this.#chains.set(topic, chain);
    return chain.chain;
  }

  async chains(): Promise<readonly StoredChain[]> {
    return [...this.#chains].map(([topic, { chain }]) => ({ chain, log, topic, partition: 0 }));
  }

  async tails({ known }: TailOptions) {
    const from = new Map(known.map(({ chain, pos }) => [chain, pos]));
    return [...this.#chains.values()]
      .map(({ chain, rows }) => ({ chain, pos: BigInt(rows.length) - 1n, isQuiet: false }))
      .filter(({ chain, pos }) => pos >= (from.get(chain) ?? 0n));
  }

  async *rowBatches({ chain, from, to }: RowRange) {
    const found = [...this.#chains.values()].find((each) => each.chain === chain);
    const rows = (found?.rows ?? []).filter(({ pos }) => pos >= from && (to ?? pos) >= pos);
    yield rows;
  }
}
