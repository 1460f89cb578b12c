// Which partition of the events topic a sandbox lives in.
import { createHash } from 'node:crypto';

/** The first 8 bytes of SHA-256(sandbox uid), big-endian, modulo the number of partitions. */
export function partitionOf(uid: string, { partitions }: { readonly partitions: number }): number {
  const digest = createHash('sha256').update(uid).digest();
  return Number(digest.readBigUInt64BE(0) % BigInt(partitions));
}
