// What the kit may hold, for how long, and how it sends: bounds with their units.
import * as z from 'zod';

const mebibyte = 1_048_576;

/** The kit's bounds and delays. */
export const KitConfig = z.strictObject({
  /** A heartbeat at the latest after this many records, and at the latest after this time. */
  heartbeatRecords: z.int().min(1).max(1000).default(1000),
  heartbeatMs: z.int().min(10).max(5000).default(4000),
  /** Records and bytes of one batch; a batch holds at least one record. */
  batchRecordsMax: z.int().min(1).max(1000).default(1000),
  batchSizeBytesMax: z.int().min(1024).default(mebibyte),
  /** How long the first record of a batch waits for others. */
  lingerMs: z.int().min(0).max(2).default(1),
  /** Longest that one batch may take before it is sent again. */
  shipTimeoutMs: z.int().min(100).default(30_000),
  retryBaseMs: z.int().min(1).default(50),
  retryMsMax: z.int().min(1).default(5000),
  /** Records in memory; half of it full, they go to disk. */
  memorySizeBytesMax: z
    .int()
    .min(4096)
    .default(16 * mebibyte),
  spoolSizeBytesMax: z
    .int()
    .min(4096)
    .default(256 * mebibyte),
  segmentSizeBytesMax: z
    .int()
    .min(1024)
    .default(4 * mebibyte),
  /** Part of the spool that is kept for heartbeats, gaps and the end of streams. */
  spoolReserveBytes: z.int().min(0).default(mebibyte),
  /** How long records wait in memory for a write to the spool, once it is in use. */
  spoolFlushMs: z.int().min(1).default(50),
  /** Observations that wait for the second engine, per stream; at the bound it is passed over. */
  scanQueueMax: z.int().min(1).default(512),
  scanQueueCharsMax: z
    .int()
    .min(1)
    .default(4 * mebibyte),
  streamsMax: z.int().min(1).default(65_536),
  closeMs: z.int().min(0).default(3000),
});
export type KitConfig = z.infer<typeof KitConfig>;
