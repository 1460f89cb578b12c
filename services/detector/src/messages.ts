// What the detector's worker and its owner tell each other.
import { LogSource } from '@sandtrail/bus/log-source';
import { Sha256Hex } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { Origin } from './origin.ts';

/** What a worker starts with. `states` are what former workers saved, by partition. */
export const WorkerStart = z.strictObject({
  source: LogSource,
  partitions: z.array(z.int()),
  snapshotMs: z.int().min(1),
  states: z.array(
    z.strictObject({ partition: z.int(), nextOffset: z.bigint(), state: z.string() }),
  ),
});
export type WorkerStart = z.infer<typeof WorkerStart>;

/** What was done since the last such message. */
export const Judged = z.strictObject({
  records: z.int(),
  /** Records that were no frames of known events. */
  unreadable: z.int(),
  /** Records that had been judged before. */
  repeated: z.int(),
  /** Detections that were said already. */
  suppressed: z.int(),
  /** Things forgotten at a bound. */
  evicted: z.int(),
});
export type Judged = z.infer<typeof Judged>;

/** From the worker. `findings` wants an `ack`; at most a few are under way. */
export const FromWorker = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready'), bundle: Sha256Hex }),
  z.strictObject({
    type: z.literal('findings'),
    partition: z.int(),
    origin: Origin,
    frames: z.array(z.custom<Uint8Array>((value) => value instanceof Uint8Array)),
  }),
  z.strictObject({
    type: z.literal('snapshot'),
    partition: z.int(),
    nextOffset: z.bigint(),
    state: z.string(),
    bundle: Sha256Hex,
  }),
  z.strictObject({
    type: z.literal('judged'),
    partition: z.int(),
    counts: Judged,
    /** From the first page that is counted to the last, and how long the engine worked on them. */
    startNs: z.bigint(),
    endNs: z.bigint(),
    busyMs: z.number(),
  }),
  z.strictObject({ type: z.literal('state_refused'), partition: z.int(), detail: z.string() }),
  z.strictObject({ type: z.literal('stopped') }),
]);
export type FromWorker = z.infer<typeof FromWorker>;

/** To the worker. */
export const ToWorker = z.enum(['ack', 'stop']);
export type ToWorker = z.infer<typeof ToWorker>;
