// The workspace on the host: it exists, and the user who owns it is who the sandbox is out here.
import { chownSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { SandtrailError } from '@sandtrail/schemas/errors';
import type { HostOwner } from './launch.ts';

/** The host's user for sandboxes whose workspace Sandtrail makes: no account, no files elsewhere. */
export const sandboxOwner: HostOwner = { uid: 65_521, gid: 65_521 };

/** A directory that is ready. */
export interface Workspace {
  /** Without symlinks. */
  readonly path: string;
  readonly owner: HostOwner;
}

interface WorkspaceOptions {
  readonly path: string;
  /** Root makes the directory the sandbox user's own. */
  readonly privileged: boolean;
  readonly writable: boolean;
}

/**
 * Makes the directory where it is absent.
 * @throws SandtrailError `SANDBOX_WORKSPACE` when it cannot be used: it is no directory, or root owns
 * it and the sandbox is to write there (a sandbox never is root on the host).
 */
export function prepareWorkspace(options: WorkspaceOptions): Workspace {
  try {
    const made = mkdirSync(options.path, { recursive: true, mode: 0o755 });
    const path = realpathSync(options.path);
    if (made !== undefined && options.privileged)
      chownSync(path, sandboxOwner.uid, sandboxOwner.gid);
    return { path, owner: ownerOf(path, options) };
  } catch (cause) {
    if (cause instanceof SandtrailError) throw cause;
    throw new SandtrailError('SANDBOX_WORKSPACE', { detail: options.path, cause });
  }
}

function ownerOf(path: string, { privileged, writable }: WorkspaceOptions): HostOwner {
  const { uid, gid } = statSync(path);
  if (!privileged || uid !== 0) return { uid, gid: gid === 0 ? uid : gid };
  if (!writable) return sandboxOwner;
  throw new SandtrailError('SANDBOX_WORKSPACE', { detail: `${path} belongs to root` });
}
