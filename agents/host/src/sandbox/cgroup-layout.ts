// Where this machine keeps its cgroups: the v2 tree, and v1 controllers beside it (hybrid layout).
import { join } from 'node:path';

/** Controllers that limit a sandbox. */
export const limitControllers = ['memory', 'pids', 'cpu'] as const;
export type LimitController = (typeof limitControllers)[number];

/** Mount points of the cgroup trees. */
export interface CgroupLayout {
  /** The v2 tree, where `cgroup.freeze` and `cgroup.kill` work. */
  readonly unified: string;
  /** v1 trees by controller; empty in the pure v2 layout. */
  readonly v1: Readonly<Partial<Record<LimitController, string>>>;
}

/** Reads the layout from the text of `/proc/self/mountinfo` (proc_pid_mountinfo(5)), if v2 is there. */
export function findCgroupLayout(mountinfo: string): CgroupLayout | undefined {
  let unified: string | undefined;
  const v1: Partial<Record<LimitController, string>> = {};
  for (const line of mountinfo.split('\n')) {
    const [place = '', type = ''] = line.split(' - ');
    const mountPoint = place.split(' ')[4];
    if (mountPoint === undefined) continue;
    const [fsType, , options = ''] = type.split(' ');
    if (fsType === 'cgroup2') unified ??= mountPoint;
    if (fsType !== 'cgroup') continue;
    for (const name of limitControllers)
      if (options.split(',').includes(name)) v1[name] = mountPoint;
  }
  return unified === undefined ? undefined : { unified, v1 };
}

interface Place {
  readonly layout: CgroupLayout;
  readonly parent: string;
  readonly name: string;
}

/** Where a sandbox's cgroup lies: in the v2 tree, and in those v1 trees that limit it. */
export function cgroupDirectories({ layout, parent, name }: Place): readonly string[] {
  const mounts = [layout.unified, ...Object.values(layout.v1)];
  return [...new Set(mounts)].map((mount) => join(mount, parent, name));
}
