// The RFC 6962 tree over a chain's leaves, kept as the few nodes from which it can grow.
import { hashPrefix } from '@sandtrail/schemas/seal';
import { type Hash, sha256 } from './hash.ts';

/** What must persist: the number of leaves, and the root of each perfect subtree, largest first. */
export interface RangeState {
  readonly size: number;
  readonly nodes: readonly Hash[];
}

/** The tree of no leaves. */
export const emptyRange: RangeState = { size: 0, nodes: [] };

/** A growing tree; at most 53 nodes, one for each set bit of its size. */
export class CompactRange {
  #size: number;
  readonly #nodes: Hash[];

  /** Goes on from a state; the state stays as it is. */
  constructor(state: RangeState = emptyRange) {
    this.#size = state.size;
    this.#nodes = [...state.nodes];
  }

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  /** Adds a leaf hash (`leafOf`). */
  append(leaf: Hash): void {
    let node = leaf;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      node = innerNode(this.#nodes.pop() ?? node, node);
    }
    this.#nodes.push(node);
    this.#size += 1;
  }

  /** The Merkle tree hash over all leaves; of none it is SHA-256 of nothing (RFC 6962, 2.1). */
  root(): Hash {
    return this.#nodes.reduceRight<Hash | undefined>(joinRight, undefined) ?? sha256(nothing);
  }

  state(): RangeState {
    return { size: this.#size, nodes: [...this.#nodes] };
  }
}

/** True when the number of nodes fits the size: a stored state that fails this is damaged. */
export function rangeFits({ size, nodes }: RangeState): boolean {
  if (!Number.isSafeInteger(size) || size < 0) return false;
  let bits = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits === nodes.length;
}

const nothing = new Uint8Array(0);
const scratch = Buffer.alloc(65);
scratch[0] = hashPrefix.node;

/** `SHA-256(0x01 ‖ left ‖ right)`. */
export function innerNode(left: Hash, right: Hash): Hash {
  scratch.write(left, 1, 'latin1');
  scratch.write(right, 33, 'latin1');
  return sha256(scratch);
}

function joinRight(right: Hash | undefined, left: Hash): Hash {
  return right === undefined ? left : innerNode(left, right);
}
