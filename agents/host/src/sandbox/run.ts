// The library behind `sandtrail run`: one command in one watched sandbox, from birth to proven end.
import { rmSync } from 'node:fs';
import { compilePolicy } from '@sandtrail/policy/compile-policy';
import { policyDigest } from '@sandtrail/policy/policy-digest';
import type { CounterSnapshot } from '@sandtrail/runtime/counters';
import type { Level } from '@sandtrail/schemas/finding';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import type { ArmedCollector } from '../control/protocol.ts';
import type { Unenforced } from './cgroup.ts';
import type { Exit } from './launch.ts';
import { type Plan, planRun } from './plan.ts';
import type { StreamEnd } from './recorder.ts';
import type { EndReason, RunLimits, RunOptions } from './run-options.ts';
import { RunningSandbox } from './running-sandbox.ts';
import { forwardSignals } from './signals.ts';
import { openStdio } from './stdio.ts';

const defaultLimits: RunLimits = {
  startTimeoutMs: 10_000,
  hostSilenceMsMax: 10_000,
  hostLossMsMax: 30_000,
  signalGraceMs: 10_000,
  textBytesMax: 1_048_576,
};

/** What a run was. */
export interface RunSummary {
  readonly uid: SandboxUid;
  readonly exitCode: number;
  readonly signal: string | undefined;
  readonly reason: EndReason;
  /** The highest rung of containment that was reached. */
  readonly level: Level;
  /** From the call to the moment when the command was let go. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly unenforced: readonly Unenforced[];
  readonly collectors: readonly ArmedCollector[];
  readonly streams: readonly StreamEnd[];
  readonly counters: CounterSnapshot;
}

/**
 * Runs a command in a sandbox and resolves after the sandbox is gone and everything about it is
 * recorded. Stdin, stdout, stderr (or the terminal) and signals are the command's meanwhile.
 * @throws SandtrailError `SANDBOX_WEAKER`, `SANDBOX_WORKSPACE`, `SANDBOX_CGROUP`, `SANDBOX_START`,
 * `SANDBOX_NETWORK`, `CONTROL_LOST`, `CONTROL_DENIED`; nothing of the sandbox is left then.
 */
export async function runSandbox(options: RunOptions): Promise<RunSummary> {
  const beganMs = options.clock.monotonicMs();
  const limits = { ...defaultLimits, ...options.limits };
  const compiled = compilePolicy(options.policy);
  const plan = planRun({ ...options, compiled });
  const sandbox = new RunningSandbox({ ...options, limits, compiled, plan });
  try {
    let exit: Exit;
    try {
      exit = await liveThrough({ options, limits, sandbox, beganMs });
    } catch (error) {
      await sandbox.end({ reason: 'failed', exit: undefined });
      throw error;
    }
    return await summarise({ options, sandbox, plan, exit, beganMs });
  } finally {
    rmSync(options.runDirectory, { recursive: true, force: true });
  }
}

interface Life {
  readonly options: RunOptions;
  readonly limits: RunLimits;
  readonly sandbox: RunningSandbox;
  readonly beganMs: number;
}

async function liveThrough({ options, limits, sandbox, beganMs }: Life): Promise<Exit> {
  await sandbox.create(policyDigest(options.policy));
  const stdio = openStdio(options.io);
  const terminal = stdio.terminalFd !== undefined;
  try {
    const launched = await sandbox.launch(stdio.terminalFd);
    await sandbox.arm();
    await launched.atDoor();
    const unforward = forwardSignals({
      source: options.signals,
      initPid: launched.initPid,
      terminal,
      kill: (reason) => sandbox.kill({ by: 'user', reason, as: 'signalled' }),
      graceMs: limits.signalGraceMs,
    });
    try {
      stdio.attach(launched, (channel, chunk) => sandbox.output(channel, chunk));
      sandbox.start(options.clock.monotonicMs() - beganMs);
      return await launched.exited;
    } finally {
      unforward();
    }
  } finally {
    await sandbox.stopTasks();
    await stdio.finish();
  }
}

interface Ended extends Omit<Life, 'limits'> {
  readonly plan: Plan;
  readonly exit: Exit;
}

async function summarise({ options, sandbox, plan, exit, beganMs }: Ended): Promise<RunSummary> {
  const { reason, level, streams } = await sandbox.end({ reason: undefined, exit });
  return {
    uid: options.uid,
    exitCode: exit.code,
    signal: exit.signal,
    reason,
    level,
    startMs: sandbox.startMs,
    durationMs: Math.round(options.clock.monotonicMs() - beganMs),
    unenforced: plan.unenforced,
    collectors: sandbox.collectors,
    streams,
    counters: options.counters.snapshot(),
  };
}
