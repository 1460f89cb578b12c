// What the forwarder's worker and its owner tell each other.
import { StoreTarget } from '@sandtrail/store/store-target';
import * as z from 'zod';
import { Counts } from './cursor.ts';
import { Destinations } from './outputs.ts';

/** What a worker starts with. */
export const WorkerStart = z.strictObject({
  destinations: Destinations,
  dir: z.string(),
  /** Where the store answers readers. */
  store: StoreTarget,
  node: z.string(),
});
export type WorkerStart = z.infer<typeof WorkerStart>;

/** What a replay came to. */
export const Replayed = z.strictObject({ delivered: z.int(), left: z.int() });

/** To the worker. A call is answered once; `look` says that rows may have been stored. */
export const ToWorker = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('look') }),
  z.strictObject({ type: z.literal('stop') }),
  z.strictObject({ type: z.literal('status'), id: z.int() }),
  z.strictObject({ type: z.literal('replay'), id: z.int(), name: z.string() }),
  z.strictObject({ type: z.literal('test'), id: z.int(), name: z.string() }),
]);
export type ToWorker = z.infer<typeof ToWorker>;

/** From the worker. */
export const FromWorker = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('counted'), name: z.string(), counts: Counts }),
  z.strictObject({ type: z.literal('failed'), name: z.string(), code: z.string() }),
  z.strictObject({ type: z.literal('answer'), id: z.int(), value: z.unknown() }),
  z.strictObject({
    type: z.literal('fault'),
    id: z.int(),
    code: z.string(),
    detail: z.string(),
  }),
]);
export type FromWorker = z.infer<typeof FromWorker>;
