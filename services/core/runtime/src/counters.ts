// Counters by name and reason, and durations in histograms: no send, drop or error is uncounted.

/** A snapshot: `name{reason}` → count. */
export type CounterSnapshot = Readonly<Record<string, number>>;

/** How long something took, how often: `buckets[i]` took at most `durationBoundsMs[i]`. */
export interface Durations {
  readonly count: number;
  readonly sumMs: number;
  /** Not cumulative; the last one holds what took longer than every bound. */
  readonly buckets: readonly number[];
}

/** Monotonic counters of one process; names are listed in the README. */
export interface Counters {
  /** Adds `by` (1 unless told) to `name`, or to `name{reason}`. */
  add(name: string, by?: number, reason?: string): void;
  /** Adds one duration to the histogram `name`. */
  time(name: string, ms: number): void;
  snapshot(): CounterSnapshot;
  durations(): Readonly<Record<string, Durations>>;
}

/** Upper bounds of the buckets, in milliseconds: from one system call to a stage that hangs. */
export const durationBoundsMs: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000,
];

const keysMax = 2_000;
const reasonsMax = 100;
const reasonPattern = /^[A-Za-z0-9_.:-]{1,64}$/;

/**
 * Counters in memory. Reasons come from code, never from a sandbox; what does not look like it, or
 * comes beyond the bound, is counted as `other`, since each becomes a series in somebody's store.
 */
export function createCounters(): Counters {
  const counts = new Map<string, number>();
  const reasons = new Map<string, number>();
  const histograms = new Map<string, { count: number; sumMs: number; buckets: number[] }>();
  /** The key of a reason that was not seen before. */
  const admitted = (name: string, reason: string) => {
    const known = reasons.get(name) ?? 0;
    const fits = known < reasonsMax && counts.size < keysMax && reasonPattern.test(reason);
    if (!fits) return `${name}{other}`;
    reasons.set(name, known + 1);
    return `${name}{${reason}}`;
  };
  return {
    add(name, by = 1, reason) {
      let key = reason === undefined ? name : `${name}{${reason}}`;
      const before = counts.get(key);
      if (before === undefined && reason !== undefined) key = admitted(name, reason);
      counts.set(key, (before ?? counts.get(key) ?? 0) + by);
    },
    time(name, ms) {
      let histogram = histograms.get(name);
      if (histogram === undefined) {
        histogram = { count: 0, sumMs: 0, buckets: durationBoundsMs.map(() => 0).concat(0) };
        histograms.set(name, histogram);
      }
      // Clocks of two processes may differ by a little: nothing takes less than no time.
      const tookMs = Math.max(0, ms);
      const above = durationBoundsMs.findIndex((boundMs) => tookMs <= boundMs);
      const bucket = above === -1 ? durationBoundsMs.length : above;
      histogram.count += 1;
      histogram.sumMs += tookMs;
      histogram.buckets[bucket] = (histogram.buckets[bucket] ?? 0) + 1;
    },
    snapshot: () => Object.fromEntries(counts),
    durations: () =>
      Object.fromEntries(
        [...histograms].map(([name, { count, sumMs, buckets }]) => [
          name,
          { count, sumMs, buckets: [...buckets] },
        ]),
      ),
  };
}
