// Refused records become sealed events about the sandbox that they were sent for, at a bounded rate.

import { partitionOf } from '@sandtrail/detection/partition';
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { ErrorCode } from '@sandtrail/schemas/errors';
import type { OwnRecords, OwnSubject } from './own-records.ts';

/** One refusal, about the sandbox that the connection is bound to. */
export interface Refusal {
  readonly subject: OwnSubject;
  readonly code: ErrorCode;
  readonly claimedSandbox?: string | undefined;
  readonly claimedKind?: string | undefined;
}

interface RefusalsOptions {
  readonly records: OwnRecords;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly eventPartitions: number;
  /** At most one `control.refused` for each sandbox and code in this time; the rest is its count. */
  readonly windowMs: number;
  readonly pendingMax: number;
}

/** Gathers refusals; the first of a kind is written at once, its successors together. */
export class Refusals {
  readonly #options: RefusalsOptions;
  readonly #pending = new Map<string, { readonly refusal: Refusal; count: number }>();
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: RefusalsOptions) {
    this.#options = options;
  }

  add(refusal: Refusal) {
    const { clock, counters, windowMs, pendingMax } = this.#options;
    const { subject, code } = refusal;
    const key = `${code} ${subject.sandbox} ${subject.incarnation}`;
    const pending = this.#pending.get(key);
    if (pending !== undefined) pending.count += 1;
    else if (this.#pending.size < pendingMax) this.#pending.set(key, { refusal, count: 1 });
    else counters.add('gateway.refusals_unrecorded', 1, 'pending_full');
    const waitMs = Math.max(0, this.#writtenAtMs + windowMs - clock.monotonicMs());
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    }, waitMs);
  }

  /** Writes what is pending, then stops. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    await this.#write();
  }

  async #write(): Promise<void> {
    const { records, counters, eventPartitions, clock } = this.#options;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#writtenAtMs = clock.monotonicMs();
    for (const { refusal, count } of pending) {
      const { subject, code, claimedSandbox, claimedKind } = refusal;
      const partition = partitionOf(subject.sandbox, { partitions: eventPartitions });
      const isWritten = await records
        .write({
          place: { topic: 'events', partition },
          collector: 'intake',
          subject,
          observation: {
            kind: 'control.refused',
            code,
            count,
            ...(claimedSandbox === undefined ? {} : { claimedSandbox }),
            ...(claimedKind === undefined ? {} : { claimedKind }),
          },
        })
        .catch(() => false);
      if (!isWritten) counters.add('gateway.refusals_unrecorded', count, 'not_written');
    }
  }
}
