// The doctor's look at the kernel sensors: each is really loaded and must see its canary.
import type { Collector, CollectorSink } from '../collector.ts';
import { createEbpfCollector } from '../ebpf.ts';
import { createProcCollector } from '../proc.ts';
import { createStraceCollector } from '../strace.ts';
import { type Check, missing, reasonOf, works } from './check.ts';
import type { DoctorOptions } from './doctor-options.ts';

const nobodyListens: CollectorSink = {
  observe: () => undefined,
  lost: () => undefined,
  restarted: () => undefined,
};

interface SensorCheck {
  readonly collector: Collector;
  readonly remedy: string;
  /** What is not seen at all without this sensor. */
  readonly blind: readonly string[];
}

/** Loads the sensors one after the other; one's failure does not stop the next. */
export async function checkSensors(
  options: DoctorOptions & { readonly parentCgroup: string | undefined },
): Promise<readonly Check[]> {
  const { clock, counters, logger, parentCgroup, isRoot } = options;
  const checks: Check[] = [];
  const asRoot = 'run it as root: `sudo npx sandtrail doctor`';
  if (!isRoot) {
    const why = 'needs root';
    const blind = [
      'sandboxes of other users',
      'what a sandbox does when strace is not in front of it',
    ];
    checks.push(missing('ebpf', { why, remedy: asRoot, blind }));
    checks.push(missing('proc', { why, remedy: asRoot }));
  } else {
    checks.push(
      parentCgroup === undefined
        ? missing('ebpf', { why: 'no cgroup v2 tree', remedy: mountCgroup })
        : await checkSensor({
            collector: createEbpfCollector({ clock, counters, logger, parentCgroup }),
            remedy: 'apt-get install -y bpftrace && mount -t tracefs tracefs /sys/kernel/tracing',
            blind: ['files, network and system calls of sandboxes, unless strace is in front'],
          }),
      await checkSensor({
        collector: createProcCollector({ clock, counters }),
        remedy: 'use a kernel with CONFIG_PROC_EVENTS=y, in the first user namespace',
        blind: ['processes, when bpftrace cannot be loaded either'],
      }),
    );
  }
  checks.push(
    await checkSensor({
      collector: createStraceCollector({ clock, counters, launchers: 1 }),
      remedy: 'apt-get install -y strace; sysctl kernel.yama.ptrace_scope must be below 3',
      blind: ['everything, for users without root'],
    }),
  );
  return checks;
}

/** How to get a cgroup v2 tree. */
export const mountCgroup =
  'mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified';

async function checkSensor({ collector, remedy, blind }: SensorCheck): Promise<Check> {
  const { name } = collector;
  try {
    const mode = await collector.start(nobodyListens);
    const check = works(name, mode.detail, mode.blindSpots);
    return mode.on ? check : { ...check, state: 'degraded', why: mode.detail, remedy };
  } catch (error) {
    return missing(name, { why: reasonOf(error), remedy, blind });
  } finally {
    await collector.stop();
  }
}
