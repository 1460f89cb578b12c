// Retention of the log: whole segments of events go once they are sealed and no reader needs them.
import type { EmbeddedBus } from '@sandtrail/bus/embedded-bus';
import type { Counters } from '@sandtrail/runtime/counters';
import { every } from '@sandtrail/runtime/supervise';
import type { Sealer } from '@sandtrail/sealer/sealer';
import type { Running } from './role.ts';

interface RetentionOptions {
  /** How the log lets go of what lies before an offset; see `EmbeddedBus`. */
  readonly release: EmbeddedBus['release'];
  readonly sealer: Sealer;
  /** How many sealed records stay: the detector's replay and slow readers live on them. */
  readonly recordsKept: number;
  readonly counters: Counters;
}

const lookMs = 60_000;

/**
 * Looks every minute until it is closed. The topics of findings, containment and control are kept:
 * they are small, and the responder's state is read from them.
 */
export function startRetention(options: RetentionOptions): Running {
  const { release, sealer, recordsKept, counters } = options;
  const closing = new AbortController();
  const looking = every({ ms: lookMs, signal: closing.signal }, () => {
    for (const { place, sealedTo } of sealer.status()) {
      const before = sealedTo - BigInt(recordsKept);
      if (place.topic !== 'events' || before <= 0n) continue;
      counters.add('bus.segments_released', release(place, before));
    }
  });
  return {
    async close() {
      closing.abort();
      await looking;
    },
  };
}
