// The bounds of the responder.
import * as z from 'zod';

/** Bounds with their defaults. */
export const ResponderLimits = z.strictObject({
  /** A signed request's life: an old kill must not hit a new incarnation. */
  requestMs: z.int().min(100).max(3_600_000).default(30_000),
  /** One attempt, from sending to the look after 10 s. */
  attemptMs: z.int().min(100).default(20_000),
  /** How long a person has to decide; then it is denied. */
  approvalMs: z.int().min(100).default(900_000),
  approvalsMax: z.int().min(1).default(256),
  /** Automatic acts in a window; more wait for a person. */
  automaticActsMax: z.int().min(0).default(10),
  automaticWindowMs: z.int().min(1).default(60_000),
  /** Older findings lead to a question at most, and much older ones to nothing. */
  freshMs: z.int().min(1).default(60_000),
  staleMs: z.int().min(1).default(3_600_000),
  /** Sandboxes whose standing is held. */
  standingsMax: z.int().min(1).default(10_000),
  /** Reports of former requests that `list` shows. */
  reportsMax: z.int().min(1).default(256),
});
export type ResponderLimits = z.infer<typeof ResponderLimits>;
