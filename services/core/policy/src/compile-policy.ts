// A declared policy becomes two things: what to enforce where we can, and what to expect everywhere.
import type { Isolation, Policy } from '@sandtrail/schemas/policy';
import { type CompiledEgress, compileEgress } from './egress.ts';
import { lexicalPath } from './place.ts';
import { type Limits, parseLimits } from './resources.ts';

/** A directory of the host inside the sandbox. */
export interface HostMount {
  readonly path: string;
  readonly writable: boolean;
}

/** What runner, proxy, resolver and watchdog put into force. */
export interface Enforcement {
  readonly egress: CompiledEgress;
  readonly workspace: HostMount;
  readonly hostMounts: readonly HostMount[];
  readonly limits: Limits;
  readonly freezeOnRecorderLoss: boolean;
}

/** What detectors compare with what is observed. */
export interface Expectation {
  readonly isolation: Isolation;
  readonly egress: CompiledEgress;
  /** Where anything may be read and, below those that are writable, written. */
  readonly places: readonly HostMount[];
  readonly workspace: string;
  readonly automaticLevelMax: Policy['responses']['automatic_level_max'] | undefined;
}

/** A policy, compiled once for a sandbox's whole life. */
export interface CompiledPolicy {
  readonly enforce: Enforcement;
  readonly expect: Expectation;
}

/** Compiles a policy; never fails on one that `Policy` accepted. */
export function compilePolicy(policy: Policy): CompiledPolicy {
  const egress = compileEgress(policy.network);
  const workspace = {
    path: lexicalPath(policy.filesystem.workspace),
    writable: policy.filesystem.mode === 'read_write',
  };
  const hostMounts = policy.filesystem.host_mounts.map(parseHostMount);
  const { automatic, automatic_level_max: levelMax } = policy.responses;
  return {
    enforce: {
      egress,
      workspace,
      hostMounts,
      limits: parseLimits(policy.resources),
      freezeOnRecorderLoss: policy.on_recorder_loss === 'freeze',
    },
    expect: {
      isolation: policy.isolation,
      egress,
      places: [workspace, ...hostMounts],
      workspace: workspace.path,
      automaticLevelMax: automatic ? levelMax : undefined,
    },
  };
}

/** Reads `/path` (writable) or `/path:ro`. */
export function parseHostMount(entry: string): HostMount {
  const readOnly = entry.endsWith(':ro');
  return { path: lexicalPath(readOnly ? entry.slice(0, -3) : entry), writable: !readOnly };
}
