// A cgroup by its inode: reads and writes go to that very directory or to none.
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { systemErrorCode } from '../sandbox/system-error.ts';

/** An open cgroup directory of the v2 tree. */
export interface CgroupHandle {
  /** Writes a control file; false when the cgroup is gone. */
  write(file: 'cgroup.freeze' | 'cgroup.kill', value: string): boolean;
  /** A key of `cgroup.events`, such as `frozen`; `undefined` when the cgroup is gone. */
  event(key: 'frozen' | 'populated'): boolean | undefined;
  /** CPU time used by it and all below, in microseconds; `undefined` when it is gone. */
  cpuUs(): number | undefined;
  /** Thread ids in it and in every cgroup below. */
  threads(): readonly number[];
  close(): void;
}

/**
 * Opens the cgroup if it still is the one with that inode. Everything then goes through the open
 * directory, so that a later cgroup of the same name can never be hit.
 */
export function openCgroup(at: {
  readonly path: string;
  readonly id: bigint;
}): CgroupHandle | undefined {
  const fd = openDirectory(at.path);
  if (fd === undefined) return undefined;
  if (fstatSync(fd, { bigint: true }).ino !== at.id) {
    closeSync(fd);
    return undefined;
  }
  const root = `/proc/self/fd/${fd}`;
  return {
    write: (file, value) =>
      unlessGone(() => {
        writeFileSync(`${root}/${file}`, value);
        return true;
      }) ?? false,
    event: (key) => {
      const text = readFrom(`${root}/cgroup.events`);
      return text === undefined ? undefined : flatKey(text, key) === '1';
    },
    cpuUs: () => {
      const usage = flatKey(readFrom(`${root}/cpu.stat`) ?? '', 'usage_usec');
      return usage === undefined ? undefined : Number(usage);
    },
    threads: () => threadsBelow(root),
    close: () => closeSync(fd),
  };
}

function openDirectory(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The value of a key in a flat-keyed file (cgroup-v2.rst, "Format"). */
function flatKey(text: string, key: string): string | undefined {
  for (const line of text.split('\n')) {
    const [name, value] = line.split(' ');
    if (name === key) return value;
  }
  return undefined;
}

function threadsBelow(directory: string): readonly number[] {
  const own = (readFrom(`${directory}/cgroup.threads`) ?? '').split('\n');
  const below = unlessGone(() => readdirSync(directory, { withFileTypes: true })) ?? [];
  return [
    ...own.filter((line) => line !== '').map(Number),
    ...below
      .filter((entry) => entry.isDirectory())
      .flatMap((entry) => threadsBelow(`${directory}/${entry.name}`)),
  ];
}

function readFrom(path: string): string | undefined {
  return unlessGone(() => readFileSync(path, 'latin1'));
}

/** A removed cgroup answers ENODEV or ENOENT; every other failure is one. */
function unlessGone<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENODEV' || code === 'ENOENT') return undefined;
    throw error;
  }
}
