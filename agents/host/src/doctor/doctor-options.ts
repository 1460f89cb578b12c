// What the doctor needs to know of its surroundings.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';

/** The options of `diagnose`. */
export interface DoctorOptions {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
  /** Whether this process may do what root may. */
  readonly isRoot: boolean;
  /** Where data is or will be kept: its file system must have room. */
  readonly dataDirectory: string;
  /** Name of the cgroup for canaries, removed at the end; another one for each run at a time. */
  readonly cgroupName: string;
}
