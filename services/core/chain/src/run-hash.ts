// The run hash: what a stream's heartbeats sign, over every body in order of `seq`.
import { type Hash, sha256 } from './hash.ts';

/** Before the first body: 32 zero bytes. */
export const runHashStart: Hash = '\0'.repeat(32);

const scratch = Buffer.alloc(64);

/** `h = SHA-256(h ‖ SHA-256(body))`; `bodyHash` is `sha256(body)`. */
export function extendRun(run: Hash, bodyHash: Hash): Hash {
  scratch.write(run, 0, 'latin1');
  scratch.write(bodyHash, 32, 'latin1');
  return sha256(scratch);
}
