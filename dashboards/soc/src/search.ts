// What addresses hold besides the path: what does not fit is left out, never an error.
import * as z from 'zod';

const word = z.string().max(256).optional().catch(undefined);
const digits = z
  .string()
  .regex(/^\d{1,19}$/)
  .optional()
  .catch(undefined);

const panel = {
  /** The row under the cursor, and whether its panel is open. */
  row: word,
  panel: z.literal('open').optional().catch(undefined),
};

/** A list of events: the filter and the panel. */
export const EventListSearch = z.object({
  ...panel,
  /** Text that the filter looks for. */
  q: word,
  /** Families that are left out, joined by commas. */
  without: word,
  findings: z.literal('only').optional().catch(undefined),
});
export type EventListSearch = z.infer<typeof EventListSearch>;

/** A sandbox's timeline: order, range and turned branches besides. */
export const TimelineSearch = EventListSearch.extend({
  order: z.literal('time').optional().catch(undefined),
  since: digits,
  until: digits,
  /** Branches turned against what they are by themselves, joined by commas. */
  turned: z.string().max(4096).optional().catch(undefined),
});
export type TimelineSearch = z.infer<typeof TimelineSearch>;

/** The queue of alerts. */
export const AlertSearch = z.object({
  states: word,
  severities: word,
  detector: word,
  group: z.enum(['detector', 'sandbox', 'template']).optional().catch(undefined),
  q: word,
});
export type AlertSearch = z.infer<typeof AlertSearch>;

/** The list of sandboxes. */
export const SandboxesSearch = z.object({ q: word, states: word });
export type SandboxesSearch = z.infer<typeof SandboxesSearch>;

/** A range of a chain. */
export const RangeSearch = z.object({ from: digits, to: digits });

/** Who did what. */
export const AuditSearch = z.object({
  actor: word,
  outcome: z.enum(['done', 'refused', 'failed']).optional().catch(undefined),
});
export type AuditSearch = z.infer<typeof AuditSearch>;
