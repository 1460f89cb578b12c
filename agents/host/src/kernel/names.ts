// The names of one sandbox's files: its root, the symlinks that it made, and what paths lead to.
import { closeSync } from 'node:fs';
import type { Observation } from '@sandtrail/schemas/observation';
import {
  absolutePath,
  type GivenPath,
  openDirectory,
  ownPath,
  resolveBelow,
  seesOnlyLocalFiles,
} from './path.ts';
import { PathCache } from './path-cache.ts';
import { SymlinkTable } from './symlinks.ts';

/** Calls after which a process may no longer see the same files. */
export const viewCalls = new Set([
  ...['chroot', 'pivot_root', 'setns', 'unshare', 'clone', 'clone3'],
  ...['mount', 'umount', 'move_mount', 'open_tree', 'fsmount', 'mount_setattr'],
]);

/** Views of the file system that are kept open; a sandbox has one, seldom two. */
const viewsMax = 16;

interface View {
  readonly rootFd: number;
  readonly cache: PathCache;
  readonly mayWait: boolean;
}

/** A path, and how its process sees the file system as far as known. */
export interface NamedPath extends GivenPath {
  readonly view: string | undefined;
  /** Time of the event. */
  readonly atNs: bigint;
}

/** Resolves paths as the sandbox's processes see them, also when process or symlink is gone. */
export class SandboxNames {
  readonly #symlinks = new SymlinkTable();
  readonly #views = new Map<string, View>();

  /**
   * The path without symlinks and dots, best effort and without waiting: names that others changed
   * since are seen as they are now. `undefined` when a part of it is not in memory.
   */
  resolve(given: NamedPath): string | undefined {
    const asked = absolutePath(given);
    const path = asked === undefined ? undefined : ownPath(asked, given.pid);
    if (path === undefined) return undefined;
    const text = path.toString('utf8');
    // A link of /proc to something that is no file: `pipe:[7]`, `/memfd:x (deleted)`.
    if (path !== asked && !/^\/(?!memfd:)/.test(text)) return text;
    const view = this.#view(given);
    if (view === undefined) return undefined;
    const { follow, atNs } = given;
    // As latin1, so that names that are no UTF-8 stay apart.
    const key = `${follow ? 'f' : 'n'}${path.toString('latin1')}`;
    return view.cache.get(key, atNs, () => {
      const made = this.#symlinks.follow(text, { last: follow });
      const { rootFd, mayWait } = view;
      const from = made === undefined ? path : Buffer.from(made);
      return resolveBelow({ rootFd, mayWait, path: from, follow });
    });
  }

  /** The process's own view, else the one that was seen last. */
  #view({ view, pid }: NamedPath): View | undefined {
    const known = view === undefined ? undefined : this.#views.get(view);
    if (known !== undefined) return known;
    const rootFd = view === undefined ? undefined : openDirectory(`/proc/${pid}/root`);
    if (rootFd === undefined || view === undefined) return [...this.#views.values()].at(-1);
    if (this.#views.size >= viewsMax) this.close();
    const fresh = { rootFd, cache: new PathCache(), mayWait: seesOnlyLocalFiles(pid) };
    this.#views.set(view, fresh);
    return fresh;
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
        if (viewCalls.has(one.name)) this.close();
        return;
      default:
        return;
    }
    for (const { cache } of this.#views.values()) cache.clear();
  }

  /** Lets go of all views; they are opened anew when they are needed. */
  close(): void {
    for (const { rootFd } of this.#views.values()) closeSync(rootFd);
    this.#views.clear();
  }
}
