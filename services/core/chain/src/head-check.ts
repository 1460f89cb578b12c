// Holds one chain's rows against the heads that are known of it, while they stream by.
import type { VerifyCode } from '@sandtrail/schemas/seal';
import type { ChainWalk } from './chain-walk.ts';
import { CompactRange, type RangeState } from './compact-range.ts';
import type { Hash } from './hash.ts';
import type { KnownHead } from './known-heads.ts';

/** What became of a chain's heads. */
export interface HeadOutcome {
  /** An outside head agrees with the rows, and no head disagrees. */
  readonly anchored: boolean;
  /** A head by a pinned key agrees. */
  readonly sealed: boolean;
  readonly finding:
    | { readonly code: VerifyCode; readonly position: bigint; readonly detail: string }
    | undefined;
  /** The largest head that goes beyond the rows. */
  readonly beyond: KnownHead | undefined;
}

interface Snapshot {
  readonly size: bigint;
  readonly range: RangeState | undefined;
  readonly link: Hash | undefined;
}

/** How far back a chain may hold a checkpoint of itself: the signer is never so many rows behind. */
const snapshotsMax = 1024;

interface HeadCheckOptions {
  readonly heads: readonly KnownHead[];
  /** True for a chain that seals checkpoints of itself: then its last heads are remembered. */
  readonly selfSealing: boolean;
}

/** One chain's heads: those known before its rows, and those that its own rows bring. */
export class HeadCheck {
  readonly #pending: KnownHead[];
  readonly #snapshots: Snapshot[] = [];
  readonly #agreed: KnownHead[] = [];
  readonly #refuted: KnownHead[] = [];
  readonly #selfSealing: boolean;
  #at = 0;

  constructor({ heads, selfSealing }: HeadCheckOptions) {
    this.#pending = heads.filter(({ size }) => size > 0n);
    this.#selfSealing = selfSealing;
  }

  /** Call after each row. */
  step(walk: ChainWalk): void {
    if (this.#selfSealing) this.#remember(walk);
    for (;;) {
      const head = this.#pending[this.#at];
      if (head === undefined || head.size > walk.next) return;
      this.#at += 1;
      if (head.size === walk.next)
        this.#compare(head, { root: walk.tree?.root(), link: walk.link });
    }
  }

  /** A head that a row of this very chain brought. */
  addOwn(head: KnownHead, walk: ChainWalk): void {
    const past = this.#snapshots[Number(head.size % BigInt(snapshotsMax))];
    if (head.size > walk.next) {
      const later = this.#pending.findIndex(({ size }, i) => i >= this.#at && size > head.size);
      this.#pending.splice(later < 0 ? this.#pending.length : later, 0, head);
    } else if (past?.size === head.size && past.range !== undefined) {
      this.#compare(head, { root: new CompactRange(past.range).root(), link: past.link });
    }
  }

  /** Call after the last row. */
  end(walk: ChainWalk): HeadOutcome {
    const beyond = this.#pending.findLast(({ size }) => size > walk.next);
    const outside = this.#agreed.some(({ source }) => source === 'outside');
    return {
      anchored: outside && this.#refuted.length === 0,
      sealed: this.#agreed.some(({ trusted }) => trusted),
      finding: this.#finding(),
      beyond,
    };
  }

  #remember(walk: ChainWalk): void {
    const size = walk.next;
    const snapshot = { size, range: walk.tree?.state(), link: walk.link };
    this.#snapshots[Number(size % BigInt(snapshotsMax))] = snapshot;
  }

  #compare(head: KnownHead, rows: { root: Hash | undefined; link: Hash | undefined }): void {
    // Rows that are not what was sealed were named already: a root over them says nothing new.
    if (rows.root === undefined) return;
    const agrees = rows.root === head.root && rows.link === head.link;
    const heads = agrees ? this.#agreed : this.#refuted;
    if (heads.length < snapshotsMax) heads.push(head);
    else heads[heads.length - 1] = head;
  }

  #finding(): HeadOutcome['finding'] {
    const [first] = [...this.#refuted].sort((a, b) => (a.size < b.size ? -1 : 1));
    if (first === undefined) return undefined;
    const position = first.size - 1n;
    const before = this.#agreed.filter(({ size }) => size < first.size).at(-1);
    const since = `rows from position ${before?.size ?? 0n} to ${position} differ`;
    const rewritten = this.#agreed.some(({ size, trusted }) => trusted && size >= first.size);
    return rewritten
      ? {
          code: 'inconsistent',
          position,
          detail: `history was rewritten and signed anew: ${since} from the ${first.source} head of size ${first.size}`,
        }
      : {
          code: 'root_mismatch',
          position,
          detail: `${since} from the ${first.source} checkpoint of size ${first.size}`,
        };
  }
}
