// The collector port: what watches sandboxes from the host. A collector knows neither bus nor retries.
import type { Observation } from '@sandtrail/schemas/observation';
import type { Policy } from '@sandtrail/schemas/policy';
import type { SandboxUid } from '@sandtrail/schemas/scalars';

/** A sandbox under watch, as the runner registered it. */
export interface WatchedSandbox {
  readonly uid: SandboxUid;
  readonly incarnation: number;
  readonly policy: Policy;
  /** Its directory in the host's cgroup v2 tree and that directory's inode; absent without root. */
  readonly cgroup: { readonly path: string; readonly id: bigint } | undefined;
  /** Process id, on the host, of the sandbox's first process. */
  readonly initPid: number;
  /** The workspace's directory on the host. */
  readonly workspace: string;
  /** Set for a container that somebody else started. */
  readonly container?: WatchedContainer;
}

/** A container as its engine and its runtime know it. */
export interface WatchedContainer {
  readonly id: string;
  /** Where gVisor's `runsc` keeps its state about it; absent for what runs in the host's kernel. */
  readonly runscRoot?: string;
}

/** Records that the source lost before anybody could read them. `count` 0 means: not known how many. */
export interface Gap {
  readonly source: string;
  readonly count: bigint;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
  readonly reason:
    | 'ring_full'
    | 'collector_died'
    | 'oversize'
    | 'malformed'
    | 'restart'
    | 'rate_limit';
}

/** Where a collector puts what it saw. Calls are cheap and never throw. */
export interface CollectorSink {
  observe(sandbox: WatchedSandbox, observation: Observation): void;
  /** A loss in one sandbox's events, or (`undefined`) somewhere on the host: then in each live one. */
  lost(sandbox: WatchedSandbox | undefined, gap: Gap): void;
  /** The source died and was started anew: every stream goes on under a new epoch. */
  restarted(reason: string): void;
}

/** What a collector really does here, which may be less than it was asked for. */
export interface EffectiveMode {
  readonly on: boolean;
  /** In words: `29 of 31 probes attached; without bpf, init_module`. */
  readonly detail: string;
  readonly blindSpots: readonly string[];
}

/** One source of observations. `start` resolves when it really sees, proven by a canary. */
export interface Collector {
  readonly name: string;
  /** Whether it can see anything of this sandbox; without this function it can of each. */
  concerns?(sandbox: WatchedSandbox): boolean;
  start(sink: CollectorSink): Promise<EffectiveMode>;
  /** From here on the sandbox's events are observed; resolves when that is so. */
  watch(sandbox: WatchedSandbox): Promise<void>;
  /** Delivers what is still under way about the sandbox, then forgets it. */
  unwatch(sandbox: WatchedSandbox): Promise<void>;
  stop(): Promise<void>;
}
