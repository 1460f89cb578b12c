// Drafts in the order in which they were emitted, although the second engine answers later.
import type { Counters } from '@sandtrail/runtime/counters';
import type { Draft, FirstLook } from './draft.ts';

interface PendingOptions {
  /** Drafts that may wait; at the bound all are finished with what the first engine found. */
  readonly draftsMax: number;
  readonly charsMax: number;
  readonly counters: Counters;
  readonly finish: (draft: Draft) => void;
}

/** The queue before numbering. A draft that needs no second look and waits behind none is finished at once. */
export class PendingDrafts {
  readonly #options: PendingOptions;
  #waiting: FirstLook[] = [];
  #waitingChars = 0;
  #draining: Promise<void> | undefined;

  constructor(options: PendingOptions) {
    this.#options = options;
  }

  add(first: FirstLook): void {
    if (this.#waiting.length === 0 && first.lookAgain === undefined) {
      this.#options.finish(first.draft);
      return;
    }
    this.#waiting.push(first);
    this.#waitingChars += first.textChars;
    const { draftsMax, charsMax } = this.#options;
    if (this.#waiting.length > draftsMax || this.#waitingChars > charsMax) this.#passOver();
    this.#draining ??= this.#drain();
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const draft = await this.#lookAgain(first);
      // Passed over in the meantime: it has been finished already.
      if (this.#waiting[0] !== first) continue;
      this.#waiting.shift();
      this.#waitingChars -= first.textChars;
      this.#options.finish(draft);
    }
    this.#draining = undefined;
  }

  async #lookAgain(first: FirstLook): Promise<Draft> {
    if (first.lookAgain === undefined) return first.draft;
    this.#options.counters.add('kit.second_looks');
    try {
      return await first.lookAgain();
    } catch {
      this.#options.counters.add('kit.second_look_failed');
      return first.draft;
    }
  }

  /** A flood of suspicious text may not stop the record: it goes on with the first engine alone. */
  #passOver(): void {
    const all = this.#waiting;
    this.#waiting = [];
    this.#waitingChars = 0;
    this.#options.counters.add('kit.second_look_skipped', all.length);
    for (const { draft } of all) this.#options.finish(draft);
  }
}
