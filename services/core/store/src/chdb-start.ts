// What the parent and chDB's process say to each other over their IPC channel.
import * as z from 'zod';

/** How chDB's process is started; the first message that it gets. */
export const ChdbStart = z.strictObject({
  /** The directory that holds chDB's own files. */
  path: z.string(),
  /** Engine configuration, an XML file. */
  configPath: z.string(),
  /** Unix socket of those who may do everything: it is made for the owner alone. */
  writeSocket: z.string(),
  /** Unix socket of those who only read; who reaches it is decided by its directory's mode. */
  readSocket: z.string(),
  requestsMax: z.int().min(1),
  /** ClickHouse settings of every statement, unless the statement says otherwise. */
  settings: z.record(z.string(), z.union([z.string(), z.number()])),
});
export type ChdbStart = z.infer<typeof ChdbStart>;

/** What the process answers: that it serves, or why it cannot, in the engine's words. */
export const ChdbState = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('ready') }),
  z.strictObject({ state: z.literal('failed'), message: z.string() }),
]);
export type ChdbState = z.infer<typeof ChdbState>;
