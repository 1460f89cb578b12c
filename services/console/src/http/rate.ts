// How often somebody may ask: a rate with a burst for each, and one for all who are not known.
import { SandtrailError } from '@sandtrail/schemas/errors';

interface RateOptions {
  readonly perSecond: number;
  readonly burst: number;
  /** More askers than this share one allowance. */
  readonly askersMax: number;
}

/** Fills again with time. `take` is given the present in milliseconds. */
export class Rate {
  readonly #options: RateOptions;
  readonly #levels = new Map<string, { level: number; atMs: number }>();

  constructor(options: RateOptions) {
    this.#options = options;
  }

  /** @throws SandtrailError `CONSOLE_BUSY` when nothing is left */
  take(asker: string, nowMs: number): void {
    const { perSecond, burst, askersMax } = this.#options;
    const isKnown = this.#levels.has(asker) || this.#levels.size < askersMax;
    const key = isKnown ? asker : '';
    const { level, atMs } = this.#levels.get(key) ?? { level: burst, atMs: nowMs };
    const filled = Math.min(burst, level + ((nowMs - atMs) / 1000) * perSecond);
    if (filled < 1) throw new SandtrailError('CONSOLE_BUSY', { detail: 'too many requests' });
    this.#levels.set(key, { level: filled - 1, atMs: nowMs });
    if (this.#levels.size >= askersMax) this.#forgetFull(nowMs);
  }

  /** Whoever has the whole burst again need not be remembered. */
  #forgetFull(nowMs: number): void {
    const { perSecond, burst } = this.#options;
    for (const [key, { level, atMs }] of this.#levels)
      if (level + ((nowMs - atMs) / 1000) * perSecond >= burst) this.#levels.delete(key);
  }
}
