// The loss ledger: for each cgroup and processor, records that the kernel counted against those read.

/** A loss that is now certain. */
export interface LedgerLoss {
  readonly cgroup: bigint;
  readonly count: bigint;
  readonly firstNs: bigint;
  readonly lastNs: bigint;
}

/** What a cgroup's records came to so far: `counted = seen + lost` once all were read. */
export interface LedgerTotals {
  readonly counted: bigint;
  readonly seen: bigint;
  readonly lost: bigint;
}

/** A fence that was answered. */
export interface Fence {
  readonly atNs: bigint;
  /** Its number, and that of the newest one that had been raised when its answer came. */
  readonly token: bigint;
  readonly newest: bigint;
}

interface Line {
  readonly cgroup: bigint;
  highest: bigint;
  seen: bigint;
  lost: bigint;
  counted: bigint;
  atNs: bigint;
}

/** After so many fences every buffer of the kernel was emptied at least once. */
const fencesUntilCertain = 3;

/**
 * Each buffer is read in order, so a hole in a processor's numbers is a loss at once; records lost
 * at a buffer's end show when the kernel's own count is still ahead after three fences.
 */
export class Ledger {
  readonly #lines = new Map<string, Line>();
  readonly #snapshots: ReadonlyMap<string, bigint>[] = [];
  #raisedBefore = 0n;

  /** Takes a record into account; returns the loss before it, if any. */
  record(cgroup: bigint, processor: number, number: bigint, atNs: bigint): LedgerLoss | undefined {
    const line = this.#line(`${cgroup},${processor}`);
    const count = number - line.highest - 1n;
    const firstNs = line.atNs === 0n ? atNs : line.atNs;
    line.seen += 1n;
    line.highest = number > line.highest ? number : line.highest;
    line.atNs = atNs;
    if (count <= 0n) return undefined;
    line.lost += count;
    return { cgroup, count, firstNs, lastNs: atNs };
  }

  /**
   * Takes the kernel's counts at a fence; returns the losses that no later record will show. Fences
   * that piled up before a slow reader are answered in one go, while other buffers are still full:
   * only one that was raised after the last answer proves that these were read meanwhile.
   */
  snapshot(
    counts: ReadonlyMap<string, bigint>,
    { atNs, token, newest }: Fence,
  ): readonly LedgerLoss[] {
    for (const [key, counted] of counts) this.#line(key).counted = counted;
    if (token <= this.#raisedBefore) return [];
    this.#raisedBefore = newest;
    this.#snapshots.push(counts);
    if (this.#snapshots.length <= fencesUntilCertain) return [];
    const certain = this.#snapshots.shift() ?? new Map<string, bigint>();
    return [...certain].flatMap(([key, counted]) => {
      const line = this.#line(key);
      const count = counted - line.highest;
      if (count <= 0n) return [];
      const firstNs = line.atNs === 0n ? atNs : line.atNs;
      line.highest = counted;
      line.lost += count;
      line.atNs = atNs;
      return [{ cgroup: line.cgroup, count, firstNs, lastNs: atNs }];
    });
  }

  totals(cgroup: bigint): LedgerTotals {
    const lines = [...this.#lines.values()].filter((line) => line.cgroup === cgroup);
    const sum = (of: (line: Line) => bigint) => lines.reduce((total, line) => total + of(line), 0n);
    return {
      counted: sum((line) => line.counted),
      seen: sum((line) => line.seen),
      lost: sum((line) => line.lost),
    };
  }

  /** Forgets a cgroup that is gone. */
  forget(cgroup: bigint): void {
    for (const [key, line] of this.#lines) if (line.cgroup === cgroup) this.#lines.delete(key);
  }

  #line(key: string): Line {
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const cgroup = BigInt(key.slice(0, key.indexOf(',')));
    const line = { cgroup, highest: 0n, seen: 0n, lost: 0n, counted: 0n, atNs: 0n };
    this.#lines.set(key, line);
    return line;
  }
}
