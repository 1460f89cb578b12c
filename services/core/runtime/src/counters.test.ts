// Counters: reasons stay few whatever is given, and durations land in the bucket that holds them.
import { expect, test } from 'vitest';
import { createCounters, durationBoundsMs } from './counters.ts';

test('a reason that could come from a sandbox is counted, and not told', () => {
  const counters = createCounters();
  counters.add('gateway.refused', 2, 'x"} evil\n');
  counters.add('gateway.refused', 1, 'BODY_INVALID');
  expect(counters.snapshot()).toEqual({
    'gateway.refused{other}': 2,
    'gateway.refused{BODY_INVALID}': 1,
  });
});

test('a flood of reasons makes no flood of series, and nothing of it is uncounted', () => {
  const counters = createCounters();
  for (let index = 0; index < 10_000; index += 1) counters.add('dns.queries', 1, `r${index}`);
  const counts = Object.values(counters.snapshot());
  expect(counts.length).toBeLessThanOrEqual(101);
  expect(counts.reduce((sum, count) => sum + count)).toBe(10_000);
});

test('each duration is in one bucket, the slowest in the last', () => {
  const counters = createCounters();
  for (const ms of [-3, 0.5, 1, 1.1, 60_000, 1e9]) counters.time('sealer.event_to_sealed', ms);
  const { count, buckets = [] } = counters.durations()['sealer.event_to_sealed'] ?? {};
  expect(count).toBe(6);
  expect(buckets).toHaveLength(durationBoundsMs.length + 1);
  expect([buckets[0], buckets[1], buckets.at(-2), buckets.at(-1)]).toEqual([3, 1, 1, 1]);
});
