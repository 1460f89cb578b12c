// What a reader of the live feed is told of losses and heartbeats that came by.
import type { Clock } from '@sandtrail/runtime/clock';
import { CollectorGap } from '@sandtrail/schemas/events/collector-gap';
import type { LogRow } from './log-rows.ts';

const collectorsMax = 1024;
const recentNs = 60_000_000_000n;

/** Losses since the feed began, and who beats. */
export class LiveLosses {
  readonly #clock: Clock;
  readonly #beats = new Map<string, bigint>();
  #lost = 0n;
  #lostUnknown = 0;
  #heartbeatAtNs: bigint | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Looks at a record; with `sandbox`, losses of others do not count. */
  take({ row, body }: LogRow, sandbox: string | undefined): void {
    if (row?.kind === 'collector.heartbeat') {
      this.#heartbeatAtNs = BigInt(row.timeNs);
      const [collector = '', node = ''] = row.stream.split(':');
      if (this.#beats.size < collectorsMax)
        this.#beats.set(`${collector}:${node}`, this.#heartbeatAtNs);
    }
    if (row?.kind !== 'collector.gap' || (sandbox !== undefined && sandbox !== row.sandbox)) return;
    const gap = CollectorGap.safeParse(JSON.parse(body.toString()));
    if (!gap.success) return;
    if (gap.data.count === 0n) this.#lostUnknown += 1;
    this.#lost += gap.data.count;
  }

  /** The fields of a status. */
  told() {
    const sinceNs = this.#clock.nowNs() - recentNs;
    for (const [name, atNs] of this.#beats) if (atNs < sinceNs) this.#beats.delete(name);
    return {
      lost: `${this.#lost}`,
      lostUnknown: this.#lostUnknown,
      heartbeatAtNs: this.#heartbeatAtNs === undefined ? null : `${this.#heartbeatAtNs}`,
      collectors: this.#beats.size,
    };
  }
}
