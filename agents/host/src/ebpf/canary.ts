// The canary: a real program in a cgroup of its own whose execution and open must come back.
import { spawn } from 'node:child_process';
import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What the canary does, and so what a sensor that works must report of it. */
export const canary = { program: '/bin/cat', file: '/etc/hostname' };

/** A cgroup for one canary below `parent`. */
export interface CanaryCgroup {
  readonly id: bigint;
  readonly path: string;
}

/** Makes a cgroup for one canary; its parent too where that is absent. */
export function makeCanaryCgroup(parent: string, name: string): CanaryCgroup {
  mkdirSync(parent, { recursive: true });
  const path = join(parent, name);
  mkdirSync(path, { recursive: true });
  return { path, id: statSync(path, { bigint: true }).ino };
}

/** Runs the canary in `cgroup` to its end; resolves with its process id on the host. */
export async function runCanary(cgroup: CanaryCgroup): Promise<number> {
  const script = 'echo $$ > "$1/cgroup.procs" && exec "$2" "$3"';
  const words = ['-c', script, 'sh', cgroup.path, canary.program, canary.file];
  const child = spawn('/bin/sh', words, { stdio: 'ignore' });
  await new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => resolve());
  });
  return child.pid ?? 0;
}

/** Removes the canary's cgroup once the kernel has let go of its process. */
export async function removeCanaryCgroup(cgroup: CanaryCgroup): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    if (removed(cgroup.path)) return;
    await delay(10);
  }
}

function removed(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  }
}
