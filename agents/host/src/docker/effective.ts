// What of a policy a container really has, as its engine states it; the rest is `unenforced` or weaker.
import type { Isolation, Policy } from '@sandtrail/schemas/policy';
import type { Unenforced } from '../sandbox/cgroup.ts';
import { runtimeOf } from './bind.ts';
import type { Container } from './engine.ts';

/** Options that give a container so much of the host that its isolation counts as none at all. */
const strongCapabilities =
  /^(?:CAP_)?(?:ALL|SYS_ADMIN|SYS_MODULE|SYS_PTRACE|SYS_RAWIO|BPF|DAC_READ_SEARCH)$/;
const engineSocket = /(?:docker|containerd|podman|crio)[^:]*\.sock/;

/** What isolates it, and each of its options that weakens that. */
export function isolationOf(container: Container): {
  readonly isolation: Isolation;
  readonly weakened: readonly string[];
} {
  const { HostConfig: config } = container;
  const weakened = [
    config.Privileged ? 'privileged' : undefined,
    config.PidMode === 'host' ? 'the host’s processes' : undefined,
    config.NetworkMode === 'host' ? 'the host’s network' : undefined,
    config.IpcMode === 'host' ? 'the host’s IPC' : undefined,
    config.UTSMode === 'host' ? 'the host’s UTS namespace' : undefined,
    (config.Devices ?? []).length > 0 ? 'devices of the host' : undefined,
    ...(config.CapAdd ?? []).filter((name) => strongCapabilities.test(name)),
    ...(config.SecurityOpt ?? []).filter((option) => /unconfined|disable/.test(option)),
    (config.Binds ?? []).some((bind) => engineSocket.test(bind)) ? 'an engine’s socket' : undefined,
  ].filter((each) => each !== undefined);
  const runtime = runtimeOf(container);
  // gVisor's kernel stands before the host's whatever is asked of it, except for the network.
  const isWeak = runtime === 'gvisor' ? config.NetworkMode === 'host' : weakened.length > 0;
  return { isolation: isWeak ? 'none' : runtime, weakened };
}

interface Placed {
  /** Whether its cgroup lies where the kernel sensors look. */
  readonly sensed: boolean;
  /** The value of `--cgroup-parent` that puts a container there. */
  readonly cgroupParent: string;
}

/** Fields of the policy that nothing puts into force for this container, each with its reason. */
export function unenforcedOf(
  container: Container,
  policy: Policy,
  { sensed, cgroupParent }: Placed,
): readonly Unenforced[] {
  const { HostConfig: config, NetworkSettings: network } = container;
  const networks = Object.keys(network.Networks).filter((name) => name !== 'none');
  const binds = (config.Binds ?? []).map((bind) => bind.split(':')[0] ?? '');
  const declared = policy.filesystem.host_mounts.map((mount) => mount.split(':')[0]);
  const undeclared = binds.filter((bind) => !declared.includes(bind));
  const gvisor = runtimeOf(container) === 'gvisor';
  return [
    when(networks.length > 0, {
      field: 'network',
      reason: `it is on ${networks.join(', ')}: no proxy of Sandtrail's stands before that`,
    }),
    when(undeclared.length > 0, {
      field: 'filesystem.host_mounts',
      reason: `undeclared: ${undeclared.join(', ')}`,
    }),
    when(config.NanoCpus === 0 && config.CpuQuota <= 0, noLimit('cpu_limit')),
    when(config.Memory === 0, noLimit('memory_limit')),
    when((config.PidsLimit ?? 0) <= 0, noLimit('pids_limit')),
    { field: 'resources.timeout_seconds', reason: 'nobody ends a container of an engine in time' },
    when(policy.on_recorder_loss === 'freeze', {
      field: 'on_recorder_loss',
      reason: 'while Sandtrail is away, nobody watches over a container of an engine',
    }),
    when(!sensed && !gvisor, {
      field: 'kernel sensors',
      reason: `start it with --cgroup-parent ${cgroupParent}: its cgroup lies elsewhere`,
    }),
  ]
    .filter((each) => each !== undefined)
    .map(({ field, reason }) => ({ field, reason: reason.slice(0, 512).toWellFormed() }));
}

function noLimit(name: string): Unenforced {
  return { field: `resources.${name}`, reason: 'the container was started without that limit' };
}

function when(condition: boolean, unenforced: Unenforced): Unenforced | undefined {
  return condition ? unenforced : undefined;
}
