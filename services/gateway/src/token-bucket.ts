// A rate with a burst: how much a sender may send now, and how long it waits for more.

interface TokenBucketOptions {
  readonly perSecond: number;
  readonly burst: number;
  /** The present, on the clock of the calls to `take`. */
  readonly nowMs: number;
}

/** Fills with `perSecond`, up to `burst`. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #level: number;
  #atMs: number;

  constructor({ perSecond, burst, nowMs }: TokenBucketOptions) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#level = burst;
    this.#atMs = nowMs;
  }

  /**
   * Takes `amount` and returns 0, or takes nothing and returns the milliseconds to wait. An amount
   * over the burst passes when the bucket is full, and is paid off afterwards.
   */
  take(amount: number, options: { readonly nowMs: number }): number {
    const { nowMs } = options;
    const filled = this.#level + ((nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#level = Math.min(this.#burst, filled);
    this.#atMs = nowMs;
    const needed = Math.min(amount, this.#burst);
    if (this.#level < needed) {
      return Math.ceil(((needed - this.#level) / this.#perSecond) * 1000);
    }
    this.#level -= amount;
    return 0;
  }
}
