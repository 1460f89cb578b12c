// A leaf: the hash of one record's offset, header and body, as the log carried them.
import { hashPrefix } from '@sandtrail/schemas/seal';
import { type Hash, sha256 } from './hash.ts';
import type { SealedRow } from './row.ts';

const leafPrefix = hashPrefix.leaf;
const beforePart = 9;
const lengthBytes = 4;
let scratch = Buffer.alloc(65_536);

/**
 * `SHA-256(0x00 ‖ u64be offset ‖ sealedPart)`, where `sealedPart` is header and body with their
 * length prefixes, the bytes that `sealedPart()` of the frame returns (RFC 6962, 2.1).
 */
export function leafOf(offset: bigint, sealedPart: Uint8Array): Hash {
  const bytes = room(beforePart + sealedPart.length);
  writeOffset(bytes, offset);
  bytes.set(sealedPart, beforePart);
  return sha256(bytes.subarray(0, beforePart + sealedPart.length));
}

/** The same leaf, from a stored row. */
export function leafOfRow(row: SealedRow): Hash {
  const { header, body } = row;
  const size = beforePart + 2 * lengthBytes + header.length + body.length;
  const bytes = room(size);
  writeOffset(bytes, row.offset);
  bytes.writeUInt32BE(header.length, beforePart);
  bytes.set(header, beforePart + lengthBytes);
  const bodyAt = beforePart + lengthBytes + header.length;
  bytes.writeUInt32BE(body.length, bodyAt);
  bytes.set(body, bodyAt + lengthBytes);
  return sha256(bytes.subarray(0, size));
}

function writeOffset(bytes: Buffer, offset: bigint): void {
  // 0x00 stands before every entry (RFC 6962, 2.1).
  bytes[0] = leafPrefix;
  bytes.writeBigUInt64BE(offset, 1);
}

/** One buffer for all leaves: hashing ends before the next one begins. */
function room(sizeBytes: number): Buffer {
  if (sizeBytes <= scratch.length) return scratch;
  // A record is bounded at the rim, so this grows to little more than one mebibyte; what is larger
  // comes from a foreign store and gets a buffer that is not kept.
  const grown = Buffer.alloc(sizeBytes);
  if (sizeBytes <= keptSizeBytesMax) scratch = grown;
  return grown;
}

const keptSizeBytesMax = 2_097_152;
