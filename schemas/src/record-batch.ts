// What a sender posts to the gateway: a batch of records, and what the gateway answers.
import * as z from 'zod';
import { bodySizeBytesMax, Count, text } from './scalars.ts';

/** The content type of a batch. */
export const recordBatchType = 'application/vnd.sandtrail.records';

/** Largest batch that the gateway reads, in bytes. */
export const recordBatchSizeBytesMax = 8 * bodySizeBytesMax;

/** The gateway's answer, once everything that is not refused is durable in the log. */
export const RecordBatchAnswer = z.strictObject({
  accepted: Count,
  /** Records that the log has already: acknowledged without writing them again. */
  duplicates: Count,
  refused: z.array(z.strictObject({ index: Count, code: text(64), detail: text(512) })),
});
export type RecordBatchAnswer = z.infer<typeof RecordBatchAnswer>;

/** One record of a batch: exact body bytes, and the erasable part. */
export interface BatchedRecord {
  readonly body: Buffer;
  readonly erasable: Buffer;
}

const lengthBytes = 4;
/** Most erasable parts are empty: one view serves them all. */
const nothing = Buffer.alloc(0);

/** Bytes that a record takes in a batch. */
export function batchedSizeBytes({ body, erasable }: BatchedRecord): number {
  return 2 * lengthBytes + body.length + erasable.length;
}

/** Lays out `u32be n ‖ body ‖ u32be n ‖ erasable`, repeated. */
export function encodeRecordBatch(records: readonly BatchedRecord[]): Buffer {
  const size = records.reduce((sum, record) => sum + batchedSizeBytes(record), 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { body, erasable } of records) {
    for (const part of [body, erasable]) {
      at = bytes.writeUInt32BE(part.length, at);
      bytes.set(part, at);
      at += part.length;
    }
  }
  return bytes;
}

/** Reads a batch, or says in words why the bytes are not one. The parts are views, not copies. */
export function decodeRecordBatch(bytes: Buffer): readonly BatchedRecord[] | string {
  const records: BatchedRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const body = partAt(bytes, at);
    if (body === undefined) return `the body of record ${records.length} is cut at ${bytes.length}`;
    at += lengthBytes + body.length;
    const erasable = partAt(bytes, at);
    if (erasable === undefined) {
      return `the erasable part of record ${records.length} is cut at ${bytes.length}`;
    }
    at += lengthBytes + erasable.length;
    records.push({ body, erasable });
  }
  return records;
}

function partAt(bytes: Buffer, at: number): Buffer | undefined {
  if (at + lengthBytes > bytes.length) return undefined;
  const start = at + lengthBytes;
  const end = start + bytes.readUInt32BE(at);
  if (end === start) return nothing;
  return end > bytes.length ? undefined : bytes.subarray(start, end);
}
