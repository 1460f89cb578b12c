// What a detector is: one file that says what it watches, how it judges, and proves it by examples.
import type { Kind } from '@sandtrail/schemas/events';
import type { Evidence, Finding, Recommendation, Technique } from '@sandtrail/schemas/finding';
import type { Severity } from '@sandtrail/schemas/scalars';
import type * as z from 'zod';
import type { DetectionEvent } from './detection-event.ts';
import type { Example } from './example.ts';
import type { SandboxView } from './sandbox-view.ts';

/** What a detector concluded; the engine makes a finding of it, unless it said the same lately. */
export interface Detection {
  readonly title: string;
  /** One sentence with the numbers that decided; text from the sandbox goes through `quote`. */
  readonly explanation: string;
  readonly severity: Severity;
  readonly confidence: Finding['confidence'];
  readonly recommend: z.infer<typeof Recommendation>;
  /** Detections of one key within `windowMs` after the first are one finding. */
  readonly dedupeKey: string;
  readonly windowMs: number;
  readonly techniques?: readonly z.infer<typeof Technique>[] | undefined;
  /** Earlier events that it rests on; the deciding event is always added. */
  readonly earlier?: readonly Evidence[] | undefined;
  readonly earlierOmitted?: number | undefined;
}

/** A detector at work on one sandbox's life. */
export interface DetectorRun {
  /** Judges one event. A pure function of the events so far: no clock, no randomness, no I/O. */
  step(event: DetectionEvent, sandbox: SandboxView, emit: (detection: Detection) => void): void;
  /** Everything that `step` remembers, as a JSON value; absent when it remembers nothing. */
  snapshot?(): unknown;
  /** Takes a snapshot back; throws a ZodError when it is not one. */
  restore?(state: unknown): void;
}

interface Definition<C extends z.ZodType> {
  readonly name: string;
  /** Raised with every change of what it finds: it is part of the bundle's digest. */
  readonly version: number;
  readonly techniques: readonly z.infer<typeof Technique>[];
  readonly kinds: readonly Kind[];
  /** `single`: one event and the sandbox's facts are enough, so the host may judge it at once. */
  readonly scope: 'single' | 'stateful';
  /** What the launcher does before the agent's first program runs is not held against the sandbox. */
  readonly sparesLauncher?: boolean;
  readonly config: C;
  start(config: z.infer<C>): DetectorRun;
  readonly examples: { readonly hit: readonly Example[]; readonly miss: readonly Example[] };
}

/** A detector whose configuration is settled. */
export interface ConfiguredDetector {
  readonly detector: Detector;
  /** The whole configuration, defaults included: it is part of the bundle's digest. */
  readonly config: unknown;
  start(): DetectorRun;
}

/** A detector as the list holds it. */
export interface Detector extends Omit<Definition<z.ZodType>, 'start' | 'config'> {
  readonly config: z.ZodType;
  /** Settles the configuration; throws a ZodError that names the field when it does not fit. */
  configure(config: unknown): ConfiguredDetector;
}

/** Declares a detector: one file in `detectors/`, one line in `detectors.ts`. */
export function defineDetector<C extends z.ZodType>(definition: Definition<C>): Detector {
  const { start, ...rest } = definition;
  const detector: Detector = {
    ...rest,
    configure(config) {
      const settled = definition.config.parse(config);
      return { detector, config: settled, start: () => start(settled) };
    },
  };
  return detector;
}
