// Binds a container's life to what holds it on the host: its first process, its cgroup, its keeper.
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { SandboxUid } from '@sandtrail/schemas/scalars';
import type { EgressSwitch, Keeper, Target } from '../driver/driver.ts';
import { type OwnCgroup, ownCgroup, removeAdopted } from '../driver/own-cgroup.ts';
import { readTarget } from '../driver/target.ts';
import { createContainerEgress } from './egress.ts';
import type { Container, DockerEngine } from './engine.ts';
import { createContainerKeeper } from './keeper.ts';

/** A container as drivers find it. */
export interface BoundContainer {
  readonly target: Target;
  readonly cgroup: OwnCgroup;
  readonly runtime: 'gvisor' | 'docker';
  /** Removes what was made for it; false while something still lives there. */
  release(): boolean;
}

interface BindOptions {
  readonly uid: SandboxUid;
  readonly incarnation: number;
  readonly container: Container;
  readonly engine: DockerEngine;
  /** Below the v2 tree: where containers go that have no cgroup of their own. */
  readonly adoptedParent: string;
  /** Another switch than its networks, for tests. */
  readonly egress?: EgressSwitch;
}

/**
 * Reads the handles of a running container.
 * @throws SandtrailError `CONTAIN_UNKNOWN_SANDBOX` when it does not run any more, `SANDBOX_CGROUP`
 */
export function bindContainer(options: BindOptions): BoundContainer {
  const { uid, incarnation, container, engine, adoptedParent } = options;
  const { Id: id, State: state } = container;
  if (!state.Running || state.Pid < 2) {
    throw new SandtrailError('CONTAIN_UNKNOWN_SANDBOX', { detail: `${uid} does not run` });
  }
  const initPid = state.Pid;
  const cgroup = ownCgroup({ pid: initPid, mark: id, adoptInto: `${adoptedParent}/${uid}` });
  const runtime = runtimeOf(container);
  const keeper: Keeper = createContainerKeeper({ engine, id, initPid, runtime });
  const egress = options.egress ?? createContainerEgress({ engine, id, initPid });
  const { path, id: inode } = cgroup;
  const target = readTarget({
    ...{ uid, incarnation, initPid, egress, keeper },
    cgroup: { path, id: inode },
  });
  return { target, cgroup, runtime, release: () => removeAdopted(cgroup) };
}

/** gVisor's runtime is called `runsc` by its own documentation, and `gvisor` by some clouds. */
export function runtimeOf({ HostConfig: { Runtime: name } }: Container): 'gvisor' | 'docker' {
  return /runsc|gvisor/i.test(name) ? 'gvisor' : 'docker';
}
