// Time and randomness, passed in wherever they are needed so that tests and replays decide them.
import { randomBytes } from 'node:crypto';

/** Where the time comes from. */
export interface Clock {
  /** Nanoseconds since the Unix epoch; jumps when the machine's clock is set. */
  nowNs(): bigint;
  /** Milliseconds that never go backwards, for durations and deadlines. */
  monotonicMs(): number;
}

/** Where randomness comes from: `n` unpredictable bytes. */
export type Random = (n: number) => Buffer;

/** Above this difference the wall clock was set, and the origin is taken anew. */
const stepMsMax = 5;

let originMs = performance.timeOrigin;

/** The machine's clock: microsecond steps from the monotonic clock, following the wall clock's jumps. */
export const systemClock: Clock = {
  nowNs() {
    const wallMs = Date.now();
    const sinceMs = performance.now();
    if (Math.abs(originMs + sinceMs - wallMs) > stepMsMax) originMs = wallMs - sinceMs;
    return BigInt(Math.round((originMs + sinceMs) * 1e3)) * 1000n;
  },
  monotonicMs: () => performance.now(),
};

/** The operating system's random bytes. */
export const systemRandom: Random = (n) => randomBytes(n);
