// How far each chain of the store is: one cheap look for all destinations, when something may be new.
import { pause } from '@sandtrail/runtime/supervise';
import type { Topic } from '@sandtrail/schemas/topics';
import type { StoreReader } from '@sandtrail/store/store';

/** A chain with rows from `from` to `to`, both included. */
export interface Due {
  readonly chain: string;
  readonly from: bigint;
  readonly to: bigint;
}

interface TideOptions {
  readonly store: Pick<StoreReader, 'chains' | 'tails'>;
  /** Called when a look fails; the next one is made after a pause. */
  readonly onFailure: (error: unknown) => void;
}

const retryMs = 1000;
/** A look without a sign: in case one was missed. */
const lookMsMax = 5000;

/** The ends of all chains, as last seen. */
export class Tide {
  readonly #options: TideOptions;
  readonly #ends = new Map<string, bigint>();
  readonly #topics = new Map<string, Topic>();
  #risen = Promise.withResolvers<void>();
  #sign = Promise.withResolvers<void>();

  constructor(options: TideOptions) {
    this.#options = options;
  }

  /** Rows may have been stored: look now. */
  look(): void {
    this.#sign.resolve();
  }

  /** Looks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#sign = Promise.withResolvers();
      const sign = this.#sign.promise;
      try {
        await this.refresh();
        await firstOf([sign], lookMsMax, signal);
      } catch (error) {
        this.#options.onFailure(error);
        await pause(retryMs, signal);
      }
    }
  }

  /** One look. */
  async refresh(): Promise<void> {
    const known = [...this.#ends].map(([chain, pos]) => ({ chain, pos: pos + 1n }));
    const tails = await this.#options.store.tails({ known, quietKinds: [] });
    if (tails.some(({ chain }) => !this.#topics.has(chain))) {
      for (const { chain, topic } of await this.#options.store.chains())
        this.#topics.set(chain, topic);
    }
    for (const { chain, pos } of tails) this.#ends.set(chain, pos);
    if (tails.length === 0) return;
    this.#risen.resolve();
    this.#risen = Promise.withResolvers();
  }

  /** The positions after the last of every chain. */
  ends(): ReadonlyMap<string, bigint> {
    return new Map([...this.#ends].map(([chain, pos]) => [chain, pos + 1n]));
  }

  /** What lies past `next`, among chains of these topics. */
  past(next: (chain: string) => bigint, topics: readonly Topic[]): readonly Due[] {
    return [...this.#ends]
      .map(([chain, to]) => ({ chain, from: next(chain), to }))
      .filter(({ chain, from, to }) => from <= to && topics.includes(this.#topicOf(chain)));
  }

  /** Resolves when a chain has grown after this call, or the signal aborts. */
  async risen(signal: AbortSignal): Promise<void> {
    await firstOf([this.#risen.promise], lookMsMax, signal);
  }

  /** A chain whose topic is not listed yet travels with the many. */
  #topicOf(chain: string): Topic {
    return this.#topics.get(chain) ?? 'events';
  }
}

async function firstOf(promises: readonly Promise<void>[], msMax: number, signal: AbortSignal) {
  const over = new AbortController();
  const waiting = pause(msMax, AbortSignal.any([signal, over.signal]));
  await Promise.race([...promises, waiting]);
  over.abort();
  await waiting;
}
