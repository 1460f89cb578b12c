// The names of one sandbox's files: its root, the symlinks that it made, and what paths lead to.
import { closeSync } from 'node:fs';
import type { Observation } from '@sandtrail/schemas/observation';
import {
  absolutePath,
  type GivenPath,
  openDirectory,
  ownPath,
  resolveBelow,
} from './kernel-path.ts';
import { PathCache } from './kernel-path-cache.ts';
import { SymlinkTable } from './kernel-symlinks.ts';

/** Calls after which the processes of a sandbox may no longer see the same files. */
const viewCalls = new Set([
  ...['chroot', 'pivot_root', 'setns', 'unshare', 'clone', 'clone3'],
  ...['mount', 'umount', 'move_mount', 'open_tree', 'fsmount', 'mount_setattr'],
]);

/** Resolves paths as the sandbox's processes see them, also when process or symlink is gone. */
export class SandboxNames {
  readonly #symlinks = new SymlinkTable();
  readonly #cache = new PathCache();
  #rootFd: number | undefined;
  #viewsDiffer = false;

  constructor(initPid: number) {
    this.#rootFd = openDirectory(`/proc/${initPid}/root`);
  }

  /**
   * The path without symlinks and dots, best effort and without waiting: names that others changed
   * since are seen as they are now. `undefined` when a part of it is not in memory.
   */
  resolve(given: GivenPath, atNs: bigint): string | undefined {
    const asked = absolutePath(given);
    const path = asked === undefined ? undefined : ownPath(asked, given.pid);
    if (path === undefined) return undefined;
    const text = path.toString('utf8');
    // A link of /proc to something that is no file: `pipe:[7]`, `/memfd:x (deleted)`.
    if (path !== asked && !/^\/(?!memfd:)/.test(text)) return text;
    const { follow, pid } = given;
    const look = () => this.#look({ pid, path, text, follow });
    if (this.#viewsDiffer) return look();
    // As latin1, so that names that are no UTF-8 stay apart.
    const key = `${follow ? 'f' : 'n'}${path.toString('latin1')}`;
    return this.#cache.get(key, atNs, look);
  }

  #look({ pid, path, text, follow }: Lookup): string | undefined {
    const own = this.#viewsDiffer ? openDirectory(`/proc/${pid}/root`) : undefined;
    const rootFd = own ?? this.#rootFd;
    if (rootFd === undefined) return undefined;
    const made = this.#symlinks.follow(text, { last: follow });
    const found = resolveBelow({ rootFd, path: made === undefined ? path : Buffer.from(made), follow }); // biome-ignore format: one expression
    if (own !== undefined) closeSync(own);
    return found;
  }

  /** Keeps in step with what the sandbox itself did to names and views. */
  noted(one: Observation): void {
    if ('errno' in one) return;
    switch (one.kind) {
      case 'file.link':
        if (one.type === 'symbolic' && one.path.resolved !== undefined) {
          this.#symlinks.made(one.path.resolved, one.target.raw);
        }
        break;
      case 'file.delete':
        if (one.path.resolved !== undefined) this.#symlinks.removed(one.path.resolved);
        break;
      case 'file.rename':
        if (one.path.resolved !== undefined && one.target.resolved !== undefined) {
          this.#symlinks.renamed(one.path.resolved, one.target.resolved);
        }
        break;
      case 'syscall':
        if (!viewCalls.has(one.name)) return;
        this.#viewsDiffer ||= !(one.result ?? '0').startsWith('-');
        break;
      default:
        return;
    }
    this.#cache.clear();
  }

  /** Takes the root directory of the sandbox's newest program for the sandbox's. */
  refreshRoot(pid: number): void {
    const fd = openDirectory(`/proc/${pid}/root`);
    if (fd === undefined) return;
    this.close();
    this.#rootFd = fd;
  }

  close(): void {
    if (this.#rootFd !== undefined) closeSync(this.#rootFd);
    this.#rootFd = undefined;
  }
}

interface Lookup {
  readonly pid: number;
  readonly path: Buffer;
  readonly text: string;
  readonly follow: boolean;
}
