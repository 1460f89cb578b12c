// The data directory: created with tight modes, versioned, and locked by one process at a time.
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { libcFunction } from '@sandtrail/runtime/ffi';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { Account, Accounts } from './accounts.ts';
import { type Layout, socketPathBytesMax } from './layout.ts';

/** The format of data directories that this version writes. */
export const dataVersion = '1';

const flock = libcFunction('int flock(int fd, int operation)');
const exclusiveNow = 2 | 4;

/** A held lock; the kernel releases it when the process ends, however it ends. */
export interface DataLock {
  release(): void;
}

/**
 * Takes the directory for this process: creates what is missing and checks version and owner.
 * @throws SandtrailError `DATA_DIR_IN_USE`, `DATA_DIR_VERSION`, `DATA_DIR_UNUSABLE`
 */
export function openDataDirectory(layout: Layout, accounts: Accounts): DataLock {
  if (Buffer.byteLength(`${layout.sandboxes}/${'x'.repeat(40)}.sock`) > socketPathBytesMax) {
    throw new SandtrailError('DATA_DIR_UNUSABLE', {
      detail: `${layout.root}: too long a path for the sockets in it (at most 50 bytes or so)`,
    });
  }
  try {
    createFolders(layout, accounts);
  } catch (error) {
    throw new SandtrailError('DATA_DIR_UNUSABLE', { detail: layout.root, cause: error });
  }
  const lock = takeLock(layout);
  checkVersion(layout);
  return lock;
}

/**
 * Takes the lock alone, for a command that reads a directory which nobody serves.
 * @throws SandtrailError `DATA_DIR_IN_USE`
 */
export function takeLock(layout: Layout): DataLock {
  const fd = openSync(layout.lock, 'a', 0o600);
  if (flock(fd, exclusiveNow) !== 0) {
    closeSync(fd);
    throw new SandtrailError('DATA_DIR_IN_USE', { detail: layout.root });
  }
  return { release: () => closeSync(fd) };
}

/**
 * Checks that this version can read the directory.
 * @throws SandtrailError `DATA_DIR_VERSION`
 */
export function checkVersion(layout: Layout): void {
  const found = readVersion(layout);
  if (found === undefined) writeFileSync(layout.version, `${dataVersion}\n`, { mode: 0o644 });
  else if (found !== dataVersion) {
    throw new SandtrailError('DATA_DIR_VERSION', {
      detail: `${layout.root} has format ${JSON.stringify(found.slice(0, 32))}, this is ${dataVersion}`,
    });
  }
}

function readVersion(layout: Layout): string | undefined {
  try {
    return readFileSync(layout.version, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new SandtrailError('DATA_DIR_UNUSABLE', { detail: layout.version, cause: error });
  }
}

/** Everybody may pass through the root of it; what lies inside belongs to one role each. */
function createFolders(layout: Layout, accounts: Accounts): void {
  const root: Account = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const folder = (name: string, owner: Account, mode: number) => {
    mkdirSync(name, { recursive: true });
    if (accounts.separated) chownSync(name, owner.uid, owner.gid);
    chmodSync(name, mode);
  };
  folder(layout.root, root, 0o711);
  folder(layout.bus, accounts.core, 0o700);
  folder(layout.store, accounts.core, 0o700);
  folder(layout.spool, root, 0o700);
  folder(layout.keys, root, 0o711);
  folder(layout.signer, accounts.signer, 0o700);
  folder(layout.gateway, accounts.core, 0o700);
  folder(layout.forwarder, accounts.core, 0o700);
  folder(layout.run, root, 0o711);
  folder(layout.runCore, accounts.core, 0o711);
  folder(layout.runSigner, { uid: accounts.core.uid, gid: accounts.signer.gid }, 0o710);
  folder(layout.heads, accounts.signer, 0o755);
  folder(layout.sandboxes, accounts.core, 0o711);
  folder(layout.workspaces, root, 0o711);
}
