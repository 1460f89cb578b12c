// A batch: records that were committed together, as one row of a segment and one entry of the ring.
import { crc32 } from 'node:zlib';
import type { LogRecord, ReadOptions } from './bus.ts';

/** `bytes` is `u32be length ‖ value`, repeated `records` times. */
export interface Batch {
  readonly first: number;
  readonly records: number;
  readonly appendedAtMs: number;
  readonly crc: number;
  readonly bytes: Buffer;
}

const lengthBytes = 4;

interface BatchOrigin {
  readonly first: number;
  readonly appendedAtMs: number;
}

/** Lays the values out as one batch. */
export function encodeBatch(values: readonly Buffer[], origin: BatchOrigin): Batch {
  const size = values.reduce((sum, value) => sum + lengthBytes + value.length, 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const value of values) {
    at = bytes.writeUInt32BE(value.length, at);
    bytes.set(value, at);
    at += value.length;
  }
  const batch = { ...origin, records: values.length, bytes };
  return { ...batch, crc: checksum(batch) };
}

/** False when a bit of the batch or of its place has changed since it was written. */
export function isIntact(batch: Batch): boolean {
  return checksum(batch) === batch.crc;
}

/**
 * Appends the batch's records from `options.from` on to `out`, up to the options' bounds over all
 * of `out`; returns false when a bound was reached. The values are views into the batch.
 */
export function decodeBatch(batch: Batch, options: ReadOptions, out: ReadSoFar): boolean {
  const { bytes, appendedAtMs } = batch;
  let offset = batch.first;
  const from = Number(options.from);
  for (let at = 0; at < bytes.length; offset += 1) {
    const start = at + lengthBytes;
    const end = start + bytes.readUInt32BE(at);
    at = end;
    if (offset < from) continue;
    const sizeBytes = out.sizeBytes + end - start;
    const isOver = out.records.length >= options.recordsMax || sizeBytes > options.sizeBytesMax;
    if (out.records.length > 0 && isOver) return false;
    out.sizeBytes = sizeBytes;
    out.records.push({ offset: BigInt(offset), appendedAtMs, value: bytes.subarray(start, end) });
  }
  return true;
}

/** What a read has gathered. */
export interface ReadSoFar {
  readonly records: LogRecord[];
  sizeBytes: number;
}

function checksum({ first, records, appendedAtMs, bytes }: Omit<Batch, 'crc'>): number {
  return crc32(bytes, crc32(`${first}:${records}:${appendedAtMs}`));
}
