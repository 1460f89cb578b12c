// Losses of a sandbox's senders, gathered so that a flood of bad lines is a few gaps, not a flood.
import type { Clock } from '@sandtrail/runtime/clock';
import type { SenderLoss, SenderStream } from './sender-stream.ts';

const gatherMs = 1000;

/** Adds losses up by reason and tells the stream once a second. */
export class SenderLosses {
  readonly #stream: SenderStream;
  readonly #clock: Clock;
  readonly #pending = new Map<SenderLoss['reason'], SenderLoss>();
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: SenderStream, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
  }

  add(reason: SenderLoss['reason'], count: bigint) {
    const nowNs = this.#clock.nowNs();
    const before = this.#pending.get(reason);
    this.#pending.set(reason, {
      source: reason === 'ring_full' ? 'sender-counter' : 'sender-line',
      count: (before?.count ?? 0n) + count,
      firstNs: before?.firstNs ?? nowNs,
      lastNs: nowNs,
      reason,
    });
    this.#timer ??= setTimeout(() => this.flush(), gatherMs);
  }

  /** Tells the stream what is pending. */
  flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const loss of this.#pending.values()) this.#stream.lost(loss);
    this.#pending.clear();
  }
}
