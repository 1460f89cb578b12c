// A map with a bound: the entry that was set longest ago gives way, and that is counted.

/** Text keys to values, at most `sizeMax` of them, in the order in which they were set. */
export class BoundedMap<V> {
  readonly #sizeMax: number;
  readonly #entries = new Map<string, V>();
  /** How many entries had to give way so far. */
  evicted = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  set(key: string, value: V): void {
    if (!this.#entries.has(key) && this.#entries.size >= this.#sizeMax) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
      this.evicted += 1;
    }
    this.#entries.set(key, value);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** All entries, for a snapshot; `fill` takes them back in the same order. */
  entries(): [string, V][] {
    return [...this.#entries];
  }

  fill(entries: Iterable<readonly [string, V]>): void {
    this.#entries.clear();
    for (const [key, value] of entries) this.set(key, value);
  }
}
