// The bytes of a spool segment: records one after the other, each with lengths and a checksum.
import { crc32 } from 'node:zlib';
import type { OutgoingRecord } from './shipper.ts';

const headBytes = 12;

/** Bytes that a record takes in a segment. */
export function spooledSizeBytes({ body, erasable }: OutgoingRecord): number {
  return headBytes + body.length + erasable.length;
}

/** Lays out `u32be body length ‖ u32be erasable length ‖ u32be CRC-32 ‖ body ‖ erasable`, repeated. */
export function encodeSegment(records: readonly OutgoingRecord[]): Buffer {
  const bytes = Buffer.allocUnsafe(records.reduce((sum, one) => sum + spooledSizeBytes(one), 0));
  let at = 0;
  for (const { body, erasable } of records) {
    at = bytes.writeUInt32BE(body.length, at);
    at = bytes.writeUInt32BE(erasable.length, at);
    at = bytes.writeUInt32BE(crc32(erasable, crc32(body)), at);
    bytes.set(body, at);
    bytes.set(erasable, at + body.length);
    at += body.length + erasable.length;
  }
  return bytes;
}

/** The whole records at a segment's beginning; what a kill tore off stands in `tornBytes`. */
export function decodeSegment(bytes: Buffer): {
  readonly records: readonly OutgoingRecord[];
  readonly tornBytes: number;
} {
  const records: OutgoingRecord[] = [];
  let at = 0;
  while (at + headBytes <= bytes.length) {
    const bodyEnd = at + headBytes + bytes.readUInt32BE(at);
    const end = bodyEnd + bytes.readUInt32BE(at + 4);
    if (end > bytes.length) break;
    const body = bytes.subarray(at + headBytes, bodyEnd);
    const erasable = bytes.subarray(bodyEnd, end);
    if (crc32(erasable, crc32(body)) !== bytes.readUInt32BE(at + 8)) break;
    records.push({ body, erasable });
    at = end;
  }
  return { records, tornBytes: bytes.length - at };
}
