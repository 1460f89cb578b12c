// Symlinks that a sandbox made, followed in the order of events: even those that are gone again.
import { posix } from 'node:path';

/** Most symlinks remembered for one sandbox; the oldest is forgotten first. */
const symlinksMax = 1024;
/** Most symlinks on one path, as in the kernel (path_resolution(7)). */
const followsMax = 40;

/** The symlinks of one sandbox, by their own absolute path. */
export class SymlinkTable {
  readonly #targets = new Map<string, string>();

  made(path: string, target: string): void {
    this.#targets.delete(path);
    this.#targets.set(path, target);
    if (this.#targets.size <= symlinksMax) return;
    const oldest = this.#targets.keys().next();
    if (oldest.done !== true) this.#targets.delete(oldest.value);
  }

  /** A name is gone, or another file took its place. */
  removed(path: string): void {
    this.#targets.delete(path);
  }

  renamed(from: string, to: string): void {
    const target = this.#targets.get(from);
    this.#targets.delete(from);
    if (target === undefined) this.#targets.delete(to);
    else this.made(to, target);
  }

  /**
   * The absolute path with these symlinks followed, or `undefined` when none of them is on it.
   * Symlinks that the sandbox did not make are left to the file system.
   */
  follow(path: string, options: { readonly last: boolean }): string | undefined {
    if (this.#targets.size === 0) return undefined;
    let pending = path.split('/').filter((part) => part !== '' && part !== '.');
    let done = '/';
    let follows = 0;
    for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
      if (part === '..') {
        done = posix.dirname(done);
        continue;
      }
      const next = posix.join(done, part);
      const target = pending.length > 0 || options.last ? this.#targets.get(next) : undefined;
      if (target === undefined) {
        done = next;
        continue;
      }
      follows += 1;
      if (follows > followsMax) return undefined;
      if (target.startsWith('/')) done = '/';
      pending = [...target.split('/').filter((one) => one !== '' && one !== '.'), ...pending];
    }
    return follows === 0 ? undefined : done;
  }
}
