// What a run will be on this machine: how it is isolated and limited, and what of its policy is not.
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CompiledPolicy } from '@sandtrail/policy/compile-policy';
import { isWeaker } from '@sandtrail/policy/isolation';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Isolation, Policy } from '@sandtrail/schemas/policy';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import type { Bind } from './bubblewrap-arguments.ts';
import { createSandboxCgroup, type SandboxCgroup, type Unenforced } from './cgroup.ts';
import { findCgroupLayout } from './cgroup-layout.ts';
import { sandboxEnvironment } from './environment.ts';
import { writeRunnerFile } from './orphans.ts';
import { writePrivateEtc } from './private-etc.ts';
import { prepareWorkspace, type Workspace } from './workspace.ts';

/** What a plan is made from. */
export interface PlanOptions {
  readonly uid: SandboxUid;
  readonly incarnation: number;
  readonly policy: Policy;
  readonly compiled: CompiledPolicy;
  readonly allowWeaker: boolean;
  readonly workspaceRoot: string;
  /** A directory of the runner's own, for files that it gives to the sandbox. */
  readonly runDirectory: string;
  readonly cgroupParent: string;
  /** The sandbox's own event socket on the host, if the gateway has one for it. */
  readonly eventSocket: string | undefined;
  /** The host daemon's socket. */
  readonly controlSocket: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
}

/** A run, ready to be launched. */
export interface Plan {
  readonly isolation: Isolation;
  readonly privileged: boolean;
  readonly workspace: Workspace;
  readonly cgroup: SandboxCgroup | undefined;
  /** Whether proxy and resolver are in the sandbox. */
  readonly network: boolean;
  readonly binds: readonly Bind[];
  readonly environment: Readonly<Record<string, string>>;
  readonly unenforced: readonly Unenforced[];
}

const unwatched: Unenforced = {
  field: 'kernel sensors',
  reason: 'no host daemon: nothing watches the kernel',
};
const isolation: Isolation = 'bubblewrap';
const socketDirectory = '/run/sandtrail';
const reservedPlaces = ['/', '/dev', '/etc', '/proc', '/run', '/sys', '/usr'];

/**
 * Prepares workspace, files and cgroup.
 * @throws SandtrailError `SANDBOX_WEAKER` unless that is allowed, `SANDBOX_WORKSPACE`,
 * `SANDBOX_CGROUP`.
 */
export function planRun(options: PlanOptions): Plan {
  const { uid, policy, compiled, eventSocket } = options;
  const { enforce } = compiled;
  const weaker = weakerThanDeclared(options);
  mkdirSync(options.runDirectory, { recursive: true, mode: 0o755 });
  // Before there is a cgroup: one without this file counts as an orphan's.
  writeRunnerFile(options.runDirectory, options.incarnation);
  const layout = findCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'));
  const privileged = process.getuid?.() === 0;
  // Root without a cgroup would be bubblewrap as root, to whom every sysctl is open.
  if (privileged && layout === undefined) {
    throw new SandtrailError('SANDBOX_CGROUP', { detail: 'no cgroup v2 is mounted' });
  }
  const { path: inside, writable } = enforce.workspace;
  if (reservedPlaces.includes(inside)) {
    throw new SandtrailError('SANDBOX_WORKSPACE', { detail: `${inside} is the system's` });
  }
  const workspace = prepareWorkspace({ path: options.workspaceRoot, privileged, writable });
  const parent = options.cgroupParent;
  const cgroup =
    privileged && layout !== undefined
      ? createSandboxCgroup({ layout, parent, name: uid, limits: enforce.limits })
      : undefined;
  const network = policy.network.mode === 'restricted';
  const socket = eventSocket === undefined ? [] : [eventBind(eventSocket)];
  const etc = { directory: join(options.runDirectory, 'etc'), home: inside, hostname: uid };
  return {
    isolation,
    privileged,
    workspace,
    cgroup,
    network,
    binds: [
      ...writePrivateEtc(etc),
      ...socket,
      ...enforce.hostMounts.map(({ path, writable: isWritable }) => {
        return { source: path, target: path, writable: isWritable };
      }),
      { source: workspace.path, target: inside, writable },
    ],
    environment: sandboxEnvironment({
      home: inside,
      network,
      eventSocket: eventSocket && join(socketDirectory, basename(eventSocket)),
      extra: options.environment,
    }),
    unenforced: [
      ...weaker,
      ...(cgroup?.unenforced ?? []),
      ...(privileged ? [] : withoutRoot()),
      ...invalidDestinations(compiled),
      ...(options.controlSocket === undefined ? [unwatched] : []),
    ],
  };
}

function eventBind(path: string): Bind {
  return { source: dirname(path), target: socketDirectory, writable: false };
}

function weakerThanDeclared({ policy, allowWeaker }: PlanOptions): readonly Unenforced[] {
  if (!isWeaker(isolation, policy.isolation)) return [];
  const reason = `${policy.isolation} is declared, ${isolation} is what this runner offers`;
  if (!allowWeaker) throw new SandtrailError('SANDBOX_WEAKER', { detail: reason });
  return [{ field: 'isolation', reason: `${reason}; allowed by --allow-weaker` }];
}

/** What an ordinary user cannot put into force. */
function withoutRoot(): readonly Unenforced[] {
  const limits = ['cpu_limit', 'memory_limit', 'pids_limit'].map((name) => {
    return { field: `resources.${name}`, reason: 'without root there is no cgroup' };
  });
  const loss = {
    field: 'on_recorder_loss',
    reason: 'without root the sandbox is killed with its runner, not frozen',
  };
  return [...limits, loss];
}

function invalidDestinations({ enforce }: CompiledPolicy): readonly Unenforced[] {
  return enforce.egress.invalid.map(({ entry, reason }) => {
    return { field: 'network', reason: `${entry} allows nothing: ${reason}`.slice(0, 512) };
  });
}
