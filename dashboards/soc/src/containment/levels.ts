// The ladder in words: what each level stops, and what it costs an investigator.
import type { Level } from '@sandtrail/schemas/finding';

interface LevelWords {
  readonly name: string;
  readonly stops: string;
  readonly loses: string;
}

/** The levels; which of them a host can reach is said by its driver, not here. */
export const levelWords: Readonly<Record<Level, LevelWords>> = {
  L0: { name: 'Observe', stops: 'nothing', loses: 'nothing' },
  L1: {
    name: 'Deny egress',
    stops: 'every way out of the sandbox; its processes go on',
    loses: 'established connections',
  },
  L2: {
    name: 'Freeze',
    stops: 'every process of the sandbox, and every way out',
    loses: 'established connections',
  },
  L3: { name: 'Snapshot', stops: 'as L2, and its state is kept', loses: 'nothing more' },
  L4: { name: 'Revoke', stops: 'its credentials', loses: 'nothing more' },
  L5: {
    name: 'Kill',
    stops: 'the sandbox, for good',
    loses: 'memory, processes, open files, private /tmp, established connections',
  },
  L6: { name: 'Disable template', stops: 'new sandboxes of its template', loses: 'nothing more' },
};

/** Levels that a person may ask for here. */
export const askedLevels = ['L1', 'L2', 'L3', 'L4', 'L5', 'L6'] as const;
export type AskedLevel = (typeof askedLevels)[number];
