// What one sandbox may hold and how long; each bound is counted where it is reached.
import * as z from 'zod';

/** Bounds of one sandbox's proxy. */
export const EgressLimits = z.strictObject({
  /** Open connections from the sandbox. */
  connectionsMax: z.int().min(1).default(512),
  /** Request line and headers, either way. */
  headSizeBytesMax: z.int().min(1024).default(16_384),
  /** Until a request's headers are complete. */
  headMs: z.int().min(1).default(10_000),
  /** Until a ClientHello is complete, once the tunnel stands. */
  helloMs: z.int().min(1).max(5000).default(5000),
  dialMs: z.int().min(1).default(10_000),
  /** Without a byte either way. */
  idleMs: z.int().min(1).default(300_000),
  /** A flow's whole life. */
  totalMs: z.int().min(1).default(86_400_000),
  /** How often idle and total times are looked at. */
  sweepMs: z.int().min(1).default(1000),
  /** How long a denied client gets to read its answer. */
  lingerMs: z.int().min(1).default(2000),
  /** Denials told one by one in a second; more are summarised with a count. */
  denialsPerSecondMax: z.int().min(1).default(200),
});
export type EgressLimits = z.infer<typeof EgressLimits>;
