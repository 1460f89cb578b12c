// What one sandbox may ask for and how fast; each bound is counted where it is reached.
import * as z from 'zod';

/** Bounds of one sandbox's resolver. */
export const ResolverLimits = z.strictObject({
  /** Queries in a second; more are dropped and counted. */
  queriesPerSecondMax: z.int().min(1).default(5000),
  /** Queries told one by one in a second; more are summarised by registered domain. */
  observationsPerSecondMax: z.int().min(1).default(500),
  /** Lookups under way. */
  lookupsMax: z.int().min(1).default(256),
  /** Longest label under a wildcard of the allowlist. */
  labelBytesMax: z.int().min(1).max(63).default(48),
  /** Distinct names under one registered domain, and their bytes, in `budgetMs`. */
  distinctNamesMax: z.int().min(1).default(256),
  nameBytesMax: z.int().min(1).default(8192),
  budgetMs: z.int().min(1).default(3_600_000),
  tcpConnectionsMax: z.int().min(1).default(32),
  tcpMessageBytesMax: z.int().min(12).default(1024),
  tcpIdleMs: z.int().min(1).default(5000),
});
export type ResolverLimits = z.infer<typeof ResolverLimits>;
