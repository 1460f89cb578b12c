// Resolved paths of one sandbox, kept until the sandbox itself changes a name or a mount.

/** Most paths that are kept; beyond it all are dropped at once. */
const pathsMax = 4_096;
/** How long a path is kept, in time of events: others may change names as well. */
const keptNs = 1_000_000_000n;

/** A memo of lookups: a program that opens one path a thousand times costs one lookup. */
export class PathCache {
  readonly #paths = new Map<string, { readonly resolved: string | undefined; readonly atNs: bigint }>(); // biome-ignore format: one line

  /** What was kept for `key`, else what `look` finds, which is then kept. */
  get(key: string, atNs: bigint, look: () => string | undefined): string | undefined {
    const kept = this.#paths.get(key);
    if (kept !== undefined && atNs - kept.atNs < keptNs) return kept.resolved;
    if (this.#paths.size >= pathsMax) this.#paths.clear();
    const resolved = look();
    this.#paths.set(key, { resolved, atNs });
    return resolved;
  }

  clear(): void {
    this.#paths.clear();
  }
}
