// Resolves a path as a watched process saw it: its root, working directory, descriptors, symlinks.
import { closeSync, constants, existsSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { errno, libcFunction } from '@sandtrail/runtime/ffi';

/** What stands in place of a directory descriptor to mean the working directory (openat(2)). */
export const atWorkingDirectory = -100;

/** A path as a call gave it. */
export interface GivenPath {
  readonly pid: number;
  readonly dirfd: number;
  readonly bytes: Buffer;
  /** False where the call acts on the name itself and not on what a symlink there points at. */
  readonly follow: boolean;
  /** The process's working directory as last known, used when the process is gone. */
  readonly cwd: string | undefined;
}

const openat2 = libcFunction(
  'int64_t syscall(int64_t number, int64_t dirfd, const uint8_t *path, const uint8_t *how, int64_t size)',
);
const openat2Number = 437; // the same on every architecture that has it
const pathOnly = 0o10000000; // O_PATH
const closeOnExec = 0o2000000;
const pathSizeBytesMax = 4096;
const levelsMax = 8;

const inRoot = 0x10; // RESOLVE_IN_ROOT
/** RESOLVE_CACHED, so that a file system of the sandbox's own cannot stall us. */
const howCached = openHow(pathOnly | closeOnExec, inRoot | 0x20);
const howWaiting = openHow(pathOnly | closeOnExec, inRoot);
const tryAgain = 11; // EAGAIN

/** Opens a directory only to name it; the caller closes it. `undefined` when it is gone. */
export function openDirectory(path: string): number | undefined {
  try {
    return openSync(path, pathOnly | constants.O_DIRECTORY);
  } catch {
    return undefined;
  }
}

/** Where a link of `/proc` points, or `undefined` when the process is gone. */
export function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** The path from the root, with its symlinks and dots; `undefined` when it cannot be known. */
export function absolutePath({ pid, dirfd, bytes, cwd }: GivenPath): Buffer | undefined {
  if (bytes.length > pathSizeBytesMax) return undefined;
  if (bytes[0] === 0x2f) return bytes;
  const base =
    dirfd === atWorkingDirectory
      ? (cwd ?? readLink(`/proc/${pid}/cwd`))
      : readLink(`/proc/${pid}/fd/${dirfd}`);
  if (base?.startsWith('/') !== true) return undefined;
  return Buffer.concat([Buffer.from(`${base}/`), bytes]);
}

/**
 * `/proc/self` means the watched process, not the collector. Its links into other places (`fd/7`,
 * `cwd`, `root`, `exe`) are read here: the kernel follows them only for the process itself.
 */
export function ownPath(path: Buffer, pid: number): Buffer | undefined {
  const text = path.toString('latin1');
  const match = /^\/+(?:proc\/+(?:self|thread-self)\/+(fd\/+\d+|cwd|root|exe)|dev\/+(fd\/+\d+))(\/.*)?$/s.exec(text); // biome-ignore format: one expression
  if (match === null) return path;
  const [, own, descriptor = '', rest = ''] = match;
  const target = readLink(`/proc/${pid}/${own ?? descriptor}`);
  if (target === undefined) return undefined;
  return Buffer.concat([Buffer.from(target), Buffer.from(rest, 'latin1')]);
}

/** A path below a root directory. */
export interface Lookup {
  readonly rootFd: number;
  readonly path: Buffer;
  readonly follow: boolean;
  /** Whether a lookup may wait for the file system: only where all of them are the host's own. */
  readonly mayWait: boolean;
}

/** Goes up to the nearest directory that is (still) there; names below it stand as they were given. */
export function resolveBelow(lookup: Lookup): string | undefined {
  const { path, follow } = lookup;
  const whole = follow ? lookUp(lookup, path) : undefined;
  if (whole !== undefined) return whole;
  let rest = path.subarray(0, path.length - trailingSlashes(path));
  let below = '';
  for (let level = 0; level < levelsMax; level += 1) {
    const cut = rest.lastIndexOf(0x2f);
    const name = rest.subarray(cut + 1).toString('utf8');
    if (name === '..') return undefined;
    if (name !== '' && name !== '.') below = `/${name}${below}`;
    rest = rest.subarray(0, Math.max(cut, 0));
    const parent = rest.length === 0 ? '/' : lookUp(lookup, rest);
    if (parent !== undefined) return `${parent === '/' ? '' : parent}${below}`;
  }
  return undefined;
}

function trailingSlashes(path: Buffer): number {
  let count = 0;
  while (count < path.length - 1 && path[path.length - 1 - count] === 0x2f) count += 1;
  return count;
}

function lookUp({ rootFd, mayWait }: Lookup, path: Buffer): string | undefined {
  const zeroEnded = Buffer.concat([path, Buffer.alloc(1)]);
  const open = (how: Buffer) => openat2(openat2Number, rootFd, zeroEnded, how, how.length);
  let fd = open(howCached);
  // A symlink that is milliseconds old asks for its time of access to be written first.
  if (fd < 0 && mayWait && errno() === tryAgain) fd = open(howWaiting);
  if (fd < 0) return undefined;
  const found = readLink(`/proc/self/fd/${fd}`);
  closeSync(fd);
  return found?.replace(/ \(deleted\)$/, '');
}

/** True when every file system that the process sees is the host's own and none can be added. */
export function seesOnlyLocalFiles(pid: number): boolean {
  try {
    if (existsSync(`/proc/${pid}/root/dev/fuse`)) return false;
    return !remoteMount.test(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
  } catch {
    return false;
  }
}

const remoteMount = / - (?:fuse|nfs|cifs|smb|9p|virtiofs|ceph|afs|coda|autofs)/;

function openHow(flags: number, resolve: number): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeBigUInt64LE(BigInt(flags), 0);
  bytes.writeBigUInt64LE(BigInt(resolve), 16);
  return bytes;
}
