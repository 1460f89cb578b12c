// What a run is given, the bounds that it keeps, and how it may end.
import type { Clock } from '@sandtrail/runtime/clock';
import type { Counters } from '@sandtrail/runtime/counters';
import type { Logger } from '@sandtrail/runtime/log';
import type { ObservationOf } from '@sandtrail/schemas/observation';
import type { Policy } from '@sandtrail/schemas/policy';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import type { Scanner } from '@sandtrail/secrets/scanner';
import type { Collector } from '../collector.ts';
import type { Lookup } from '../egress/destination.ts';
import type { SandboxRecorder } from './recorder.ts';
import type { SignalSource } from './signals.ts';
import type { RunnerIo } from './stdio.ts';

/** What one run is made of. */
export interface RunOptions {
  readonly uid: SandboxUid;
  readonly incarnation: number;
  readonly name: string;
  readonly node: string;
  readonly policy: Policy;
  readonly command: readonly string[];
  /** Where the workspace lies on the host; made if absent. */
  readonly workspaceRoot: string;
  /** A directory of this run's own; removed at its end. */
  readonly runDirectory: string;
  /** Parent of the sandbox's cgroup, the one that the kernel sensors filter by. */
  readonly cgroupParent: string;
  /** The host daemon's socket; without one no kernel sensor watches, and `unenforced` says so. */
  readonly controlSocket: string | undefined;
  /** The sandbox's own event socket on the host; its directory is bound to /run/sandtrail. */
  readonly eventSocket: string | undefined;
  readonly allowWeaker: boolean;
  /** Such as TERM and LANG; nothing else of the user's environment goes in. */
  readonly environment: Readonly<Record<string, string>>;
  /** Words before bubblewrap: a tracer and its arguments. */
  readonly prefix: readonly string[];
  /** Sensors that this runner runs itself, such as the tracer of the prefix. */
  readonly sensors: readonly Collector[];
  readonly io: RunnerIo;
  readonly signals: SignalSource;
  readonly recorder: SandboxRecorder;
  readonly scanner: Scanner;
  /** How names are resolved for the proxy; the host's own resolver unless told. */
  readonly lookup?: Lookup;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly limits?: Partial<RunLimits>;
}

/** Bounds of one run. */
export interface RunLimits {
  readonly startTimeoutMs: number;
  readonly hostSilenceMsMax: number;
  readonly hostLossMsMax: number;
  readonly signalGraceMs: number;
  readonly textBytesMax: number;
}

/** How a sandbox's life ended. */
export type EndReason = ObservationOf<'sandbox.destroyed'>['reason'];
