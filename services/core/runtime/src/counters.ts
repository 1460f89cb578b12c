// Counters by name and reason: every receive, send, drop and error is counted, none is uncounted.

/** A snapshot: `name{reason}` → count. */
export type CounterSnapshot = Readonly<Record<string, number>>;

/** Monotonic counters of one process; names are listed in the README. */
export interface Counters {
  /** Adds `by` (1 unless told) to `name`, or to `name{reason}`. */
  add(name: string, by?: number, reason?: string): void;
  snapshot(): CounterSnapshot;
}

/** Counters in memory. Names and reasons come from code, never from a sandbox, so they are few. */
export function createCounters(): Counters {
  const counts = new Map<string, number>();
  return {
    add(name, by = 1, reason) {
      const key = reason === undefined ? name : `${name}{${reason}}`;
      counts.set(key, (counts.get(key) ?? 0) + by);
    },
    snapshot: () => Object.fromEntries(counts),
  };
}
