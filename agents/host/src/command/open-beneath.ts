// Opens a path below a directory whose content belongs to a sandbox: no symlink leads us elsewhere.
import { libcFunction } from '@sandtrail/runtime/ffi';

const openat2 = libcFunction(
  'long syscall(long number, int directory, void *path, void *how, size_t size)',
);
const openat2Number = 437;
const resolveFlags = 0x02n | 0x04n | 0x08n; // no magic links, no symlinks, beneath
const readNonblockNoFollowCloseOnExec = 0o4000 | 0o400 | 0o400000 | 0o2000000;

interface OpenBeneath {
  /** An open directory. */
  readonly root: number;
  /** Path below it, byte for byte (latin1); the empty path is the directory itself. */
  readonly path: string;
  readonly directory: boolean;
}

const directoryFlag = 0o200000;

/** A descriptor for reading, or `undefined` when nothing of that kind is there (openat2(2)). */
export function openBeneath({ root, path, directory }: OpenBeneath): number | undefined {
  const how = Buffer.alloc(24);
  const flags = readNonblockNoFollowCloseOnExec | (directory ? directoryFlag : 0);
  how.writeBigUInt64LE(BigInt(flags), 0);
  how.writeBigUInt64LE(resolveFlags, 16);
  const name = Buffer.from(`${path === '' ? '.' : path}\0`, 'latin1');
  const fd = openat2(openat2Number, root, name, how, how.length);
  return fd < 0 ? undefined : fd;
}
