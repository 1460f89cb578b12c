// The warm-up goes the whole way, and leaves nothing behind.
import { createBundle } from '@sandtrail/detection/bundle';
import { expect, test } from 'vitest';
import { PartitionJudge } from './partition-judge.ts';
import { warmUp } from './warm-up.ts';

test('every detector finds something, and a real judge knows nothing of it', () => {
  const bundle = createBundle();
  const fresh = new PartitionJudge(0, bundle).save();
  expect(warmUp(bundle)).toBeGreaterThanOrEqual(bundle.detectors.length);
  expect(new PartitionJudge(0, bundle).save()).toBe(fresh);
});
