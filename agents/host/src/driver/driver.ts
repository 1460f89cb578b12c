// The driver port: what brings a sandbox to a rung of the ladder and reads back whether it is there.
import type { Proof } from '@sandtrail/schemas/containment';
import type { Level } from '@sandtrail/schemas/finding';
import type { SandboxUid } from '@sandtrail/schemas/scalars';

/** The only ways out of a sandbox, as its runner holds them. Each call rejects when nobody answers. */
export interface EgressSwitch {
  /** Cuts established flows and refuses new ones. */
  deny(): Promise<EgressState>;
  allow(): Promise<EgressState>;
  status(): Promise<EgressState>;
  /** Milliseconds within which it answers, where those are not `egressAnswerMs`. */
  readonly answerMs?: number;
}

/** What the runner's proxy and resolver say of themselves. */
export interface EgressState {
  readonly openFlows: number;
  readonly denied: boolean;
}

/**
 * Whoever started a sandbox that Sandtrail did not start: an engine or a runtime. It is told of
 * each act, so that it neither undoes nor contradicts it; an act waits for it up to a bound.
 */
export interface Keeper {
  /** Which driver contains what it keeps. */
  readonly driver: 'docker' | 'gvisor';
  /** Everything in it stands still now. */
  stopped(): Promise<void>;
  /** It is about to run on. */
  resumes(): Promise<void>;
  /** It is about to be killed and must not be started again. */
  dies(): Promise<void>;
  /** It is dead: what the runtime keeps of it can go. */
  died(): Promise<void>;
  /** Processes of a later life of the same sandbox: somebody has started it again. */
  returned(): Promise<readonly number[]>;
}

/** A sandbox as a driver finds it: by handles that no other sandbox can ever share. */
export interface Target {
  readonly uid: SandboxUid;
  readonly incarnation: number;
  readonly cgroup: { readonly path: string; readonly id: bigint } | undefined;
  /** The first process, and its start time in clock ticks (proc_pid_stat(5)), read at registration. */
  readonly initPid: number;
  readonly initStartTicks: bigint;
  /** The name of its process-id namespace, such as `pid:[4026532181]`, read at registration. */
  readonly pidNamespace: string;
  readonly keeper?: Keeper;
  readonly egress: EgressSwitch;
}

/** What became of an attempt. The level may be higher than asked: L1 with no answer becomes L2. */
export interface Applied {
  readonly state: 'applied' | 'already_gone' | 'failed';
  readonly level: Level;
  readonly evidenceLost: readonly string[];
  readonly detail?: string;
}

/** One way to contain sandboxes. "Already in that state" and "gone" are read, never assumed. */
export interface Driver {
  readonly name: string;
  /** The levels that it reaches here, on this machine, as this user. */
  capabilities(): readonly Level[];
  apply(target: Target, level: Level): Promise<Applied>;
  /** Reads the state anew; two looks at the sandbox's tasks, `lookIntervalMs` apart. */
  verify(target: Target): Promise<Proof>;
  /** Lowers to L0: thaws, and lets egress go on by policy. */
  release(target: Target): Promise<Applied>;
  /** Stops every task and leaves egress alone; false when that was not reached. */
  freeze(target: Target): Promise<boolean>;
  /** Undoes `freeze`. */
  thaw(target: Target): Promise<boolean>;
}

/** The driver for a sandbox: who started it decides. */
export type DriverChoice = (target: Target) => Driver;

/** Milliseconds between the two looks of a proof. */
export const lookIntervalMs = 20;

/** Milliseconds within which a runner answers; later, L1 becomes L2. */
const egressAnswerMs = 100;

/** How long an act waits for this way out. */
export function answerMsOf({ answerMs }: EgressSwitch): number {
  return answerMs ?? egressAnswerMs;
}
