// When to try again: pauses that grow with chance in them, and a breaker that lets one probe through.
import type { Random } from '@sandtrail/runtime/clock';

interface AttemptsOptions {
  readonly random: Random;
  /** The longest pause. */
  readonly retryMsMax: number;
}

const pauseMsMin = 100;
const pauseMsStep = 250;
/** After so many failures in a row the breaker opens. */
const failuresMax = 5;
const doublingsMax = 20;

/** What happened to one destination's lane of late. */
export class Attempts {
  readonly #options: AttemptsOptions;
  #failures = 0;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  /** While it is open only one message is risked at a time. */
  get isOpen(): boolean {
    return this.#failures >= failuresMax;
  }

  get failures(): number {
    return this.#failures;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /**
   * How long to wait after one more failure, in milliseconds: at least what the other side asked
   * for, never more than the longest pause.
   */
  failed(askedMs = 0): number {
    const { random, retryMsMax } = this.#options;
    const ceilingMs = pauseMsStep * 2 ** Math.min(this.#failures, doublingsMax);
    this.#failures += 1;
    // Full jitter: many senders that failed together do not come back together.
    const share = random(4).readUInt32BE(0) / 2 ** 32;
    const wantedMs = pauseMsMin + share * Math.min(ceilingMs, retryMsMax);
    return Math.min(Math.max(wantedMs, askedMs), retryMsMax);
  }
}
