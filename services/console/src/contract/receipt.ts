// The receipt of an act: what was sealed about it, by whom, and what became of each part.
import { Count, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { Digits, Ns } from './scalars.ts';

/** Names the sealed event; its chain and position follow from it: `events?stream=…&seq=…`. */
export const SealedAs = z.strictObject({ stream: z.string(), seq: Digits });
export type SealedAs = z.infer<typeof SealedAs>;

/** One act, one sealed event, one receipt: `done + unchanged + unknown` = what was asked for. */
export const Receipt = z.strictObject({
  sealed: SealedAs,
  actor: text(128),
  act: text(64),
  atNs: Ns,
  done: z.array(z.string()),
  /** Stood so already. */
  unchanged: z.array(z.string()),
  /** No such thing here. */
  unknown: z.array(z.string()),
  count: Count,
});
export type Receipt = z.infer<typeof Receipt>;
