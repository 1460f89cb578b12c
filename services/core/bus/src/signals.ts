// How far each place has been written, in memory that threads share, so that readers need not poll.

/** One slot for each place: the next offset. The writer stores and notifies; readers wait. */
export class Signals {
  readonly #slots: BigInt64Array;
  readonly memory: SharedArrayBuffer;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#slots = new BigInt64Array(memory);
  }

  /** Memory for `places` slots. */
  static create(places: number): Signals {
    return new Signals(new SharedArrayBuffer(places * BigInt64Array.BYTES_PER_ELEMENT));
  }

  /** Says that every offset of the place below `next` can be read. */
  publish(slot: number, next: bigint) {
    Atomics.store(this.#slots, slot, next);
    Atomics.notify(this.#slots, slot);
  }

  next(slot: number): bigint {
    return Atomics.load(this.#slots, slot);
  }

  /** Resolves when the record at `offset` is there or one of `ends` aborts. */
  async arrival(slot: number, offset: bigint, ends: readonly AbortSignal[]): Promise<void> {
    for (let next = this.next(slot); next <= offset; next = this.next(slot)) {
      if (ends.some((end) => end.aborted)) return;
      const wait = Atomics.waitAsync(this.#slots, slot, next, backstopMs);
      if (wait.async) await firstOf(wait.value, ends);
    }
  }
}

/** How long an abandoned wait lives on; it also bounds the harm of a notification that got lost. */
const backstopMs = 1000;

/**
 * Resolves with `change`, or earlier when one of `ends` aborts. The timer is there because a pending
 * `Atomics.waitAsync` does not keep Node's event loop alive (nodejs/node#44409).
 */
function firstOf(change: Promise<unknown>, ends: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(finish, backstopMs);
    for (const end of ends) end.addEventListener('abort', finish, { once: true });
    change.then(finish, reject);
    function finish() {
      clearTimeout(timer);
      for (const end of ends) end.removeEventListener('abort', finish);
      resolve();
    }
  });
}
