// The families that a person filters by; findings stand apart, marked by their severity.
import type { Family } from '@sandtrail/console/contract/family';

/** In the order in which they are shown. */
export const families = [
  'agent',
  'process',
  'file',
  'network',
  'control',
] as const satisfies readonly Family[];
