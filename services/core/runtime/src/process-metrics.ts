// What one process measured about itself, as its siblings and `/metrics` get it.
import * as z from 'zod';
import type { Counters } from './counters.ts';

const seriesMax = 4_000;

/** One process's counters, durations and cost. */
export const ProcessMetrics = z.strictObject({
  process: z.string().regex(/^[a-z-]{1,32}$/),
  counters: bounded(z.number()),
  durations: bounded(
    z.strictObject({ count: z.number(), sumMs: z.number(), buckets: z.array(z.number()).max(32) }),
  ),
  /** What is so now, such as a backlog: it may fall. */
  gauges: bounded(z.number()),
});
export type ProcessMetrics = z.infer<typeof ProcessMetrics>;

/** Measures this process, of which `counters` are. */
export function measureProcess(name: string, counters: Counters): ProcessMetrics {
  const { user, system } = process.cpuUsage();
  return {
    process: name,
    counters: {
      ...counters.snapshot(),
      'process.cpu_seconds': (user + system) / 1e6,
    },
    durations: Object.fromEntries(
      Object.entries(counters.durations()).map(([each, { buckets, ...rest }]) => [
        each,
        { ...rest, buckets: [...buckets] },
      ]),
    ),
    gauges: { 'process.resident_bytes': process.memoryUsage.rss() },
  };
}

function bounded<T extends z.ZodType>(value: T) {
  return z
    .record(z.string().max(160), value)
    .refine((record) => Object.keys(record).length <= seriesMax, `at most ${seriesMax} series`);
}
