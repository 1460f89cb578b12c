// One event by its place: its exact text, its seal, who saw it, and how it came about.
import { Count, Trust, text } from '@sandtrail/schemas/scalars';
import * as z from 'zod';
import { EventRow } from './event-row.ts';
import { Digits, Ns, SealPlace } from './scalars.ts';

/** How a record is sealed. Hashes are hexadecimal. */
export const Seal = z.strictObject({
  ...SealPlace.shape,
  partition: Count,
  offset: Digits,
  /** When the log took it. */
  appendedAtNs: Ns,
  leaf: z.string(),
  link: z.string(),
  /** The newest signed checkpoint that covers it; null while none does. */
  checkpoint: z.strictObject({ size: Digits, note: text(4096), signedIn: SealPlace }).nullable(),
});
export type Seal = z.infer<typeof Seal>;

/** One step of how an event came about, from the first cause to the event itself. */
export const OriginStep = z.strictObject({
  /** How this step led to the next. */
  why: z.enum(['prompted', 'called', 'claimed', 'forked', 'executed', 'did', 'showed', 'answered']),
  row: EventRow,
});

/** A piece of evidence: the row it names, or null when the row is not there. */
export const EvidenceRow = z.strictObject({
  stream: z.string(),
  seq: Digits,
  trust: Trust,
  row: EventRow.nullable(),
  /** True when the sealed bytes have the hash that the finding names. */
  matches: z.boolean(),
});

/** Everything known of one event. `body` and `header` are the sealed bytes as text. */
export const EventDetail = z.strictObject({
  row: EventRow,
  header: z.string(),
  body: z.string(),
  seal: Seal,
  collector: z.strictObject({
    name: text(32),
    node: text(64),
    epoch: Count,
    /** As its `collector.started` said; null when that is not there. */
    mode: text(128).nullable(),
    blindSpots: z.array(text(256)),
  }),
  /** First cause first, the event itself last. */
  origin: z.array(OriginStep).max(64),
  /** Set where more steps were there than are shown. */
  originOmitted: z.boolean(),
  evidence: z.array(EvidenceRow).max(16),
});
export type EventDetail = z.infer<typeof EventDetail>;
