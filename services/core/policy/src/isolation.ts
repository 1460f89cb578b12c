// How strong an isolation is beside another one.
import { type Isolation, isolationRank } from '@sandtrail/schemas/policy';

/** True when a sandbox isolated by `actual` is weaker than the policy's `declared` isolation. */
export function isWeaker(actual: Isolation, declared: Isolation): boolean {
  return isolationRank[actual] < isolationRank[declared];
}
