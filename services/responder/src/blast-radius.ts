// How many sandboxes may be contained without a person: a faulty rule must not stop the whole fleet.

interface BlastRadiusOptions {
  readonly actsMax: number;
  readonly windowMs: number;
}

/** A sliding window of automatic acts; holds at most `actsMax` times. */
export class BlastRadius {
  readonly #options: BlastRadiusOptions;
  #acts: readonly bigint[] = [];

  constructor(options: BlastRadiusOptions) {
    this.#options = options;
  }

  /** Takes one act at this time; false when the window is full. */
  take(atNs: bigint): boolean {
    const fromNs = atNs - BigInt(this.#options.windowMs) * 1_000_000n;
    this.#acts = this.#acts.filter((act) => act > fromNs);
    if (this.#acts.length >= this.#options.actsMax) return false;
    this.#acts = [...this.#acts, atNs];
    return true;
  }
}
