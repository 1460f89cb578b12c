// Where a log is, for whoever opens it again: a reader in another thread, a command.
import * as z from 'zod';
import { KafkaSettings } from './kafka/kafka-settings.ts';

/** One of the drivers, and what it takes to reach its log. It can be handed to a worker. */
export const LogSource = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('embedded'),
    dir: z.string(),
    /** The writer's signals: a reader in its process wakes by them, without them it polls. */
    signalMemory: z.instanceof(SharedArrayBuffer).optional(),
  }),
  z.strictObject({ type: z.literal('kafka'), settings: KafkaSettings }),
]);
export type LogSource = z.infer<typeof LogSource>;
