// Time and randomness, passed in wherever they are needed so that tests and replays decide them.
import { randomBytes } from 'node:crypto';

/** Where the time comes from. */
export interface Clock {
  /** Nanoseconds since the Unix epoch; may jump when the machine's clock is set. */
  nowNs(): bigint;
  /** Milliseconds that never go backwards, for durations and deadlines. */
  monotonicMs(): number;
}

/** Where randomness comes from: `n` unpredictable bytes. */
export type Random = (n: number) => Buffer;

/** The machine's own clock; sub-millisecond steps follow the monotonic clock. */
export const systemClock: Clock = {
  nowNs: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e3)) * 1000n,
  monotonicMs: () => performance.now(),
};

/** The operating system's random bytes. */
export const systemRandom: Random = (n) => randomBytes(n);
