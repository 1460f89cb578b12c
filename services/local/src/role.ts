// What a process of the embedded product is given, and what it gives back.
import type { Clock, Random } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import type { Configuration } from './configuration.ts';
import type { Layout } from './layout.ts';

/** Everything that comes from outside the code: place, settings, time, chance, counters, log. */
export interface Surroundings {
  readonly layout: Layout;
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  readonly log: Logger;
}

/** Something that was started and can be ended in order. */
export interface Running {
  close(): Promise<void>;
}

/** Starts a role; resolves when it serves. */
export type Role = (surroundings: Surroundings) => Promise<Running>;
