// The doctor: tries everything that Sandtrail needs on this machine and says what really works.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, missing, reasonOf } from './doctor/check.ts';
import type { DoctorOptions } from './doctor/doctor-options.ts';
import { checkBubblewrap, checkCgroup, checkNetworkNamespace, checkUserNamespaces, removeSoon } from './doctor/isolation.ts'; // biome-ignore format: one line
import { checkDisk, checkNode, checkTracefs } from './doctor/machine.ts';
import { checkSensors } from './doctor/sensors.ts';
import { findCgroupLayout } from './sandbox/cgroup-layout.ts';

/** What works here. */
export interface Diagnosis {
  readonly checks: readonly Check[];
  /** How sandboxes are watched on this machine: the best sensor that was proven, if any. */
  readonly watching: 'ebpf' | 'proc' | 'strace' | 'nothing';
  /** What that sensor cannot see. */
  readonly blind: readonly string[];
}

/** Runs every check, some 5 s as root; never rejects: a check that breaks is one that is off. */
export async function diagnose(options: DoctorOptions): Promise<Diagnosis> {
  const { isRoot } = options;
  const tree = findCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'))?.unified;
  const parentCgroup = tree === undefined ? undefined : join(tree, options.cgroupName);
  const sensors = await checkSensors({ ...options, parentCgroup });
  const checks = [
    guard('node', () => checkNode(process.versions.node)),
    ...sensors,
    guard('bubblewrap', checkBubblewrap),
    guard('cgroup', () => checkCgroup(parentCgroup, isRoot)),
    guard('user-namespaces', checkUserNamespaces),
    guard('setns', () => checkNetworkNamespace(isRoot)),
    guard('tracefs', () => checkTracefs(isRoot)),
    guard('disk', () => checkDisk(options.dataDirectory)),
  ];
  const done = await Promise.all(checks);
  if (parentCgroup !== undefined && isRoot) await removeSoon(parentCgroup);
  return { checks: done, ...watchingOf(done) };
}

async function guard(name: string, check: () => Check | Promise<Check>): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    return missing(name, { why: reasonOf(error), remedy: 'report this as a fault of Sandtrail' });
  }
}

const sensorOrder = ['ebpf', 'proc', 'strace'] as const;

/** The first that works, in the order in which the host prefers them. */
function watchingOf(checks: readonly Check[]): Pick<Diagnosis, 'watching' | 'blind'> {
  for (const name of sensorOrder) {
    const sensor = checks.find((check) => check.name === name && check.state !== 'off');
    if (sensor !== undefined) return { watching: name, blind: sensor.blind };
  }
  return { watching: 'nothing', blind: ['everything: no sensor works here'] };
}
