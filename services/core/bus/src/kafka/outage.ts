// Tells when the log stops answering and when it answers again: once each, not with every attempt.
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import { SandtrailError } from '@sandtrail/schemas/errors';

/** Whether one client's requests reach the log. */
export class Outage {
  readonly #logger: Logger;
  readonly #counters: Counters;
  #isAway = false;

  constructor({ logger, counters }: { readonly logger: Logger; readonly counters: Counters }) {
    this.#logger = logger;
    this.#counters = counters;
  }

  /** A request failed; only a log that does not answer is an outage. */
  failed(error: unknown): void {
    if (this.#isAway || !(error instanceof SandtrailError)) return;
    if (error.code !== 'BUS_UNAVAILABLE') return;
    this.#isAway = true;
    this.#counters.add('bus.outages');
    this.#logger.warn('the log does not answer; what is recorded meanwhile waits in the spools', {
      detail: error.detail,
    });
  }

  /** A request was answered. */
  answered(): void {
    if (!this.#isAway) return;
    this.#isAway = false;
    this.#logger.warn('the log answers again');
  }
}
