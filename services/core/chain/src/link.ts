// A link: the hash that ties a leaf to its position and to everything before it.
import { hashPrefix } from '@sandtrail/schemas/seal';
import { type Hash, sha256 } from './hash.ts';

const genesisScratch = Buffer.alloc(33);
genesisScratch[0] = hashPrefix.genesis;
const scratch = Buffer.alloc(73);
scratch[0] = hashPrefix.link;

/** The link before position 0: `SHA-256(0x03 ‖ chain id)`. */
export function genesisLink(chain: Hash): Hash {
  genesisScratch.write(chain, 1, 'latin1');
  return sha256(genesisScratch);
}

/** The link at `pos`: `SHA-256(0x02 ‖ link before ‖ u64be pos ‖ leaf)`. */
export function nextLink(before: Hash, pos: bigint, leaf: Hash): Hash {
  scratch.write(before, 1, 'latin1');
  scratch.writeBigUInt64BE(pos, 33);
  scratch.write(leaf, 41, 'latin1');
  return sha256(scratch);
}
