// What a process of the embedded product is given, and what it gives back.
import type { Clock, Random } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import type { ProcessMetrics } from '@sandtrail/runtime/process-metrics';
import type { Spans } from '@sandtrail/runtime/spans';
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

/** What a process of the product has beside them. */
export interface ProcessSurroundings extends Surroundings {
  /** What this process and its siblings measured, as far as they answer. */
  readonly metrics: () => Promise<readonly ProcessMetrics[]>;
  readonly spans: Spans;
  /** Tells the supervisor that the start waits for something outside, and for what. */
  readonly waiting: (detail: string) => void;
}

/** Something that was started and can be ended in order. */
export interface Running {
  close(): Promise<void>;
}

/** Starts a role; resolves when it serves. */
export type Role = (surroundings: ProcessSurroundings) => Promise<Running>;
