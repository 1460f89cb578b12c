// What this machine must have, and how Sandtrail gets it: apt-get where it may, else the exact command.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** A program that something needs. */
export interface Prerequisite {
  readonly command: string;
  readonly package: string;
  readonly purpose: string;
}

/** Sandboxes see the system's own folders and nothing of a user's, so only these count. */
const systemFolders = [
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/bin',
  '/usr/sbin',
  '/bin',
  '/sbin',
];

const always: readonly Prerequisite[] = [
  { command: 'bwrap', package: 'bubblewrap', purpose: 'the reference sandbox' },
];
const asRoot: readonly Prerequisite[] = [
  { command: 'bpftrace', package: 'bpftrace', purpose: 'the kernel sensor' },
];
const withoutRoot: readonly Prerequisite[] = [
  { command: 'strace', package: 'strace', purpose: 'the sensor that needs no root' },
];
const forTour: readonly Prerequisite[] = [
  { command: 'git', package: 'git', purpose: 'the tour’s benign session' },
  { command: 'python3', package: 'python3', purpose: 'the tour’s workloads' },
  { command: 'curl', package: 'curl', purpose: 'the tour’s attacks' },
  { command: 'gcc', package: 'gcc libc6-dev', purpose: 'the tour’s compiled attack' },
  { command: 'ld', package: 'binutils', purpose: 'the tour’s compiled attack' },
];

interface Wanted {
  readonly root: boolean;
  readonly tour: boolean;
}

/** What is missing here for what is wanted. */
export function missing({ root, tour }: Wanted): readonly Prerequisite[] {
  const wanted = [...always, ...(root ? asRoot : withoutRoot), ...(tour ? forTour : [])];
  return wanted.filter(({ command }) => systemPath(command) === undefined);
}

/** Where a program lies in the system's own folders. */
export function systemPath(command: string): string | undefined {
  return systemFolders
    .map((folder) => path.join(folder, command))
    .find((candidate) => {
      try {
        accessSync(candidate, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The command that installs what is missing, for a person to run or for us. */
export function installCommand(lacking: readonly Prerequisite[]): string {
  const packages = [...new Set(lacking.map((each) => each.package))];
  return `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`;
}

/** Runs that command; false when apt-get is not there or fails (it has then said why). */
export function install(lacking: readonly Prerequisite[]): boolean {
  if (systemPath('apt-get') === undefined) return false;
  const done = spawnSync('sh', ['-c', installCommand(lacking)], {
    stdio: ['ignore', 2, 2],
    env: { PATH: systemFolders.join(':'), DEBIAN_FRONTEND: 'noninteractive', LANG: 'C.UTF-8' },
  });
  return done.status === 0;
}
