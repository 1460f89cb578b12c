// For tests of the kernel collectors: a sink that checks every observation, and a sandbox to watch.
import { strict as assert } from 'node:assert';
import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Body } from '@sandtrail/schemas/events';
import type { Observation, ObservationOf } from '@sandtrail/schemas/observation';
import { Policy } from '@sandtrail/schemas/policy';
import { SandboxUid } from '@sandtrail/schemas/scalars';
import type { CollectorSink, Gap, WatchedSandbox } from '../collector.ts';

/** A sink that keeps everything and refuses what the contract refuses. */
export class RecordingSink implements CollectorSink {
  readonly observations: Observation[] = [];
  readonly gaps: (Gap & { readonly sandbox: string | undefined })[] = [];
  readonly restarts: string[] = [];
  onObservation: (observation: Observation) => void = () => undefined;

  observe(_sandbox: WatchedSandbox, observation: Observation): void {
    Body.parse({ ...observation, v: 1, stream: 'ebpf:node:1:sandbox-1:0', seq: '0' });
    this.observations.push(observation);
    this.onObservation(observation);
  }

  lost(sandbox: WatchedSandbox | undefined, gap: Gap): void {
    this.gaps.push({ ...gap, sandbox: sandbox?.uid });
  }

  restarted(reason: string): void {
    this.restarts.push(reason);
  }

  of<K extends Observation['kind']>(kind: K): ObservationOf<K>[] {
    return this.observations.filter((one): one is ObservationOf<K> => one.kind === kind);
  }

  /** The first observation of the kind that fits; fails when there is none. */
  find<K extends Observation['kind']>(
    kind: K,
    fits: (one: ObservationOf<K>) => boolean,
  ): ObservationOf<K> {
    const found = this.of(kind).find(fits);
    assert(found, `a ${kind} that fits was observed`);
    return found;
  }
}

/** A sandbox as the runner would register it. */
export function sandboxFor(
  options: Partial<Pick<WatchedSandbox, 'cgroup' | 'initPid' | 'workspace'>>,
): WatchedSandbox {
  return {
    uid: SandboxUid.parse('sandbox-1'),
    incarnation: 0,
    policy: Policy.parse({
      isolation: 'bubblewrap',
      network: { mode: 'none' },
      filesystem: { workspace: '/workspace' },
      resources: { cpu_limit: '1', memory_limit: '1Gi', timeout_seconds: 60 },
    }),
    cgroup: undefined,
    initPid: process.pid,
    workspace: '/nonexistent',
    ...options,
  };
}

/** A cgroup below `parent`, as the runner makes one for each sandbox. */
export function makeCgroup(parent: string, name: string): { path: string; id: bigint } {
  const path = join(parent, name);
  mkdirSync(path, { recursive: true });
  return { path, id: statSync(path, { bigint: true }).ino };
}

/** Removes a cgroup as soon as its last process is gone. */
export async function removeCgroup(path: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    try {
      rmdirSync(path);
      return;
    } catch {
      if (statSync(path, { throwIfNoEntry: false }) === undefined) return;
      await delay(10);
    }
  }
  assert.fail(`${path} could be removed`);
}

/** Waits until `holds`, at most 40 s: a sensor compiles for seconds on a busy machine. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (let attempt = 0; attempt < 4_000; attempt += 1) {
    if (holds()) return;
    await delay(10);
  }
  assert.fail(`in 40 s: ${what}`);
}
