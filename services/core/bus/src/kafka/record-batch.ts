// Kafka's record batches (format v2) as the log stored them: checked by their CRC, read without a copy.
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { SandtrailError } from '@sandtrail/schemas/errors';
import crc32C from 'kafkajs/src/protocol/recordBatch/crc32C/index.js';
import type { LogRecord } from '../bus.ts';
import { unpackedSizeBytesMax } from './kafka-client.ts';

/** Records of one partition, and the offset after the last batch: batches may hold none. */
export interface ReadBatches {
  readonly records: readonly LogRecord[];
  readonly next: bigint;
}

// Where things stand in a batch, in bytes from its start (kafka.apache.org, "Record Batch").
const at = { length: 8, magic: 16, crc: 17, attributes: 21, lastDelta: 23, maxTime: 35, count: 57 };
const headBytes = 61;
const lengthEnd = 12;
const magicV2 = 2;
const codecMask = 0x07;
const controlFlag = 0x20;

/**
 * The records from `from` on of a fetched record set; a batch that is cut off at the end is left to
 * the next fetch. Times are those of the log (LogAppendTime stands in the batch's head).
 * @throws SandtrailError `BUS_DAMAGED` when a checksum or a length does not hold
 */
export function readBatches(set: Buffer, from: bigint): ReadBatches {
  const records: LogRecord[] = [];
  let next = from;
  for (let start = 0; start + headBytes <= set.length; ) {
    const end = start + lengthEnd + set.readInt32BE(start + at.length);
    if (end < start + headBytes) throw damaged(next, 'a batch has no length');
    if (end > set.length) break;
    const batch = set.subarray(start, end);
    start = end;
    const first = batch.readBigInt64BE(0);
    readBatch(batch, { first, from }, records);
    next = first + BigInt(batch.readInt32BE(at.lastDelta)) + 1n;
  }
  return { records, next: next > from ? next : from };
}

interface Origin {
  readonly first: bigint;
  readonly from: bigint;
}

function readBatch(batch: Buffer, { first, from }: Origin, out: LogRecord[]): void {
  if (batch.readInt8(at.magic) !== magicV2) throw damaged(first, 'a batch of another format');
  if (crc32C(batch.subarray(at.attributes)) !== batch.readUInt32BE(at.crc)) {
    throw damaged(first, 'a batch does not have its checksum');
  }
  const attributes = batch.readInt16BE(at.attributes);
  // Marks of transactions are no records; whoever writes them leaves a hole that the verifier names.
  if ((attributes & controlFlag) !== 0) return;
  const appendedAtMs = Number(batch.readBigInt64BE(at.maxTime));
  const bytes = unpacked(batch.subarray(headBytes), attributes & codecMask);
  const cursor = { bytes, at: 0 };
  for (let left = batch.readInt32BE(at.count); left > 0; left -= 1) {
    const size = varint(cursor);
    const end = cursor.at + size;
    if (size <= 0 || end > bytes.length) throw damaged(first, 'a record runs over its batch');
    cursor.at += 1;
    varint(cursor);
    const offset = first + BigInt(varint(cursor));
    const key = varint(cursor);
    if (key > 0) cursor.at += key;
    const length = Math.max(varint(cursor), 0);
    const value = bytes.subarray(cursor.at, cursor.at + length);
    if (cursor.at + length > end) throw damaged(offset, 'a value runs over its record');
    cursor.at = end;
    if (offset >= from) out.push({ offset, appendedAtMs, value });
  }
}

function unpacked(bytes: Buffer, codec: number): Buffer {
  const bounds = { maxOutputLength: unpackedSizeBytesMax };
  switch (codec) {
    case 0:
      return bytes;
    case 1:
      return gunzipSync(bytes, bounds);
    case 4:
      return zstdDecompressSync(bytes, bounds);
    default:
      throw new SandtrailError('BUS_DAMAGED', { detail: `codec ${codec} is not one of ours` });
  }
}

interface Cursor {
  readonly bytes: Buffer;
  at: number;
}

/**
 * A zig-zag number. Time deltas may be longer than what is exact in a double; they are skipped, and
 * the others are bounded by the batch's size.
 */
function varint(cursor: Cursor): number {
  let value = 0;
  let factor = 1;
  for (;;) {
    const byte = cursor.bytes[cursor.at] ?? 0;
    cursor.at += 1;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
    factor *= 128;
  }
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function damaged(offset: bigint, what: string): SandtrailError {
  return new SandtrailError('BUS_DAMAGED', { detail: `at offset ${offset}: ${what}` });
}
